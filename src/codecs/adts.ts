import { BitWriter } from '../core/bits.ts';
import { unsupported } from '../core/errors.ts';
import { parseAudioSpecificConfig } from './aac.ts';
import { SAMPLING_RATES } from './aac-rates.ts';

/** Without the error check. */
export const ADTS_HEADER_BYTES = 7;
const SYNC = 0xfff;
/** `adts_buffer_fullness` of a variable rate. */
const VARIABLE = 0x7ff;
/** Objects that two bits name: Main, LC, SSR, LTP. */
const MAX_OBJECT = 4;

/**
 * A raw AAC frame with an ADTS header before it: ISO/IEC 14496-3, 1.A.2.2.
 * @param record AudioSpecificConfig
 * @throws MediaError `unsupported` for what ADTS cannot say: other objects, channels by a program config element, 960
 * samples, other rates, frames of 8 KiB; `corrupt` for a broken record
 */
export function toAdts(frame: Uint8Array, record: Uint8Array): Uint8Array {
  const { objectType, samplingRate, channelConfiguration, frameSize } = parseAudioSpecificConfig(record);
  const rate = SAMPLING_RATES.indexOf(samplingRate);
  const length = frame.length + ADTS_HEADER_BYTES;
  const isPlain = objectType >= 1 && objectType <= MAX_OBJECT && frameSize === 1024;
  if (!isPlain || rate < 0 || channelConfiguration < 1 || channelConfiguration > 7 || length >= 1 << 13)
    throw unsupported(`ADTS has no form for AAC object ${objectType} at ${samplingRate} Hz`);
  const bits = new BitWriter();
  bits.u(SYNC, 12).u(0b0001, 4); // MPEG-4, layer 0, no CRC
  bits
    .u(objectType - 1, 2)
    .u(rate, 4)
    .u(0, 1)
    .u(channelConfiguration, 3)
    .u(0, 4);
  bits.u(length, 13).u(VARIABLE, 11).u(0, 2);
  const adts = new Uint8Array(length);
  adts.set(bits.bytes());
  adts.set(frame, ADTS_HEADER_BYTES);
  return adts;
}

/** Header of a frame: ISO/IEC 14496-3, 1.A.2.2. */
export interface AdtsHeader {
  readonly objectType: number;
  readonly samplingRate: number;
  /** 0 where a program config element in the frame tells. */
  readonly channelConfiguration: number;
  /** Of the whole frame. */
  readonly frameBytes: number;
  /** With the error check. */
  readonly headerBytes: number;
  readonly hasCrc: boolean;
  /** raw_data_blocks of 1024 samples in the frame. */
  readonly blocks: number;
}

const CRC_BYTES = 2;
const RATE_CODE = 2;

/**
 * Null for what is no header, or not all of one: `ADTS_HEADER_BYTES` tell. Several blocks with an error check have
 * their places behind the header (adts_header_error_check).
 */
export function parseAdtsHeader(bytes: Uint8Array, at = 0): AdtsHeader | null {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g] = bytes.subarray(at, at + ADTS_HEADER_BYTES);
  const samplingRate = SAMPLING_RATES[(c >> RATE_CODE) & 15];
  if (a !== 0xff || (b & 0xf6) !== 0xf0 || g === undefined || !samplingRate) return null;
  const frameBytes = ((d & 3) << 11) | (e << 3) | (f >> 5);
  const hasCrc = (b & 1) === 0;
  const blocks = (g & 3) + 1;
  const headerBytes = ADTS_HEADER_BYTES + (hasCrc ? CRC_BYTES * blocks : 0);
  if (frameBytes < headerBytes) return null;
  return {
    objectType: (c >> 6) + 1,
    samplingRate,
    channelConfiguration: ((c & 1) << 2) | (d >> 6),
    frameBytes,
    headerBytes,
    hasCrc,
    blocks,
  };
}
