import { BitWriter } from '../core/bits.ts';
import { unsupported } from '../core/errors.ts';
import { parseAudioSpecificConfig } from './aac.ts';
import { SAMPLING_RATES } from './aac-rates.ts';

const HEADER_BYTES = 7;
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
  const length = frame.length + HEADER_BYTES;
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
  adts.set(frame, HEADER_BYTES);
  return adts;
}
