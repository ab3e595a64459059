import type { Demuxer, Source } from '../../src/core/contracts.ts';
import { corrupt, orNull } from '../../src/core/errors.ts';
import { type Nanoseconds, nanoseconds } from '../../src/core/time.ts';
import { withFrameCount } from './attached-picture.ts';
import { asStored, type BlockContext, type BlockTrack } from './block.ts';
import { findClusterId } from './cluster.ts';
import { readContainerInfo } from './container-info.ts';
import { type CueContext, cueBase, parseCues } from './cues.ts';
import type { Master } from './ebml.ts';
import { completeTracks } from './first-frames.ts';
import { type Layout, readLayout, type SourceAccess } from './layout.ts';
import { readSamples } from './samples.ts';
import { readStatistics } from './statistics.ts';
import { textIndexes } from './text-index.ts';
import { type MatroskaTrack, readTracks } from './tracks.ts';

const DEFAULT_TIMESTAMP_SCALE = 1_000_000;

export interface MatroskaOptions {
  /**
   * Samples as they were before compression and header stripping, of all tracks and on the container's own stamps:
   * nothing is brought into MP4's form, joined, or moved by CodecDelay. For comparing with other readers.
   */
  readonly asStored?: boolean;
  readonly access?: SourceAccess;
}

/**
 * Opens Matroska or WebM: head, then index and tags in one further round trip, then as much of the first clusters as
 * it takes to know the configuration of tracks that do not declare it (RFC 9559).
 * @throws MediaError `corrupt`, `truncated`, `unsupported` (no size, no tracks), `limit`
 */
export async function openMatroska(
  source: Source,
  signal: AbortSignal,
  options: MatroskaOptions = {},
): Promise<Demuxer> {
  const layout = await readLayout(source, signal, options.access ?? 'anywhere');
  const info = layout.elements('Info')[0];
  const timestampScale = info?.uint('TimestampScale') || DEFAULT_TIMESTAMP_SCALE;
  const place = { start: layout.firstCluster ?? layout.payloadEnd, end: layout.payloadEnd };
  const common = { timestampScale, maxIdLength: layout.bounds.maxIdLength };
  const contextOf = (tracks: Iterable<BlockTrack>): BlockContext => ({
    ...common,
    tracks: new Map([...tracks].map((track) => [track.id, track])),
  });
  const declared = declaredTracks(layout, info);
  const tracks = options.asStored
    ? declared
    : await completeTracks(declared, source, place.start, { signal, context: contextOf([]), end: place.end });
  const blocks = tracks.map(({ block }) => (options.asStored ? asStored(block) : block));
  const context = cueContext(layout, timestampScale);
  const cues = (context && orNull(() => parseCues(layout.elements('Cues'), context))) ?? NO_CUES;
  const tags = layout.elements('Tags');
  const statistics = readStatistics(tags, tracks);
  const duration = declaredDuration(info, timestampScale);
  return {
    container: 'matroska',
    tracks: tracks.map(({ track }) =>
      withFrameCount(track, {
        frames: statistics.get(track.id)?.frames ?? null,
        cues: cues.get(track.id)?.length ?? 0,
      }),
    ),
    duration,
    precision: nanoseconds(timestampScale),
    statistics,
    info: readContainerInfo({
      info,
      tags,
      chapters: layout.elements('Chapters'),
      attachments: layout.attachments,
    }),
    ...(layout.attachments ? { files: layout.attachments.files } : {}),
    payload: { start: place.start, end: Math.max(place.start, place.end) },
    seekPoints: (trackId) => cues.get(trackId) ?? null,
    texts: textIndexes({
      cues: layout.elements('Cues'),
      context,
      tracks: tracks.map(({ track }) => track),
      statistics,
      duration,
      placeOf: (id, form) => {
        const own = blocks.filter((block) => block.id === id);
        return { source, end: place.end, context: contextOf(form === 'stored' ? own.map(asStored) : own) };
      },
    }),
    samples: (query, signal) =>
      readSamples(source, query, {
        signal,
        context: contextOf(blocks.filter(({ id }) => query.tracks.has(id))),
        end: place.end,
      }),
    resync: findClusterId,
  };
}

function declaredTracks(layout: Layout, info: Master | undefined): MatroskaTrack[] {
  const [element] = layout.elements('Tracks');
  if (!element) throw corrupt('No Tracks element: nothing says what the file holds', layout.bounds.start);
  return readTracks(element, info?.string('MuxingApp') ?? null);
}

const NO_CUES: ReturnType<typeof parseCues> = new Map();

/** What positions in Cues count from; null where that cannot be told. */
function cueContext(layout: Layout, timestampScale: number): CueContext | null {
  const segmentStart = layout.bounds.start;
  // A broken index is no index: the packets are still there.
  return orNull(() => {
    const base = cueBase(layout.elements('Cues'), segmentStart, layout.clusters);
    return { timestampScale, base, segmentStart, end: layout.end };
  });
}

function declaredDuration(info: Master | undefined, timestampScale: number): Nanoseconds | null {
  const duration = info?.float('Duration') ?? null;
  if (duration === null || !Number.isFinite(duration) || duration <= 0) return null;
  const value = Math.round(duration * timestampScale);
  return Number.isSafeInteger(value) ? nanoseconds(value) : null;
}
