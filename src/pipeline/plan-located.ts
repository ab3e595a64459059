import type { Demuxer, Source } from '../core/contracts.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds } from '../core/time.ts';
import type { Cut, CutPoint } from '../core/timeline.ts';
import type { TrackClock } from './clock.ts';
import { type CutLocator, createLocator } from './locate-cut.ts';
import type { Bisection } from './look.ts';
import { MIN_PIECE, plannedCuts, plannedTimes } from './plan-cuts.ts';
import { type KeptTracks, keptIds, type Survey } from './survey.ts';
import type { Bandwidth } from './title.ts';

interface Located {
  readonly locator: CutLocator;
  readonly cuts: readonly Cut[];
  /** Whole seconds. */
  readonly slack: number;
}

interface LocatedFacts {
  readonly source: Source;
  readonly demuxer: Demuxer;
  readonly survey: Survey;
  readonly kept: KeptTracks;
  readonly zero: Nanoseconds;
  readonly end: Nanoseconds;
  readonly window: Nanoseconds;
}

/** The plan of a title whose places are found when they are wanted; null for one that has an index. */
export function locatedCuts(facts: LocatedFacts, clock: TrackClock): Located | null {
  const { survey, kept, end } = facts;
  const { bisection } = survey;
  if (!bisection) return null;
  const first = firstPoint(facts);
  const { video } = kept;
  const times = plannedTimes({
    first: first.time,
    last: lastPicture(facts),
    end,
    spacing: bisection.spacing,
  });
  const plan = { ...facts, video, tracks: keptIds(kept), bisection, times, first };
  const locator = createLocator(plan);
  return {
    locator,
    cuts: plannedCuts({ plan, locator, clock, isClosed: !video || isIndependent(survey, bisection) }),
    slack: video ? Math.ceil(bisection.delay / NANOSECONDS_PER_SECOND) : 0,
  };
}

/** As far as anybody looked, a closed GOP begins in every planned stretch. */
const isIndependent = ({ points }: Survey, { isRegular }: Bisection): boolean =>
  isRegular && points.every((point) => point.isClosed);

/** The last place to begin at where one was seen near the end of the title, else the last picture seen, else the end. */
function lastPicture({ survey, kept, end }: LocatedFacts): Nanoseconds {
  const { bisection, points, tracks, hasEnd } = survey;
  const stamps = (kept.video && hasEnd && tracks.get(kept.video.id)?.stamps) || [];
  const last = Array.from(stamps).reduce<number>(
    (latest, time) => Math.max(latest, time),
    Number.NEGATIVE_INFINITY,
  );
  if (!bisection || last === Number.NEGATIVE_INFINITY) return end;
  const key = points.reduce(
    (latest, point) => (point.isSync || bisection.takesAny ? Math.max(latest, point.time) : latest),
    Number.NEGATIVE_INFINITY,
  );
  return nanoseconds(key > last - bisection.spacing ? Math.min(last, key + MIN_PIECE) : last);
}

function firstPoint({ survey, demuxer, zero, kept }: LocatedFacts): CutPoint {
  const [point] = survey.points;
  if (kept.video && point) return point;
  return { time: zero, position: demuxer.payload.start, blockPosition: null, isClosed: true, isSync: true };
}

/** What a segment may take above the mean of its part of the file: nobody has looked at the whole. */
const UNSEEN_PEAK = 1.5;

/** Bandwidths of which a few looks at the file tell the mean only. */
export function withUnseenPeaks(
  { kind }: Survey,
  bandwidths: ReadonlyMap<number, Bandwidth>,
): ReadonlyMap<number, Bandwidth> {
  if (kind !== 'bisected') return bandwidths;
  return new Map(
    [...bandwidths].map(([id, { peak, average }]) => [
      id,
      { average, peak: Math.max(peak, Math.ceil(average * UNSEEN_PEAK)) },
    ]),
  );
}
