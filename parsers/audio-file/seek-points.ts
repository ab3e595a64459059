import type { SeekPoint } from '../../src/core/contracts.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds } from '../../src/core/time.ts';

/** Seconds from one seek point to the next: of sound that is cut every two seconds hardly anything is read twice. */
export const POINT_DISTANCE = 1;
/** Points of a title that may be days long: each takes a hundred bytes. */
const MAX_POINTS = 20_000;

export const seekPoint = (time: Nanoseconds, position: number): SeekPoint => ({
  time,
  position,
  blockPosition: null,
});

/** Pieces of equal length from one seek point to the next. */
export const piecesPerPoint = (pieces: number, piecesPerSecond: number): number =>
  Math.max(1, Math.ceil(piecesPerSecond * POINT_DISTANCE), Math.ceil(pieces / MAX_POINTS));

/** Seconds over which bit rates are told: what lists of segments call a peak lasts half of one or more. */
const PEAK_SPAN = 3;

/** The highest bit rate of any few seconds, in bits a second; null where there are fewer. @param points ascending */
export function peakBitrate(points: readonly SeekPoint[]): number | null {
  let peak: number | null = null;
  let first = 0;
  for (const [i, { time, position }] of points.entries()) {
    const isFar = (at: number) =>
      time - (points[at]?.time ?? time) >= PEAK_SPAN * NANOSECONDS_PER_SECOND && at < i;
    while (isFar(first + 1)) first++;
    const from = points[first];
    if (!from || !isFar(first)) continue;
    const bits = (position - from.position) * 8;
    peak = Math.max(peak ?? 0, (bits * NANOSECONDS_PER_SECOND) / (time - from.time));
  }
  return peak === null ? null : Math.ceil(peak);
}
