import type { Demuxer, SeekPoint } from '../core/contracts.ts';
import { LIMITS } from '../core/limits.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds } from '../core/time.ts';
import { type Cut, type CutPoint, chooseCuts } from '../core/timeline.ts';
import type { TrackClock } from './clock.ts';
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
      point: { time, position: point.position, blockPosition: null, isClosed: true },
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
