import {
  type FrameRate,
  NANOSECONDS_PER_SECOND,
  type Nanoseconds,
  rescale,
  type Ticks,
  ticks,
} from '../core/time.ts';
import { type RoundingFacts, SLACK, stampRounding } from './stamp-rounding.ts';

/** One track's time line: container stamps in, ticks of its output timescale out, zero = start of the title. */
export interface TrackClock {
  readonly timescale: number;
  ticksAt(time: Nanoseconds): Ticks;
}

/** Stamps this near to a constant rate are meant to be on it. */
const SNAP = 1_000_000;
/** Timescale of video without a constant rate. */
const FREE_TIMESCALE = 90_000;
/** Stamps off the grid must not be rounded visibly: at least this many ticks a second. */
const MIN_TIMESCALE = 10_000;
const MAX_TIMESCALE = 1_000_000;

export interface VideoClockFacts {
  /** The title's zero on the container's clock. */
  readonly zero: Nanoseconds;
  /** First picture's stamp: the grid's origin. */
  readonly first: Nanoseconds;
  readonly rate: FrameRate | null;
}

/** Timescale and picture duration in it for a constant rate; null when no sensible timescale holds it. */
function gridOf(rate: FrameRate): { timescale: number; step: number } | null {
  const factor = Math.ceil(MIN_TIMESCALE / rate.num);
  const timescale = rate.num * factor;
  return timescale > MAX_TIMESCALE ? null : { timescale, step: rate.den * factor };
}

/** With a constant rate each stamp by itself is snapped to first + k·D if within 1 ms; without one, 90 kHz. */
export function videoClock({ zero, first, rate }: VideoClockFacts): TrackClock {
  const grid = rate && gridOf(rate);
  const timescale = grid?.timescale ?? FREE_TIMESCALE;
  const plain = (time: number) => rescale(time - zero, NANOSECONDS_PER_SECOND, timescale);
  if (!grid) return { timescale, ticksAt: (time) => ticks(plain(time)) };
  const origin = plain(first);
  const tolerance = rescale(SNAP + SLACK, NANOSECONDS_PER_SECOND, timescale);
  const ticksAt = (time: Nanoseconds): Ticks => {
    const stamp = plain(time);
    const onGrid = origin + Math.round((stamp - origin) / grid.step) * grid.step;
    return ticks(Math.abs(onGrid - stamp) <= tolerance ? onGrid : stamp);
  };
  return { timescale, ticksAt };
}

/** True when at least nine of ten stamps, in any order, lie on the grid of `rate` from the earliest: a declared rate that does not fit is dropped. */
export function fitsRate(times: ArrayLike<Nanoseconds>, rate: FrameRate): boolean {
  let first = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times.length; i++) first = Math.min(first, times[i] ?? first);
  const step = (NANOSECONDS_PER_SECOND * rate.den) / rate.num;
  let fitting = 0;
  for (let i = 0; i < times.length; i++) {
    const off = ((times[i] ?? 0) - first) / step;
    if (Math.abs(off - Math.round(off)) * step <= SNAP + SLACK) fitting++;
  }
  return fitting >= 0.9 * times.length;
}

export interface AudioClock extends TrackClock {
  /** First sample of the grid's first frame at or after the title's zero; 0 ≤ origin < frameSize. */
  readonly gridOrigin: number;
  /** Samples of a usual frame, and of one of silence. */
  readonly frameSize: number;
  /** What the track's stamps were rounded to. */
  readonly precision: Nanoseconds;
}

export interface AudioClockFacts extends RoundingFacts {
  readonly zero: Nanoseconds;
}

/**
 * Samples as ticks. A stamp within its rounding of the grid of steps is on it; others stand, rounded.
 * The grid lies in the middle of what the seen stamps allow.
 */
export function audioClock(facts: AudioClockFacts): AudioClock {
  const { zero, sampleRate, frameSize, step } = facts;
  const precision = stampRounding(facts);
  const exact = (time: number) => ((time - zero) / NANOSECONDS_PER_SECOND) * sampleRate;
  const tolerance = ((precision + SLACK) / NANOSECONDS_PER_SECOND) * sampleRate;
  const stamps = facts.seen.map(exact);
  // Of steps shorter than the rounding stamps say nothing: there the first one is as good as any.
  const isNarrow = step > tolerance && step <= 2 * tolerance;
  const origin = isNarrow ? narrowPhase(stamps, step, tolerance / 2) : gridPhase(stamps, step, tolerance);
  const ticksAt = (time: Nanoseconds): Ticks => {
    const stamp = exact(time);
    const onGrid = origin + Math.round((stamp - origin) / step) * step;
    if (Math.abs(onGrid - stamp) <= tolerance) return ticks(onGrid);
    return ticks(rescale(time - zero, NANOSECONDS_PER_SECOND, sampleRate));
  };
  return {
    timescale: sampleRate,
    gridOrigin: ((origin % frameSize) + frameSize) % frameSize,
    frameSize,
    precision,
    ticksAt,
  };
}

/** Stamps that are enough to tell where a grid lies: each may be compared with every place in a step. */
const ENOUGH = 1000;

/**
 * Where a grid lies whose steps are hardly longer than the rounding of the stamps, so that none of them alone can be
 * trusted: where they are nearest to it, those left aside that no rounding explains.
 */
function narrowPhase(seen: readonly number[], step: number, rounding: number): number {
  const stamps = seen.slice(0, ENOUGH);
  let best = { phase: 0, cost: Number.POSITIVE_INFINITY };
  for (let phase = 0; phase < step; phase++) {
    let cost = 0;
    for (const stamp of stamps) {
      const off = stamp - phase - Math.round((stamp - phase) / step) * step;
      cost += Math.min(off * off, rounding * rounding);
    }
    if (cost < best.cost) best = { phase, cost };
  }
  return best.phase;
}

/** Where the grid lies: the first stamp, moved into the middle of the stamps that agree with it. */
function gridPhase(stamps: readonly number[], step: number, tolerance: number): number {
  const first = stamps[0];
  if (first === undefined) return 0;
  let low = 0;
  let high = 0;
  for (const stamp of stamps) {
    const steps = Math.round((stamp - first) / step);
    const residue = stamp - first - steps * step;
    if (Math.max(high, residue) - Math.min(low, residue) > tolerance) continue;
    low = Math.min(low, residue);
    high = Math.max(high, residue);
  }
  const phase = Math.round(first + (low + high) / 2);
  const earliest = stamps.reduce((least, stamp) => Math.min(least, stamp), first);
  const firstFrame = phase + Math.round((earliest - phase) / step) * step;
  return earliest >= 0 && firstFrame < 0 ? phase - firstFrame : phase;
}
