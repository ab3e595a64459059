import type { Demuxer, SeekPoint, Source, TrackTable } from '../../src/core/contracts.ts';
import { attempt, corrupt, MediaError, unsupported } from '../../src/core/errors.ts';
import type { Track } from '../../src/core/media.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds, rescale } from '../../src/core/time.ts';
import { readTextChapters } from './chapter-track.ts';
import { completeTracks } from './complete-tracks.ts';
import { joinConstant } from './constant-samples.ts';
import { planEdits } from './edit-list.ts';
import { openFragmented } from './fragmented.ts';
import { type Movie, parseMovie } from './movie.ts';
import { durationOf, infoOf, precisionOf } from './movie-facts.ts';
import { inDecodeOrder, readSampleTable, type SampleTable } from './sample-table.ts';
import { readSamples, type SampleTrack } from './samples.ts';
import { MAX_SAMPLES } from './table-entries.ts';
import { textIndexes } from './text-index.ts';
import { readTopLevel } from './top-level.ts';
import { type Mp4Track, readTracks } from './tracks.ts';
import { type LaidTrack, layOut, type TableTrack, timeAt } from './virtual-layout.ts';

export interface Mp4Options {
  /** Samples as the file has them, nothing joined. For comparing with other readers. */
  readonly asStored?: boolean;
  readonly access?: 'anywhere' | 'in order';
}

/**
 * Opens MP4, QuickTime, M4A or 3GP: the head, the movie box wherever it lies, and the first samples of tracks whose
 * description does not tell everything (ISO/IEC 14496-12).
 * @throws MediaError `corrupt`, `truncated`, `unsupported` (no size, fragments, no movie box), `limit`
 */
export async function openMp4(
  source: Source,
  signal: AbortSignal,
  options: Mp4Options = {},
): Promise<Demuxer> {
  const { access = 'anywhere' } = options;
  const end = source.size;
  if (end === null)
    throw unsupported('The upstream does not say how long the file is; it cannot be sought in');
  const { heads, moov } = await readTopLevel(source, { end, access }, signal);
  if (!moov) {
    if (heads.some(({ type }) => type === 'moof')) throw unsupported('Fragments without a movie box');
    if (access === 'in order')
      throw unsupported(
        'The movie box of this MP4 file lies behind its media, and the upstream gives it in order only; a file with the movie box in front (faststart) can be played',
      );
    throw corrupt('No movie box: nothing says where the samples are', heads.at(-1)?.end ?? 0);
  }
  const movie = parseMovie(moov.bytes, moov.content);
  const { declared, tables } = readTables(readTracks(movie), movie, end);
  // Some writers announce fragments and have none: behind a movie box that comes last there is nothing.
  const hasFragments = movie.isFragmented && moov.end < end;
  // What is read in order is read as fragments are, of which the movie box tells the first.
  if (hasFragments || access === 'in order')
    return openFragmented({ source, signal, end, movie, moov, declared, tables, ...options });
  const layout = layOut(tables);
  const [tracks, chapters] = await Promise.all([
    options.asStored ? declared : completeTracks(declared, { source, layout, signal }),
    readTextChapters(movie, { source, end }, signal),
  ]);
  const byId = new Map(
    tracks.flatMap(({ track, readings }): [number, SampleTrack][] => {
      const laid = layout.tracks.get(track.id);
      return laid ? [[track.id, { laid, readings }]] : [];
    }),
  );
  const indexes = new Map([...layout.tracks].map(([id, laid]) => [id, indexOf(laid)]));
  return {
    container: 'mp4',
    tracks: tracks.map(({ track }) => track),
    duration: durationOf(movie),
    precision: precisionOf(tracks),
    statistics: new Map([...layout.tracks].map(([id, laid]) => [id, statisticsOf(laid)])),
    info: infoOf(movie, chapters),
    payload: { start: 0, end: layout.end },
    seekPoints: (id) => indexes.get(id)?.points ?? null,
    table: (id) => indexes.get(id)?.table ?? null,
    texts: textIndexes({ source, movie, tracks: declared, fileEnd: end }),
    samples: (query, signal) =>
      readSamples({ source, layout, tracks: byId, isAsStored: options.asStored ?? false }, query, signal),
    resync: () => null,
  };
}

