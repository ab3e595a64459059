import { BitReader, BitWriter } from '../core/bits.ts';
import { corrupt } from '../core/errors.ts';

/** syncinfo and the beginning of bsi: ETSI TS 102 366, 4.3.1 and 4.3.2. */
export interface Ac3Frame {
  readonly sampleRate: number;
  /** With the LFE channel. */
  readonly channels: number;
  readonly fscod: number;
  readonly frmsizecod: number;
  readonly bsid: number;
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfeon: boolean;
  readonly frameBytes: number;
  /** Six blocks of 256. */
  readonly samples: number;
}

/** syncword of AC-3 and E-AC-3. */
export const AC3_SYNC = 0x0b77;
const RATES = [48_000, 44_100, 32_000] as const;
/** Full-bandwidth channels by acmod: Table 4.3. */
export const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5] as const;
/** kbit/s by frmsizecod / 2: Table 4.13. */
const BITRATES = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
/** The last bit stream identification of AC-3; 9 and 10 halve and quarter the rate. */
const MAX_BSID = 10;
const SAMPLES = 1536;

/** @throws MediaError `corrupt` for what is no AC-3 frame */
export function parseAc3Frame(frame: Uint8Array): Ac3Frame {
  const bits = new BitReader(frame);
  const sync = bits.u(16);
  bits.skip(16);
  const [fscod, frmsizecod, bsid, bsmod, acmod] = [bits.u(2), bits.u(6), bits.u(5), bits.u(3), bits.u(3)];
  if ((acmod & 1) !== 0 && acmod !== 1) bits.skip(2);
  if ((acmod & 4) !== 0) bits.skip(2);
  if (acmod === 2) bits.skip(2);
  const lfeon = bits.flag();
  const rate = RATES[fscod as 0 | 1 | 2];
  const frameBytes = ac3FrameBytes(fscod, frmsizecod);
  if (bits.overrun || sync !== AC3_SYNC || !rate || !frameBytes || bsid > MAX_BSID)
    throw corrupt('No AC-3 frame');
  return {
    sampleRate: rate >> Math.max(0, bsid - 8),
    channels: (AC3_CHANNELS[acmod] ?? 0) + (lfeon ? 1 : 0),
    fscod,
    frmsizecod,
    bsid,
    bsmod,
    acmod,
    lfeon,
    frameBytes,
    samples: SAMPLES,
  };
}

/**
 * Bytes of a frame: 16-bit words of 1536 samples at the rate, and at 44.1 kHz one word more for odd codes; null for
 * codes that Table 4.13 does not have. Frames of half and quarter rates (bsid 9, 10) are those of the whole one.
 */
export function ac3FrameBytes(fscod: number, frmsizecod: number): number | null {
  const rate = RATES[fscod as 0 | 1 | 2];
  const kilobits = BITRATES[frmsizecod >> 1];
  if (!rate || !kilobits) return null;
  const words = Math.floor((kilobits * 1000 * SAMPLES) / rate / 16);
  return 2 * (words + (fscod === 1 ? frmsizecod & 1 : 0));
}

/** Content of the `dac3` box from a frame: F.4. @throws MediaError `corrupt` */
export function dac3Record(frame: Uint8Array): Uint8Array {
  const { fscod, bsid, bsmod, acmod, lfeon, frmsizecod } = parseAc3Frame(frame);
  return new BitWriter()
    .u(fscod, 2)
    .u(bsid, 5)
    .u(bsmod, 3)
    .u(acmod, 3)
    .flag(lfeon)
    .u(frmsizecod >> 1, 5)
    .u(0, 5)
    .bytes();
}

/** Content of a `dac3` box: F.4. */
export interface Ac3Record {
  readonly fscod: number;
  readonly bsid: number;
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfeon: boolean;
  /** frmsizecod / 2. */
  readonly bitRateCode: number;
}

/** @throws MediaError `corrupt` for a record of no AC-3 stream */
export function parseDac3(record: Uint8Array): Ac3Record {
  const bits = new BitReader(record);
  const [fscod, bsid, bsmod, acmod, lfeon] = [bits.u(2), bits.u(5), bits.u(3), bits.u(3), bits.flag()];
  const bitRateCode = bits.u(5);
  if (bits.overrun || bsid > MAX_BSID || ac3FrameBytes(fscod, bitRateCode * 2) === null)
    throw corrupt(`dac3 of ${record.length} bytes is that of no AC-3 stream`);
  return { fscod, bsid, bsmod, acmod, lfeon, bitRateCode };
}
