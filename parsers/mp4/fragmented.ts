import type { Demuxer, SampleBatch, SampleQuery } from '../../src/core/contracts.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { readTextChapters } from './chapter-track.ts';
import { NO_INDEX, readIndex } from './fragment-index.ts';
import { FragmentReader, type FragmentReading, type FragmentTrack, findFragment } from './fragment-reader.ts';
import { type FragmentedFile, isPlayed, planOf } from './fragmented-file.ts';
import { durationOf, infoOf, precisionOf } from './movie-facts.ts';
import type { Mp4Track } from './tracks.ts';

/** Opens a file of movie fragments: ISO/IEC 14496-12, 8.8. @throws MediaError of the source */
export async function openFragmented(file: FragmentedFile): Promise<Demuxer> {
  const { movie, end, declared } = file;
  const start = file.moov.end;
  const tracks = file.asStored ? [...declared] : await completed(file, start);
  const isInOrder = file.access === 'in order';
  const [{ points: index, ends }, chapters] = isInOrder
    ? [NO_INDEX, []]
    : await Promise.all([readIndex(file, tracks), readTextChapters(movie, file, file.signal)]);
  return {
    container: 'mp4',
    tracks: tracks.map(({ track }) => track),
    duration: durationOf(movie),
    precision: precisionOf(tracks),
    statistics: new Map(
      [...ends].map(([id, duration]) => [id, { bytes: null, bitrate: null, frames: null, duration }]),
    ),
    info: infoOf(movie, chapters),
    payload: { start: Math.min(start, end), end },
    seekPoints: (id) => index.get(id) ?? null,
    samples: (query, signal) => readFragments(file, query, { tracks, signal }),
    resync: findFragment,
  };
}

/** With what only their first samples tell. */
async function completed(file: FragmentedFile, start: number): Promise<Mp4Track[]> {
  const tracks = [...file.declared];
  const open = new Set(tracks.filter((track) => isPlayed(track) && track.complete));
  if (open.size === 0) return tracks;
  const stop = Math.min(file.end, start + LIMITS.firstFrames);
  const reader = new FragmentReader(start, readingOf({ ...file, asStored: true }, tracks, { start }));
  for await (const chunk of file.source.read({ start, end: stop }, file.signal)) {
    for (const { trackId, data } of reader.push(chunk).samples) {
      const at = tracks.findIndex(({ track }) => track.id === trackId);
      const track = tracks[at];
      const done = track && open.has(track) ? track.complete?.(data) : null;
      if (!track || !done) continue;
      open.delete(track);
      tracks[at] = done;
    }
    if (open.size === 0) break;
  }
  return tracks;
}

function readingOf(
  file: FragmentedFile,
  tracks: readonly Mp4Track[],
  { start, wanted }: { readonly start: number; readonly wanted?: ReadonlySet<number> },
): FragmentReading {
  const { movie, end, tables, moov, asStored } = file;
  const isRead = (track: Mp4Track) => isPlayed(track) || track.readings.length > 0;
  const played = tracks.filter((track) => isRead(track) && (wanted?.has(track.track.id) ?? true));
  const read = played.map((track): [number, FragmentTrack] => [
    track.track.id,
    { id: track.track.id, plan: planOf(file, track), readings: track.readings },
  ]);
  const joinTicks = played.map(({ track, source }): [number, number] => {
    const isPcm = track.kind === 'audio' && track.decodeOnly?.codec === 'pcm';
    return [track.id, isPcm ? Math.floor(source.timescale / 4) : 0];
  });
  return {
    tracks: new Map(read),
    context: { defaults: movie.extends, joinTicks: new Map(joinTicks), fileEnd: end },
    isTold: !movie.isFragmented,
    told: new Map(start === moov.end ? tables.map(({ id, table }) => [id, table]) : []),
    isAsStored: asStored ?? false,
  };
}

interface Reading {
  readonly tracks: readonly Mp4Track[];
  readonly signal: AbortSignal;
}

/** Steps in which reading goes on behind `SampleQuery.soft`. */
const STEP = { first: 64 * 1024, last: 1024 * 1024 };

async function* readFragments(
  file: FragmentedFile,
  query: SampleQuery,
  { tracks, signal }: Reading,
): AsyncGenerator<SampleBatch> {
  const { start } = query;
  const reader = new FragmentReader(start, readingOf(file, tracks, { start, wanted: query.tracks }));
  let from = start;
  let to = Math.min(Math.max(query.soft, start), query.end);
  const isOpen = () => from < query.end || (query.isCompleting === true && reader.reached < query.end);
  for (let step = STEP.first; isOpen() && from < file.end; step = Math.min(step * 2, STEP.last)) {
    let reached = from;
    for await (const chunk of file.source.read({ start: from, end: to }, signal)) {
      reached += chunk.length;
      const batch = reader.push(chunk);
      yield from < query.end ? batch : before(batch, query.end);
    }
    if (reached < to) break;
    from = to;
    to = Math.min(to + step, from < query.end ? query.end : file.end);
  }
  yield reader.flush();
}

const before = ({ samples, skipped }: SampleBatch, place: number): SampleBatch => ({
  samples: samples.filter(({ position }) => position < place),
  next: null,
  skipped,
});
