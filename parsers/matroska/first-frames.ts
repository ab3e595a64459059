import type { Sample, SampleQuery, Source } from '../../src/core/contracts.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { asStored } from './block.ts';
import { type ReadContext, readSamples } from './samples.ts';
import type { MatroskaTrack } from './tracks.ts';

const MEGABYTE = 1024 * 1024;

/**
 * Finishes the tracks whose configuration only their frames tell, from one forward read that begins at the first
 * Cluster and ends as soon as every enabled track has its own. Those without a frame of use are named unreadable,
 * unless they can be read all the same.
 * @param start position of the first Cluster
 */
export async function completeTracks(
  tracks: readonly MatroskaTrack[],
  source: Source,
  start: number,
  reading: ReadContext,
): Promise<MatroskaTrack[]> {
  const pending = new Map(tracks.flatMap((t) => (t.complete ? [[t.track.id, t] as const] : [])));
  const done = new Map<number, MatroskaTrack>();
  const isOver = () => [...pending.values()].every(({ track }) => !track.isEnabled);
  if (isOver()) return tracks.map((track) => (track.complete ? withoutFrame(track) : track));
  const limit = Math.min(reading.end, Math.max(LIMITS.head, start) + LIMITS.firstFrames);
  const query: SampleQuery = { start, soft: LIMITS.head, end: limit, tracks: new Set(pending.keys()) };
  const blocks = new Map([...pending].map(([id, { block }]) => [id, asStored(block)]));
  const context = { ...reading.context, tracks: blocks };
  for await (const batch of readSamples(source, query, { ...reading, context })) {
    for (const sample of batch.samples) complete(sample, pending, done);
    if (isOver()) break;
  }
  return tracks.map((track) => done.get(track.track.id) ?? (track.complete ? withoutFrame(track) : track));
}

function complete(
  { trackId, data, isKey }: Sample,
  pending: Map<number, MatroskaTrack>,
  done: Map<number, MatroskaTrack>,
): void {
  const finished = pending.get(trackId)?.complete?.(data, isKey);
  if (!finished) return;
  done.set(trackId, finished);
  pending.delete(trackId);
}

function withoutFrame(track: MatroskaTrack): MatroskaTrack {
  if (track.isUsable) return { ...track, complete: null };
  const unreadable = `no frame in the first ${LIMITS.firstFrames / MEGABYTE} MB tells its configuration`;
  return { ...track, track: { ...track.track, unreadable }, complete: null };
}
