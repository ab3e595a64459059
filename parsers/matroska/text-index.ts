import type { Demuxer, TextForm, TextIndex, TrackStatistics } from '../../src/core/contracts.ts';
import { orNull } from '../../src/core/errors.ts';
import type { Track } from '../../src/core/media.ts';
import type { Nanoseconds } from '../../src/core/time.ts';
import type { CueContext } from './cues.ts';
import type { Master } from './ebml.ts';
import { readTexts } from './text-blocks.ts';
import type { TextPlace, TextPoint } from './text-point.ts';

export interface IndexedTexts {
  readonly cues: readonly Master[];
  /** Null where nobody knows what positions in cues count from. */
  readonly context: CueContext | null;
  readonly tracks: readonly Track[];
  readonly statistics: ReadonlyMap<number, TrackStatistics>;
  /** Of the film. */
  readonly duration: Nanoseconds | null;
  placeOf(trackId: number, form: TextForm): TextPlace;
}

/** The index of each track whose cues tell of every text where it lies and how long it is shown; null for others. */
export function textIndexes(texts: IndexedTexts): NonNullable<Demuxer['texts']> {
  const { cues, context, tracks, placeOf } = texts;
  const ids = new Set(tracks.flatMap((track) => (track.kind === 'subtitle' && track.text ? [track.id] : [])));
  // At once: the index itself need not be kept for it.
  const byTrack = context && ids.size > 0 ? orNull(() => textPoints(cues, context, ids)) : null;
  return (trackId, form = 'shown') => {
    const points = byTrack?.get(trackId) ?? null;
    return points && isWhole(points, trackId, texts) ? textIndex(points, placeOf(trackId, form)) : null;
  };
}

/** What is left of a film behind the last of its texts: its credits. */
const WITHOUT_TEXT = 0.1;

/** Where nothing counts the texts, cues of all of them go on to where the track ends, or nearly the film. */
function isWhole(
  points: readonly TextPoint[],
  trackId: number,
  { statistics, duration }: IndexedTexts,
): boolean {
  const told = statistics.get(trackId);
  if (told?.frames) return countOf(points) >= told.frames;
  const end = told?.duration ?? duration;
  return end !== null && points.some((point) => point.end >= end * (1 - WITHOUT_TEXT));
}

/** Cues that repeat another one are not counted. */
const countOf = (points: readonly TextPoint[]): number =>
  new Set(points.map(({ cluster, relative, time }) => `${cluster}/${relative}/${time}`)).size;

/**
 * Texts by track; null for a track of which some cue does not tell all.
 * @throws MediaError when some cue does not tell its track
 */
function textPoints(
  cues: readonly Master[],
  context: CueContext,
  ids: ReadonlySet<number>,
): ReadonlyMap<number, readonly TextPoint[] | null> {
  const byTrack = new Map<number, TextPoint[] | null>();
  for (const cue of cues.flatMap((one) => one.masters('CuePoint')))
    for (const entry of cue.masters('CueTrackPositions')) {
      const track = entry.uint('CueTrack') ?? 0;
      const list = byTrack.get(track);
      if (!ids.has(track) || list === null) continue;
      const point = orNull(() => readPoint(cue, entry, context));
      if (!point) byTrack.set(track, null);
      else if (list) list.push(point);
      else byTrack.set(track, [point]);
    }
  return byTrack;
}

/** Null where something is missing. @throws MediaError `corrupt` */
function readPoint(
  cue: Master,
  entry: Master,
  { timestampScale, base, segmentStart, end }: CueContext,
): TextPoint | null {
  const time = (cue.uint('CueTime') ?? Number.NaN) * timestampScale;
  const duration = (entry.uint('CueDuration') ?? Number.NaN) * timestampScale;
  const relative = entry.uint('CueRelativePosition') ?? Number.NaN;
  const cluster = (entry.uint('CueClusterPosition') ?? Number.NaN) + base;
  const isTold = Number.isSafeInteger(time + duration) && cluster >= segmentStart && cluster + relative < end;
  return isTold ? { time, end: time + duration, cluster, relative } : null;
}

const textIndex = (points: readonly TextPoint[], place: TextPlace): TextIndex => ({
  times: Float64Array.from(points, ({ time }) => time),
  ends: Float64Array.from(points, ({ end }) => end),
  read: (wanted, signal) =>
    readTexts(
      wanted.flatMap((i) => points[i] ?? []),
      { ...place, signal },
    ),
});
