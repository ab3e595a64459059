import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Source } from '../../../src/core/contracts.ts';
import type { VideoEncoders, VideoWish } from '../../../src/core/encoding.ts';
import { openForeignReader } from '../../../src/ffmpeg/foreign/open-foreign.ts';
import { openVideoEncoders } from '../../../src/ffmpeg/video/open-encoders.ts';
import { createLibrary, type Library, type Media } from '../../../src/pipeline/library.ts';
import { renderSegment } from '../../../src/pipeline/render-segment.ts';
import { type EncodedVideoRendition, encodedInit, type Rendition } from '../../../src/pipeline/renditions.ts';
import { readSegment, type Segment } from '../mp4-reader.ts';

const MEGABYTE = 2 ** 20;

/** A film made by FFmpeg, as bytes. @param name its ending tells the container */
export async function filmOf(name: string, options: readonly string[]): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-film-'));
  try {
    const path = join(folder, name);
    const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...options, path]);
    if (status !== 0) throw new Error(`ffmpeg made no ${name}: ${stderr}`);
    return new Uint8Array(readFileSync(path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A picture that moves, with a burnt-in count of frames. */
export const moving = (size: string, rate: number, seconds: number): string[] => [
  ...['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}:d=${seconds}`],
];

export interface StudioOptions {
  readonly wish?: VideoWish;
  readonly encoders?: VideoEncoders;
  readonly maxRuns?: number;
  readonly patience?: number;
}

/** A film opened in process with what encodes it. */
export interface OpenedFilm {
  readonly library: Library;
  readonly media: Media;
  readonly encoded: EncodedVideoRendition;
  readonly copied: Rendition | null;
  segment(rendition: Rendition, n: number, client?: string, signal?: AbortSignal): Promise<Uint8Array>;
  init(client?: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

export const H264_TOO: VideoWish = { forms: ['copy', 'h264'], maxHeight: null, maxBitrate: null };

export const realEncoders = (program = 'ffmpeg'): VideoEncoders =>
  openVideoEncoders({
    program,
    order: ['software'],
    platform: process.platform,
    now: () => performance.now(),
  });

export async function openFilm(film: Uint8Array | Source, options: StudioOptions = {}): Promise<OpenedFilm> {
  const { wish = H264_TOO, encoders = realEncoders(), maxRuns = 4, patience = 10_000 } = options;
  const library = createLibrary({
    packetBytes: MEGABYTE,
    transcriptBytes: MEGABYTE,
    transcoder: null,
    video: {
      encoders,
      foreign: openForeignReader({ program: 'ffmpeg', prober: 'ffprobe' }),
      maxBytes: 64 * MEGABYTE,
      maxRuns,
      patience,
      settings: { maxHeight: 1080, ladder: [] },
    },
  });
  const never = new AbortController().signal;
  const openSource = async () => ({
    source: film instanceof Uint8Array ? memorySource(film) : film,
    sequence: null,
    access: () => 'public' as const,
    want: () => undefined,
    isCurrent: async () => true,
  });
  const selection = { video: null, audio: null, recovery: 'shown' as const };
  const media = await library.open('film', { openSource, options: selection, wish }, never);
  const videos = media.renditions.filter((rendition) => rendition.kind === 'video');
  const encoded = videos.find((rendition): rendition is EncodedVideoRendition => rendition.encoded !== null);
  if (!encoded) throw new Error('The film is not encoded');
  const { spans, transcripts, encodedVideo } = library;
  return {
    library,
    media,
    encoded,
    copied: videos.find((rendition) => rendition.encoded === null) ?? null,
    async segment(rendition, n, client = 'viewer', signal = never) {
      const context = { spans, transcripts, encodedVideo, client, signal };
      const parts: Uint8Array[] = [];
      for await (const chunk of renderSegment(media.title, { rendition, n }, context)) parts.push(...chunk);
      return concat(parts);
    },
    async init(client = 'viewer') {
      const config = await encodedVideo?.config(media.title, encoded, { client, signal: never });
      if (!config) throw new Error('There is no encoder');
      return encodedInit(encoded, config);
    },
    async close() {
      library.close();
      await encodedVideo?.close();
    },
  };
}

/** Times of the pictures of a segment as they are shown, in ticks. */
export const shown = ({ samples }: Segment): number[] => samples.map(({ pts }) => pts).sort((a, b) => a - b);

export async function readAll(film: OpenedFilm, rendition: Rendition): Promise<Segment[]> {
  const list: Segment[] = [];
  for (let n = 0; n < rendition.durations.length; n++)
    list.push(readSegment(await film.segment(rendition, n)));
  return list;
}
