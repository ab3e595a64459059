import { concat, memorySource } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';
import type { AudioTranscoder } from '../../src/core/transcoding.ts';
import { planTitle } from '../../src/pipeline/plan-title.ts';
import { renderSegment } from '../../src/pipeline/render-segment.ts';
import { planRenditions, type Rendition, renditionPlaylist } from '../../src/pipeline/renditions.ts';
import { createSpanCache, type SpanCache } from '../../src/pipeline/span-cache.ts';
import { segmentCount, type Title } from '../../src/pipeline/title.ts';
import { titlePlaylist } from '../../src/pipeline/title-playlist.ts';
import { createTranscripts } from '../../src/pipeline/transcoded/transcripts.ts';
import { readSegment, type Segment } from './mp4-reader.ts';

/** A title opened in process, as the server has it. */
export interface Served {
  readonly title: Title;
  readonly renditions: readonly Rendition[];
  readonly count: number;
  /** What makes sound that is not copied; null by default. */
  readonly transcoder: AudioTranscoder | null;
}

export const NEVER: AbortSignal = new AbortController().signal;
export const newCache = (): SpanCache => createSpanCache(64 * 1024 * 1024);

/** As bytes arrive from a network: in pieces of `size`, which the parser must not depend on. */
export const inPieces = (source: Source, size: number): Source => ({
  get size() {
    return source.size;
  },
  async *read(range, signal) {
    for await (const chunk of source.read(range, signal))
      for (let at = 0; at < chunk.length; at += size) yield chunk.slice(at, at + size);
  },
});

export async function serve(
  file: Uint8Array | Source,
  transcoder: AudioTranscoder | null = null,
): Promise<Served> {
  const source = file instanceof Uint8Array ? memorySource(file) : file;
  const title = await planTitle(source, { video: null, audio: null, recovery: 'shown', transcoder }, NEVER);
  return { title, renditions: planRenditions(title), count: segmentCount(title), transcoder };
}

export async function segmentBytes(
  { title, transcoder }: Served,
  rendition: Rendition,
  n: number,
  spans: SpanCache = newCache(),
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const transcripts = transcoder && createTranscripts({ transcoder, spans, maxBytes: 2 ** 20 });
  const chunks = renderSegment(
    title,
    { rendition, n },
    { spans, transcripts, encodedVideo: null, client: '', signal: NEVER },
  );
  for await (const chunk of chunks) parts.push(...chunk);
  return concat(parts);
}

/** All segments of a rendition in order, each with its own empty cache. */
export async function allSegments(
  served: Served,
  rendition: Rendition,
  spans?: SpanCache,
): Promise<Segment[]> {
  const list: Segment[] = [];
  for (let n = 0; n < served.count; n++)
    list.push(readSegment(await segmentBytes(served, rendition, n, spans ?? newCache())));
  return list;
}

export const playlists = ({ title, renditions }: Served): string[] => [
  titlePlaylist(title, renditions, ''),
  ...renditions.map((rendition) => renditionPlaylist(title, renditions, rendition)),
];
