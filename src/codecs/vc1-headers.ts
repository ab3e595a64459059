import { BitReader, removeEmulationPrevention } from '../core/bits.ts';
import { concat } from '../core/bytes.ts';
import type { Colour, PixelAspect } from '../core/media.ts';
import type { FrameRate } from '../core/time.ts';
import { SAMPLE_ASPECTS } from './sample-aspects.ts';
import { startCodes } from './start-codes.ts';

/** Start codes of the advanced profile: SMPTE 421M, Annex E. */
export const VC1 = {
  end: 0x0a,
  slice: 0x0b,
  field: 0x0c,
  frame: 0x0d,
  entryPoint: 0x0e,
  sequence: 0x0f,
} as const;

/** Sequence header of the advanced profile: 6.1. */
export interface Vc1Sequence {
  readonly width: number;
  readonly height: number;
  readonly pixelAspect: PixelAspect | null;
  readonly colour: Colour | null;
  readonly frameRate: FrameRate | null;
  readonly isInterlaced: boolean;
  /** Sequence header and entry point header as the stream has them. */
  readonly header: Uint8Array;
}

/** Null where there is no sequence header of the advanced profile that makes sense. */
export function parseVc1Sequence(data: Uint8Array): Vc1Sequence | null {
  const codes = [...headers(data)];
  const sequence = codes.find(({ code }) => code === VC1.sequence);
  const entry = codes.find(({ code }) => code === VC1.entryPoint);
  const fields = sequence && readSequence(removeEmulationPrevention(sequence.bytes.subarray(4)));
  if (!sequence || !fields) return null;
  return { ...fields, header: concat([sequence.bytes, ...(entry ? [entry.bytes] : [])]) };
}

/** What stands in front of the first picture, with start codes. */
function* headers(data: Uint8Array): Generator<{ readonly code: number; readonly bytes: Uint8Array }> {
  let open: { readonly code: number; readonly start: number } | null = null;
  for (const { code, start } of startCodes(data)) {
    if (open) yield { code: open.code, bytes: data.subarray(open.start, start) };
    open = { code, start };
    if (code === VC1.frame) return;
  }
  if (open) yield { code: open.code, bytes: data.subarray(open.start) };
}

const ADVANCED = 3;

function readSequence(content: Uint8Array): Omit<Vc1Sequence, 'header'> | null {
  const bits = new BitReader(content);
  if (bits.u(2) !== ADVANCED) return null;
  bits.skip(3 + 2 + 3 + 5 + 1);
  const [width, height] = [(bits.u(12) + 1) * 2, (bits.u(12) + 1) * 2];
  bits.skip(1);
  const isInterlaced = bits.flag();
  bits.skip(4);
  if (bits.overrun) return null;
  return { width, height, isInterlaced, ...readDisplay(bits) };
}

type Display = Pick<Vc1Sequence, 'pixelAspect' | 'frameRate' | 'colour'>;
const UNTOLD: Display = { pixelAspect: null, frameRate: null, colour: null };
const SIZE_BITS = 14;

function readDisplay(bits: BitReader): Display {
  if (!bits.flag()) return UNTOLD;
  bits.skip(2 * SIZE_BITS);
  const pixelAspect = bits.flag() ? readAspect(bits) : null;
  const frameRate = bits.flag() ? readRate(bits) : null;
  const colour = bits.flag()
    ? { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8), fullRange: false }
    : null;
  return bits.overrun ? UNTOLD : { pixelAspect, frameRate, colour };
}

/** ASPECT_RATIO (Table 7) has the first rows of H.264's table. */
const LAST_ASPECT = 13;
const OWN_ASPECT = 15;

function readAspect(bits: BitReader): PixelAspect | null {
  const index = bits.u(4);
  const [h, v] =
    index === OWN_ASPECT ? [bits.u(8), bits.u(8)] : (index <= LAST_ASPECT && SAMPLE_ASPECTS[index]) || [0, 0];
  return h > 0 && v > 0 ? { h, v } : null;
}

/** FRAMERATENR and FRAMERATEDR: Tables 8 and 9. */
const NUMERATORS = [24, 25, 30, 50, 60, 48, 72];
const DENOMINATORS = [1000, 1001];

function readRate(bits: BitReader): FrameRate | null {
  if (bits.flag()) return { num: bits.u(16) + 1, den: 32 };
  const [num, den] = [NUMERATORS[bits.u(8) - 1], DENOMINATORS[bits.u(4) - 1]];
  if (num === undefined || den === undefined) return null;
  return den === 1000 ? { num, den: 1 } : { num: num * 1000, den };
}

/** What a picture says of its place in the order of display. */
export interface Vc1Picture {
  readonly isB: boolean;
}

/** FPTYPE of a pair of fields from which on both are B or BI: 9.1.1. */
const FIELD_B = 4;
/** FCM: 7.1.1.15. */
const FIELDS = 3;

/**
 * From the header of a frame: 7.1.1. Null where it is cut.
 * @param content behind the start code
 */
export function parseVc1Picture(content: Uint8Array, isInterlaced: boolean): Vc1Picture | null {
  const bits = new BitReader(content.subarray(0, 4));
  const mode = isInterlaced && bits.flag() ? 2 + bits.u(1) : 0;
  if (mode === FIELDS) {
    const types = bits.u(3);
    return bits.overrun ? null : { isB: types >= FIELD_B };
  }
  const ones = countOnes(bits);
  return bits.overrun ? null : { isB: ones === PTYPE.b || ones === PTYPE.bi };
}

/** Ones in front of the zero that ends PTYPE; four have none: Table 34. */
const PTYPE = { p: 0, b: 1, i: 2, bi: 3, skipped: 4 } as const;

function countOnes(bits: BitReader): number {
  let ones = 0;
  while (ones < PTYPE.skipped && bits.flag()) ones++;
  return ones;
}
