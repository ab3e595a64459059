import type { SeekPoint } from './contracts.ts';
import { LIMITS } from './limits.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, type Ticks } from './time.ts';

/** A picture where decoding can begin. */
export interface CutPoint extends SeekPoint {
  /** Nothing before it is needed by anything after it: IDR. False: an open GOP may have leading pictures. */
  readonly isClosed: boolean;
  /** Every player may begin here, leading pictures or not: IDR, and HEVC's CRA. False: H.264's recovery points. */
  readonly isSync: boolean;
}

/** Where a segment begins: the law that every rendition follows. */
export interface Cut {
  /** In `Timeline.timescale`. */
  readonly time: Ticks;
  readonly point: CutPoint;
}

/** The plan of a title, made once: segment n covers [cuts[n].time, cuts[n + 1].time), the last one up to `end`. */
export interface Timeline {
  readonly timescale: number;
  readonly cuts: readonly Cut[];
  readonly end: Ticks;
}

/** Least distance of a cut from the one before it, in seconds: a fast start, then steady. */
const TARGETS = [2, 2, 4, 6] as const;
/** A last piece shorter than this joins its predecessor. */
const MIN_LAST_PIECE = 0.5;

const targetOf = (index: number): number => (TARGETS[index] ?? TARGETS[3]) * NANOSECONDS_PER_SECOND;

/**
 * Greedily the first point at or after each target, measured from the cut before. The first point is always a cut.
 * @param points ascending in time
 * @param end of the title on the points' clock
 */
export function chooseCuts<P extends { readonly time: Nanoseconds }>(
  points: readonly P[],
  end: Nanoseconds,
): P[] {
  const cuts: P[] = [];
  for (const point of points) {
    const last = cuts.at(-1);
    if (last && point.time < last.time + targetOf(cuts.length - 1)) continue;
    if (last && point.time > end - MIN_LAST_PIECE * NANOSECONDS_PER_SECOND) break;
    cuts.push(point);
    if (cuts.length >= LIMITS.segments) break;
  }
  return cuts;
}

/** EXTINF values in microseconds: differences of rounded cumulative times, so that no error ever adds up. */
export function segmentDurations(boundaries: readonly number[], timescale: number): number[] {
  const at = boundaries.map((time) => Math.round((time / timescale) * 1_000_000));
  return at.slice(1).map((time, i) => time - (at[i] ?? 0));
}
