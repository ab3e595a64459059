import type { DenseBits } from './dense-bits.ts';

/** What sets the adaptive Golomb coder of one channel. */
export interface GolombSetup {
  /** The cookie's mb: the mean to begin with. */
  readonly initialHistory: number;
  /** The cookie's pb times the channel's own factor: how fast the mean moves, in 1/512. */
  readonly multiplier: number;
  /** The cookie's kb: bits of the longest remainder. */
  readonly riceLimit: number;
  /** Of a value that stands as it is. */
  readonly bits: number;
}

/** Fractional bits of the mean. */
const HISTORY_SHIFT = 9;
const MAX_HISTORY = 0xffff;
/** Below this mean a run of zeros follows. */
const RUN_HISTORY = 128;
/** As many ones, and the value follows as it is. */
const ESCAPE_ONES = 9;
const RUN_BITS = 16;
/** A run of as many may go on in a further one. */
const LONGEST_RUN = 0xffff;

/**
 * Residuals of one channel, all of `residuals`. False where the bits end early or a run does not fit. Apple Lossless
 * Format, adaptive Golomb code.
 */
export function readResiduals(source: DenseBits, residuals: Int32Array, setup: GolombSetup): boolean {
  const { multiplier, riceLimit, bits } = setup;
  let history = setup.initialHistory;
  /** 1 behind a run of zeros: the next value is none. */
  let offset = 0;
  for (let at = 0; at < residuals.length; ) {
    const k = Math.min(31 - Math.clz32((history >>> HISTORY_SHIFT) + 3), riceLimit);
    const coded = readGolomb(source, k, bits);
    const folded = (coded + offset) | 0;
    residuals[at++] = (folded >>> 1) ^ -(folded & 1);
    history = moved(history, folded, multiplier);
    if (coded > MAX_HISTORY) history = MAX_HISTORY;
    offset = 0;
    if (source.overrun) return false;
    if (history >= RUN_HISTORY || at === residuals.length) continue;
    const run = readGolomb(source, runBits(history), RUN_BITS, riceLimit);
    if (run > residuals.length - at) return false;
    at += run;
    offset = run >= LONGEST_RUN ? 0 : 1;
    history = 0;
  }
  return !source.overrun;
}

/** In 32 bits, as all decoders do. */
const moved = (history: number, folded: number, multiplier: number): number =>
  (Math.imul(multiplier, folded) + history - (Math.imul(multiplier, history) >>> HISTORY_SHIFT)) >>> 0;

const runBits = (history: number): number => Math.clz32(history) - 24 + ((history + 16) >> 6);

/**
 * Ones count multiples of 2^k - 1; the remainder has k bits, or k-1 zeros for 0.
 * @param escapeBits of a value that has no code
 * @param maskBits what the multiple's own bits are limited to
 */
function readGolomb(source: DenseBits, k: number, escapeBits: number, maskBits = k): number {
  const ones = source.ones(ESCAPE_ONES);
  if (ones === ESCAPE_ONES) return source.u(escapeBits);
  const multiple = (1 << Math.min(k, maskBits)) - 1;
  if (k === 1) return ones * multiple;
  const remainder = source.peek() >>> (32 - k);
  source.skip(remainder < 2 ? k - 1 : k);
  return ones * multiple + Math.max(0, remainder - 1);
}
