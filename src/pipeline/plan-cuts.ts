import type { Demuxer, SeekPoint } from '../core/contracts.ts';
import { LIMITS } from '../core/limits.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds } from '../core/time.ts';
import { type Cut, type CutPoint, chooseCuts } from '../core/timeline.ts';
import type { TrackClock } from './clock.ts';
import type { LocatorPlan } from './find-cut.ts';
import type { CutLocator } from './locate-cut.ts';
import type { Survey } from './survey.ts';

/** Pictures where decoding can begin, as far apart as segments want them. */
export const videoCuts = (points: readonly CutPoint[], end: Nanoseconds, clock: TrackClock): Cut[] =>
  chooseCuts(points, end).map((point) => ({ time: clock.ticksAt(point.time), point }));

/** Distance of the places where audio alone may be cut. */
const AUDIO_STEP = 2 * NANOSECONDS_PER_SECOND;

export interface AudioCutFacts {
  readonly points: readonly SeekPoint[];
  readonly zero: Nanoseconds;
  readonly end: Nanoseconds;
  readonly clock: TrackClock;
}

/** Audio alone can be cut anywhere: at the targets themselves, each read from the last seek point before it. */
export function audioCuts({ points, zero, end, clock }: AudioCutFacts): Cut[] {
  const step = AUDIO_STEP;
  const grid = Array.from(
    { length: Math.min(LIMITS.segments * 3, Math.ceil((end - zero) / step)) },
    (_, i) => ({
      time: nanoseconds(zero + i * step),
    }),
  );
  let at = 0;
  return chooseCuts(grid, end).map(({ time }) => {
    while ((points[at + 1]?.time ?? Number.POSITIVE_INFINITY) <= time) at++;
    const point = points[at] ?? { position: 0 };
    return {
      time: clock.ticksAt(time),
      point: { time, position: point.position, blockPosition: null, isClosed: true, isSync: true },
    };
  });
}

/** Every known point where parsing can begin, ascending in position; the start of the payload among them. */
export function seekIndex(demuxer: Demuxer, survey: Survey): SeekPoint[] {
  const start: SeekPoint = {
    time: nanoseconds(Number.MIN_SAFE_INTEGER),
    position: demuxer.payload.start,
    blockPosition: null,
  };
  const indexed = demuxer.tracks.flatMap((track) => demuxer.seekPoints(track.id) ?? []);
  const all = [start, ...indexed, ...survey.points].sort(
    (a, b) => a.position - b.position || a.time - b.time,
  );
  return all.filter((point, i) => point.position !== all[i - 1]?.position);
}

/** Times at which segments of a title without an index are to begin, `spacing` apart; then its end. */
export function plannedTimes({ first, last, end, spacing }: PlannedSpan): Nanoseconds[] {
  const latest = Math.min(last, end) - MIN_PIECE;
  const count = Math.max(1, Math.min(LIMITS.segments, Math.floor((latest - first) / spacing) + 1));
  return [...Array.from({ length: count }, (_, n) => nanoseconds(first + n * spacing)), end];
}

/** A last piece shorter than this joins its predecessor. */
export const MIN_PIECE = 0.5 * NANOSECONDS_PER_SECOND;

interface PlannedSpan {
  /** The first picture to begin with, or the first packet. */
  readonly first: Nanoseconds;
  /** The last picture seen, or the last packet. */
  readonly last: Nanoseconds;
  readonly end: Nanoseconds;
  readonly spacing: Nanoseconds;
}

interface PlannedFacts {
  readonly plan: LocatorPlan;
  readonly locator: CutLocator;
  readonly clock: TrackClock;
  /** Every picture to begin at that was seen closes what came before. */
  readonly isClosed: boolean;
}

/** Cuts at planned times, at places that are estimates: what lies there is known when it is read. */
export const plannedCuts = ({ plan, locator, clock, isClosed }: PlannedFacts): Cut[] =>
  plan.times.slice(0, -1).map((time, n) => {
    const point = {
      time,
      position: locator.estimate(time),
      blockPosition: null,
      isClosed,
      isSync: true,
    };
    return { time: clock.ticksAt(time), point: n === 0 ? { ...plan.first, time } : point };
  });
