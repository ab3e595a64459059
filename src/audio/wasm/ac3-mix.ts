import { BitReader } from '../../core/bits.ts';
import type { MixLevels } from '../pcm.ts';

const SQRT_HALF = Math.SQRT1_2;
/** -3 dB, -4.5 dB, -6 dB: ETSI TS 102 366, Tables 4.14 and 4.15; reserved codes by 4.4.2.4 and 4.4.2.5. */
const CENTER = [SQRT_HALF, 2 ** -0.75, 0.5, 2 ** -0.75] as const;
const SURROUND = [SQRT_HALF, 0.5, 0, 0.5] as const;
/** From +3 dB in steps of 1.5 dB to -6 dB, and none: Tables D.4 to D.7. */
const EXTENDED = [0, 1, 2, 3, 4, 5, 6].map((step) => 2 ** ((2 - step) / 4)).concat(0);
/** The first code that surrounds may have: louder ones are reserved and count as this. */
const LOUDEST_SURROUND = 3;
/** bsid of the alternate syntax of Annex D. */
const ALTERNATE_BSID = 6;
const FIRST_EAC3_BSID = 11;
const INDEPENDENT = 0;

const hasCenter = (acmod: number): boolean => acmod > 2 && (acmod & 1) !== 0;
const hasSurround = (acmod: number): boolean => (acmod & 4) !== 0;

/**
 * What a frame of AC-3 or E-AC-3 says about mixing it into two channels (Lo/Ro where it knows more than one way).
 * Undefined where it says nothing, or has no channel to be mixed.
 */
export function readMixLevels(frame: Uint8Array): MixLevels | undefined {
  const bits = new BitReader(frame);
  bits.skip(40);
  const bsid = bits.u(5);
  const mix = bsid < FIRST_EAC3_BSID ? readAc3(bits, bsid) : readEac3(new BitReader(frame));
  return bits.overrun ? undefined : mix;
}

/** Behind bsid: 4.3.2 and D.2.2. */
function readAc3(bits: BitReader, bsid: number): MixLevels | undefined {
  bits.skip(3);
  const acmod = bits.u(3);
  const center = hasCenter(acmod) ? CENTER[bits.u(2) as 0 | 1 | 2 | 3] : SQRT_HALF;
  const surround = hasSurround(acmod) ? SURROUND[bits.u(2) as 0 | 1 | 2 | 3] : SQRT_HALF;
  if (!hasCenter(acmod) && !hasSurround(acmod)) return undefined;
  return (bsid === ALTERNATE_BSID ? readAlternate(bits) : undefined) ?? { center, surround };
}

/** From lfeon to xbsi1. */
function readAlternate(bits: BitReader): MixLevels | undefined {
  bits.skip(1 + 5);
  if (bits.flag()) bits.skip(8);
  if (bits.flag()) bits.skip(8);
  if (bits.flag()) bits.skip(7);
  bits.skip(2);
  if (!bits.flag()) return undefined;
  bits.skip(2 + 3 + 3);
  return extended(bits.u(3), bits.u(3));
}

const extended = (center: number, surround: number): MixLevels => ({
  center: EXTENDED[center] ?? SQRT_HALF,
  surround: EXTENDED[Math.max(LOUDEST_SURROUND, surround)] ?? SQRT_HALF,
});

/** mixmdata: E.1.2.2. */
function readEac3(bits: BitReader): MixLevels | undefined {
  bits.skip(16);
  const type = bits.u(2);
  bits.skip(3 + 11 + 2 + 2);
  const acmod = bits.u(3);
  bits.skip(1 + 5 + 5);
  if (bits.flag()) bits.skip(8);
  if (type !== INDEPENDENT && type !== 2) return undefined;
  if (!bits.flag() || acmod <= 2) return undefined;
  bits.skip(2);
  if (hasCenter(acmod)) bits.skip(3);
  const center = hasCenter(acmod) ? bits.u(3) : 4;
  if (hasSurround(acmod)) bits.skip(3);
  const surround = hasSurround(acmod) ? bits.u(3) : 4;
  return bits.overrun ? undefined : extended(center, surround);
}