interface ReadTables {
  /** A track whose tables are broken is told as unreadable: the others still play. */
  readonly declared: readonly Mp4Track[];
  /** Of tracks of sound and pictures whose samples the movie box tells. */
  readonly tables: readonly TableTrack[];
}

function readTables(tracks: readonly Mp4Track[], { timescale }: Movie, fileEnd: number): ReadTables {
  let left = MAX_SAMPLES;
  const tables: TableTrack[] = [];
  const declared = tracks.map((one): Mp4Track => {
    const { track, source } = one;
    const isPlayed = track.kind === 'video' || track.kind === 'audio';
    if (!isPlayed || !source.hasSampleTables || source.unreadable !== null) return one;
    const table = attempt(() => readTable(track, source, { fileEnd, maxSamples: left }));
    if (table instanceof MediaError)
      return { ...one, track: { ...track, unreadable: track.unreadable ?? table.message }, complete: null };
    left -= table.count;
    const presents = track.kind === 'video' ? 'pictures' : 'frames';
    const plan = planEdits(source.edits, timescale, source.timescale, { presents, table });
    tables.push({ id: track.id, table, plan });
    return one;
  });
  return { declared, tables };
}

function readTable(
  track: Track,
  { tables, timescale }: Mp4Track['source'],
  limits: { readonly fileEnd: number; readonly maxSamples: number },
): SampleTable {
  if (track.kind !== 'audio') return readSampleTable(tables, limits);
  const pcm = track.decodeOnly?.codec === 'pcm' ? track.decodeOnly : null;
  const sampleSize = pcm && (pcm.format.bits * pcm.channels) / 8;
  const joined = pcm && joinConstant(tables, { ...limits, timescale, sampleSize });
  return joined ?? inDecodeOrder(readSampleTable(tables, limits));
}

function statisticsOf({ table, rows, times }: LaidTrack) {
  let bytes = 0;
  for (let i = 0; i < rows.length; i++) bytes += table.sizes[rows[i] ?? 0] ?? 0;
  let end = Number.NEGATIVE_INFINITY;
  for (let i = Math.max(0, times.length - 64); i < times.length; i++) end = Math.max(end, times[i] ?? end);
  return { bytes, bitrate: null, frames: rows.length, duration: rows.length > 0 ? nanoseconds(end) : null };
}

/** Nanoseconds between seek points of a track at each of whose samples decoding may begin. */
const SPACING = NANOSECONDS_PER_SECOND;

interface TrackIndex {
  readonly table: TrackTable;
  readonly points: readonly SeekPoint[];
}

function indexOf(laid: LaidTrack): TrackIndex {
  const keys = keysOf(laid);
  return { table: tableOf(laid, keys), points: seekPointsOf(laid, keys) };
}

function seekPointsOf(laid: LaidTrack, keys: Uint32Array | null): readonly SeekPoint[] {
  const points: SeekPoint[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < (keys?.length ?? laid.rows.length); k++) {
    const i = keys ? (keys[k] ?? 0) : k;
    const time = timeAt(laid, i);
    if (!keys && time < last + SPACING) continue;
    last = time;
    const position = laid.positions[i] ?? 0;
    points.push({ time, position, blockPosition: position });
  }
  return points;
}

/** Indexes of laid samples where decoding may begin; null where it may at every one. */
function keysOf({ table: { sync }, rows }: LaidTrack): Uint32Array | null {
  if (sync === null) return null;
  const keys: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    if (((sync[row >> 3] ?? 0) >> (row & 7)) & 1) keys.push(i);
  }
  return Uint32Array.from(keys);
}

function tableOf(laid: LaidTrack, keys: Uint32Array | null): TrackTable {
  const { rows, table, times, positions } = laid;
  return {
    count: rows.length,
    times,
    positions,
    sizes: rows.length === table.count ? table.sizes : Uint32Array.from(rows, (row) => table.sizes[row] ?? 0),
    duration: (i) => durationAt(laid, i),
    keys,
  };
}

function durationAt({ table, rows, plan }: LaidTrack, i: number): Nanoseconds {
  const row = rows[i] ?? 0;
  const next = row + 1 < table.count ? (table.times[row + 1] ?? table.end) : table.end;
  return nanoseconds(rescale(next - (table.times[row] ?? 0), plan.mediaTimescale, NANOSECONDS_PER_SECOND));
}
