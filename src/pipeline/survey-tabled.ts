import type { TrackTable } from '../core/contracts.ts';
import { corrupt } from '../core/errors.ts';
import type { AudioTrack, Track } from '../core/media.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds } from '../core/time.ts';
import { type CutPoint, chooseCuts } from '../core/timeline.ts';
import { type Sampling, type Survey, type TrackSurvey, usablePoints } from './survey.ts';
import { headEnd, surveyHead } from './survey-sampled.ts';
import { probeCuts, spread, verifyCuts } from './verify-cuts.ts';

/** Tables of all kept tracks, by track id. */
type Tables = ReadonlyMap<number, TrackTable>;

/** The tables of the kept tracks; null where the container does not have one of each. */
export function tablesOf({ demuxer, kept }: Sampling): Tables | null {
  const tracks = [...(kept.video ? [kept.video] : []), ...kept.audio];
  const found = tracks.flatMap(({ id }): [number, TrackTable][] => {
    const table = demuxer.table?.(id);
    return table ? [[id, table]] : [];
  });
  return found.length > 0 && found.length === tracks.length ? new Map(found) : null;
}

/**
 * Facts from tables that tell every packet; what only payloads tell from the head of the file and at most eight cuts,
 * all in one round trip.
 * @throws MediaError `corrupt` where no picture is where the tables say
 */
export async function surveyTabled(sampling: Sampling, tables: Tables): Promise<Survey> {
  const { kept } = sampling;
  const video = kept.video && (tables.get(kept.video.id) ?? null);
  const tracks = new Map<number, TrackSurvey>();
  for (const track of [...(kept.video ? [kept.video] : []), ...kept.audio]) {
    const table = tables.get(track.id);
    if (table && table.count > 0) tracks.set(track.id, surveyOf(track, table));
  }
  const end = nanoseconds(Math.max(1, ...[...tracks.values()].map((track) => track.end ?? 0)));
  const told = video ? keyPoints(video) : [];
  const [head, probed] = await Promise.all([
    surveyHead(sampling),
    kept.video ? probeCuts(sampling, kept.video, spread(chooseCuts(told, end))) : [],
  ]);
  const isThere =
    video && kept.video ? unlessLost(video, head.result().get(kept.video.id), sampling) : () => true;
  const candidates = told.filter(isThere);
  const probes = probed.filter(({ entry }) => isThere(entry));
  if (probed.length > 0 && probes.every(({ kind }) => kind === 'missing'))
    throw corrupt('No picture can be read where the tables say that there are some', told[0]?.position);
  const verdict = kept.video
    ? await verifyCuts({ ...sampling, candidates, probes, video: kept.video })
    : { points: candidates, remarks: [] };
  for (const [id, { standIn }] of head.result()) {
    const track = tracks.get(id);
    if (track && standIn) tracks.set(id, { ...track, standIn });
  }
  return {
    kind: 'whole',
    tracks,
    points: usablePoints(verdict.points),
    videoConfig: head.videoConfig,
    reorder: video ? reorderOf(video) : 0,
    skew: nanoseconds(video ? Math.max(0, ...kept.audio.map(({ id }) => skewOf(video, tables.get(id)))) : 0),
    hasEnd: true,
    skipped: head.skipped,
    remarks: verdict.remarks,
  };
}

/** False for pictures that lie in what is looked at anyway, and could not be read there. */
function unlessLost(
  { positions, sizes, times, count }: TrackTable,
  seen: TrackSurvey | undefined,
  { demuxer }: Sampling,
): (point: CutPoint) => boolean {
  const stamps = new Set(Array.from(seen?.stamps ?? []));
  const end = headEnd(demuxer);
  const lost = new Set<number>();
  for (let i = 0; i < count && (positions[i] ?? 0) + (sizes[i] ?? 0) <= end; i++)
    if (!stamps.has((times[i] ?? 0) as Nanoseconds)) lost.add(positions[i] ?? 0);
  return ({ position }) => !lost.has(position);
}

/** No packet lasts longer: behind the latest stamp nothing earlier reaches further than one within this. */
const LONGEST_PACKET = 10 * NANOSECONDS_PER_SECOND;

function surveyOf(track: Track, table: TrackTable): TrackSurvey {
  const { count, times, sizes } = table;
  let first = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const time = times[i] ?? 0;
    if (time < first) first = time;
    if (time > latest) latest = time;
  }
  // Of a last frame tables tell how much of it is to be heard, or where the film ends: there is no more in it than a frame.
  const whole =
    track.kind === 'audio' && track.frameSize !== null
      ? Math.round((track.frameSize * NANOSECONDS_PER_SECOND) / track.sampleRate)
      : Number.POSITIVE_INFINITY;
  let end = latest;
  for (let i = 0; i < count; i++) {
    const time = times[i] ?? 0;
    if (time >= latest - LONGEST_PACKET) end = Math.max(end, time + Math.min(whole, table.duration(i)));
  }
  if (count === 1 && whole < Number.POSITIVE_INFINITY) end = first + whole;
  return {
    first: nanoseconds(first),
    end: nanoseconds(end),
    stamps: times as ArrayLike<number> as ArrayLike<Nanoseconds>,
    sizes,
    frameSizes: track.kind === 'audio' ? frameSizesOf(track, table) : new Set(),
    standIn: null,
  };
}

/** Samples that frames last whose codec does not say it once for all. */
function frameSizesOf({ frameSize, sampleRate }: AudioTrack, { count, duration }: TrackTable): Set<number> {
  const sizes = new Set<number>();
  if (frameSize !== null) return sizes;
  for (let i = 0; i + 1 < count; i++)
    sizes.add(Math.round((duration(i) * sampleRate) / NANOSECONDS_PER_SECOND));
  return sizes;
}

function keyPoints({ count, times, positions, keys }: TrackTable): CutPoint[] {
  const points: CutPoint[] = [];
  for (let k = 0; k < (keys?.length ?? count); k++) {
    const i = keys ? (keys[k] ?? 0) : k;
    const position = positions[i] ?? 0;
    const time = nanoseconds(times[i] ?? 0);
    points.push({ time, position, blockPosition: position, isClosed: true, isSync: true });
  }
  return points;
}

/** Pictures that may lie between one and those it overtakes: 16 frames of two fields. */
const REORDER_REACH = 32;
/** Pictures that are looked at: a quarter of an hour has every pattern that an encoder makes. */
const REORDER_LOOK = 20_000;

/** The largest number of pictures that come before one that is shown earlier. */
function reorderOf({ count, times }: TrackTable): number {
  let reorder = 0;
  let latest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < Math.min(count, REORDER_LOOK); i++) {
    const time = times[i] ?? 0;
    if (time >= latest) {
      latest = time;
      continue;
    }
    let overtaken = 0;
    for (let k = Math.max(0, i - REORDER_REACH); k < i; k++) if ((times[k] ?? 0) > time) overtaken++;
    if (overtaken > reorder) reorder = overtaken;
  }
  return reorder;
}

/** The largest distance in time of sound from the picture before it. */
function skewOf(video: TrackTable, audio: TrackTable | undefined): number {
  let skew = 0;
  let at = 0;
  for (let i = 0; audio && i < audio.count; i++) {
    const position = audio.positions[i] ?? 0;
    while (at + 1 < video.count && (video.positions[at + 1] ?? 0) <= position) at++;
    // Sound before the first picture or behind the last is beside none.
    if (at === 0 || at + 1 >= video.count) continue;
    skew = Math.max(skew, Math.abs((audio.times[i] ?? 0) - (video.times[at] ?? 0)));
  }
  return skew;
}
