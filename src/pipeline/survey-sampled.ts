import { readRange } from '../core/bytes.ts';
import type { Demuxer, SampleHead, SeekPoint } from '../core/contracts.ts';
import { LIMITS } from '../core/limits.ts';
import { type Nanoseconds, nanoseconds } from '../core/time.ts';
import { type CutPoint, chooseCuts } from '../core/timeline.ts';
import { keptIds, type Sampling, type Survey, Surveyor, type TrackSurvey, usablePoints } from './survey.ts';
import { probeCuts, spread, verifyCuts } from './verify-cuts.ts';

/** Bytes read from the first cluster on when the head of the file did not reach it. */
const FIRST_CLUSTERS = 128 * 1024;
/** A track that is silent this long into the file is looked for no further. */
const LATE_TRACK = 4 * 1024 * 1024;

/**
 * Facts from the file's head, its end and at most eight cuts of the index, all in one round trip; more probes only
 * where an open GOP was met.
 * @param index seek points of the main track, ascending
 */
export async function surveySampled(sampling: Sampling, index: readonly SeekPoint[]): Promise<Survey> {
  const { kept, demuxer } = sampling;
  const candidates: CutPoint[] = index.map((point) => ({ ...point, isClosed: true, isSync: true }));
  const lastTime = candidates.at(-1)?.time ?? nanoseconds(0);
  const end = nanoseconds(Math.max(demuxer.duration ?? 0, lastTime + 1));
  const [head, tail, probes] = await Promise.all([
    surveyHead(sampling),
    readTail(sampling, candidates.at(-1)),
    kept.video ? probeCuts(sampling, kept.video, spread(chooseCuts(candidates, end))) : [],
  ]);
  const verdict = kept.video
    ? await verifyCuts({ ...sampling, candidates, probes, video: kept.video })
    : { points: candidates, remarks: [] };
  const others = new Surveyor({ video: null, audio: kept.audio });
  for (const sample of probes.flatMap((probe) => probe.samples)) others.add(sample);
  const ends = tail.result();
  const looks = [head.result(), ends, others.result()];
  const missing = new Set(kept.audio.map(({ id }) => id).filter((id) => !looks.some((look) => look.has(id))));
  if (missing.size > 0) looks.push((await surveyLate(sampling, missing)).result());
  return {
    kind: 'sampled',
    tracks: mergeTracks(keptIds(kept), looks),
    points: withFirst(head.points[0], usablePoints(verdict.points)),
    videoConfig: head.videoConfig,
    reorder: head.reorder,
    skew: nanoseconds(Math.max(head.skew, tail.skew)),
    hasEnd: ends.size > 0,
    skipped: head.skipped,
    remarks: verdict.remarks,
  };
}

/** Where the packets at the front of the file end that are looked at. */
export const headEnd = ({ payload: { start, end } }: Demuxer): number =>
  Math.min(end, Math.max(LIMITS.head, start + FIRST_CLUSTERS));

/** The packets at the front of the file. */
export async function surveyHead({ demuxer, kept, signal }: Sampling): Promise<Surveyor> {
  const surveyor = new Surveyor(kept);
  const { start } = demuxer.payload;
  const soft = headEnd(demuxer);
  const missing = keptIds(kept);
  let cut: SampleHead | null = null;
  for await (const batch of demuxer.samples({ start, soft, end: soft, tracks: keptIds(kept) }, signal)) {
    surveyor.skipped += batch.skipped;
    cut = batch.next;
    for (const sample of batch.samples) {
      surveyor.add(sample);
      missing.delete(sample.trackId);
    }
  }
  if (cut) {
    surveyor.see(cut);
    missing.delete(cut.trackId);
  }
  if (missing.size > 0) await surveyMissing({ demuxer, kept, signal, missing, surveyor });
  return surveyor;
}

interface MissingTracks extends Omit<Sampling, 'source'> {
  readonly missing: Set<number>;
  readonly surveyor: Surveyor;
}

/**
 * The first packets of tracks that the head did not reach: behind the first picture, which may be long. What begins
 * later than that does not set the title's zero.
 */
async function surveyMissing({ demuxer, signal, missing, surveyor }: MissingTracks): Promise<void> {
  const { start } = demuxer.payload;
  const end = Math.min(demuxer.payload.end, start + LATE_TRACK);
  const query = { start, soft: Math.min(end, LIMITS.head), end, tracks: new Set(missing), hopsFrom: start };
  for await (const batch of demuxer.samples(query, signal)) {
    for (const sample of batch.samples) {
      if (missing.delete(sample.trackId)) surveyor.add(sample);
    }
    if (missing.size === 0) break;
  }
}

/** The first packet of each track that no look has met: one that begins late must still tell where its frames lie. */
async function surveyLate({ demuxer, kept, signal }: Sampling, missing: Set<number>): Promise<Surveyor> {
  const surveyor = new Surveyor({ video: null, audio: kept.audio });
  const { start } = demuxer.payload;
  const end = Math.min(demuxer.payload.end, start + LATE_TRACK);
  const query = { start, soft: Math.min(end, LIMITS.head), end, tracks: new Set(missing) };
  for await (const batch of demuxer.samples(query, signal)) {
    for (const sample of batch.samples) {
      surveyor.add(sample);
      missing.delete(sample.trackId);
    }
    if (missing.size === 0) break;
  }
  return surveyor;
}

/** Ends of the tracks whose last packets lie in the last bytes before the end of the payload. */
async function readTail(
  { source, demuxer, kept, signal }: Sampling,
  last: SeekPoint | undefined,
): Promise<Surveyor> {
  const { start, end } = demuxer.payload;
  const from = Math.max(start, last?.position ?? start, end - LIMITS.tailProbe);
  let entry: number | null = from;
  if (from !== last?.position && from !== start) {
    const bytes = await readRange(source, { start: from, end }, signal);
    const at = demuxer.resync(bytes, 0);
    entry = at === null ? null : from + at;
  }
  const surveyor = new Surveyor(kept);
  if (entry === null) return surveyor;
  for await (const batch of demuxer.samples({ start: entry, soft: end, end, tracks: keptIds(kept) }, signal))
    for (const sample of batch.samples) surveyor.add(sample);
  return surveyor;
}

/** The first key picture of the file is a cut even when the index leaves it out. */
function withFirst(first: CutPoint | undefined, points: CutPoint[]): CutPoint[] {
  const next = points[0];
  if (!first || (next && next.time <= first.time)) return points;
  return [first, ...points];
}

/** Several looks at the same track as one: earliest start, latest end, all stamps and sizes of the first look that has some. */
export function mergeTracks(
  ids: ReadonlySet<number>,
  looks: readonly ReadonlyMap<number, TrackSurvey>[],
): Map<number, TrackSurvey> {
  const merged = new Map<number, TrackSurvey>();
  for (const id of ids) {
    const seen = looks.flatMap((look) => look.get(id) ?? []);
    const firsts = seen.flatMap((look) => look.first ?? []);
    const ends = seen.flatMap((look) => look.end ?? []);
    merged.set(id, {
      first: least(firsts),
      end: ends.length > 0 ? nanoseconds(Math.max(...ends)) : null,
      stamps: seen.flatMap((look) => Array.from(look.stamps)),
      sizes: seen.flatMap((look) => Array.from(look.sizes)),
      frameSizes: new Set(seen.flatMap((look) => [...look.frameSizes])),
      standIn: seen.find((look) => look.standIn)?.standIn ?? null,
    });
  }
  return merged;
}

const least = (times: readonly Nanoseconds[]): Nanoseconds | null =>
  times.length > 0 ? nanoseconds(Math.min(...times)) : null;
