declare const unit: unique symbol;

/** An integer count in one track's timescale. Meaningless without it. */
export type Ticks = number & { readonly [unit]: 'ticks' };
/** Presentation seconds from the start of the media: for planning and playlists, never for boxes. */
export type Seconds = number & { readonly [unit]: 'seconds' };
/** An integer count of nanoseconds on the container's own clock, before the title's zero is subtracted. */
export type Nanoseconds = number & { readonly [unit]: 'nanoseconds' };

export const ticks = (value: number): Ticks => value as Ticks;
export const seconds = (value: number): Seconds => value as Seconds;
export const nanoseconds = (value: number): Nanoseconds => value as Nanoseconds;

export const NANOSECONDS_PER_SECOND = 1_000_000_000;

/**
 * `value` units of 1/from seconds, in units of 1/to seconds, rounded to nearest (halves up).
 * Exact for every safe integer: products beyond 2^53 are computed with BigInt.
 */
export function rescale(value: number, from: number, to: number): number {
  return divideFloor(value, to, from, Math.floor(from / 2));
}

/** As `rescale`, rounded towards positive infinity. */
export function rescaleUp(value: number, from: number, to: number): number {
  return divideFloor(value, to, from, from - 1);
}

/** floor((value · factor + bias) / divisor), exact. */
function divideFloor(value: number, factor: number, divisor: number, bias: number): number {
  const product = value * factor + bias;
  if (Math.abs(product) < Number.MAX_SAFE_INTEGER && Math.abs(value * factor) < Number.MAX_SAFE_INTEGER)
    return Math.floor(product / divisor) + correction(product, divisor);
  // Whole units of the divisor apart: most products that are too large are small then.
  const whole = Math.floor(value / divisor);
  const rest = (value - whole * divisor) * factor + bias;
  const wholes = whole * factor;
  if (rest >= 0 && rest < Number.MAX_SAFE_INTEGER && Math.abs(wholes) < Number.MAX_SAFE_INTEGER) {
    const sum = wholes + Math.floor(rest / divisor) + correction(rest, divisor);
    if (Number.isSafeInteger(sum)) return sum;
  }
  const n = BigInt(value) * BigInt(factor) + BigInt(bias);
  const d = BigInt(divisor);
  const q = n / d;
  return Number(n % d < 0n ? q - 1n : q);
}

/** Floating division of two safe integers can round up to the next integer: takes that back. */
function correction(product: number, divisor: number): number {
  return Math.floor(product / divisor) * divisor > product ? -1 : 0;
}

export const toSeconds = (value: Ticks, timescale: number): Seconds => seconds(value / timescale);

/** An exact frame rate: `num / den` pictures a second. */
export interface FrameRate {
  readonly num: number;
  readonly den: number;
}

/** Rates that exist in broadcast and film, the NTSC ones as exact fractions. */
const STANDARD_RATES: readonly FrameRate[] = [
  { num: 24000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30000, den: 1001 },
  { num: 30, den: 1 },
  { num: 48000, den: 1001 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60000, den: 1001 },
  { num: 60, den: 1 },
  { num: 100, den: 1 },
  { num: 120000, den: 1001 },
  { num: 120, den: 1 },
];

/**
 * The exact rate behind a frame duration that a container rounded to nanoseconds (or worse, to `precision` ns):
 * the nearest standard rate, else the nearest whole number of pictures a second, else null.
 */
export function exactRate(duration: Nanoseconds, precision: number): FrameRate | null {
  const fits = (r: FrameRate) => Math.abs((NANOSECONDS_PER_SECOND * r.den) / r.num - duration) <= precision;
  const best = STANDARD_RATES.filter(fits).sort((a, b) => distance(a, duration) - distance(b, duration))[0];
  if (best) return best;
  const whole = { num: Math.round(NANOSECONDS_PER_SECOND / duration), den: 1 };
  return whole.num > 0 && fits(whole) ? whole : null;
}

const distance = (r: FrameRate, duration: number) =>
  Math.abs((NANOSECONDS_PER_SECOND * r.den) / r.num - duration);

/** The standard rate within 0.2 % of `fps`, else `fps` itself rounded to 1/1000. */
export function nearestRate(fps: number): FrameRate {
  const near = STANDARD_RATES.map((r) => ({ r, off: Math.abs(r.num / r.den / fps - 1) }))
    .filter((x) => x.off <= 0.002)
    .sort((a, b) => a.off - b.off)[0];
  return near ? near.r : { num: Math.max(1, Math.round(fps * 1000)), den: 1000 };
}
