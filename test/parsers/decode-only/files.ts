import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { openMp4 } from '../../../parsers/mp4/demuxer.ts';
import { openTransportStream } from '../../../parsers/mpegts/demuxer.ts';
import { decodeOnlyKind } from '../../../src/codecs/decode-only-video.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Sample } from '../../../src/core/contracts.ts';
import type { DecodeOnlyVideo, VideoTrack } from '../../../src/core/media.ts';
import { run } from '../../helpers/ffmpeg.ts';
import * as w from '../../helpers/matroska-writer.ts';

/** Films that ffmpeg makes in codecs that are only decoded, what is read of them, and what ffmpeg makes of that. */

const signal = new AbortController().signal;
const OPENERS = {
  mkv: openMatroska,
  webm: openMatroska,
  mp4: openMp4,
  mov: openMp4,
  ts: openTransportStream,
};
export type Container = keyof typeof OPENERS;

const SIZE = 'size=96x64:rate=25';

export interface FilmOptions {
  readonly container: Container;
  readonly seconds?: number;
  /** Encoder and muxer. */
  readonly options: readonly string[];
}

/** Pictures of 96x64 at 25 a second. */
export function makeFilm(film: FilmOptions): Uint8Array {
  const [made] = makeFilms([film]);
  if (!made) throw new Error('No film');
  return made;
}

/** The same pictures in different ways, by one program. */
export const makeFilms = (films: readonly FilmOptions[]): Uint8Array[] =>
  inFolder((folder) => {
    const outputs = films.map(({ container, seconds = 1.6, options }, i) => {
      const fast = container === 'mp4' || container === 'mov' ? ['-movflags', '+faststart'] : [];
      const path = join(folder, `${i}.${container}`);
      return {
        path,
        options: ['-map', '0:v', '-t', String(seconds), '-threads', '1', ...fast, ...options, path],
      };
    });
    const source = ['-f', 'lavfi', '-i', `testsrc2=${SIZE}:duration=2`];
    execFileSync('ffmpeg', ['-v', 'error', ...source, ...outputs.flatMap(({ options }) => options)]);
    return outputs.map(({ path }) => new Uint8Array(readFileSync(path)));
  });

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-decode-only-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface Film {
  readonly demuxer: Demuxer;
  readonly track: VideoTrack;
  readonly decodeOnly: DecodeOnlyVideo;
  readonly samples: readonly Sample[];
}

/** From a place on; of chunks of so many bytes. */
export async function samplesOf(
  demuxer: Demuxer,
  id: number,
  start = demuxer.payload.start,
): Promise<Sample[]> {
  const { end } = demuxer.payload;
  const samples: Sample[] = [];
  const query = { start, soft: end, end, tracks: new Set([id]) };
  for await (const batch of demuxer.samples(query, signal)) samples.push(...batch.samples);
  return samples;
}

export async function openFilm(container: Container, file: Uint8Array): Promise<Film> {
  const demuxer = await OPENERS[container](memorySource(file), signal);
  const track = demuxer.tracks.find((one) => one.kind === 'video');
  if (track?.kind !== 'video' || !track.decodeOnly) throw new Error('No video that is only decoded');
  return { demuxer, track, decodeOnly: track.decodeOnly, samples: await samplesOf(demuxer, track.id) };
}

interface Probed {
  /** Milliseconds. */
  readonly time: number | null;
  readonly size: number;
}

export interface ProbedStream {
  readonly codec_name: string;
  readonly width: number;
  readonly height: number;
  readonly sample_aspect_ratio?: string;
  readonly r_frame_rate: string;
}

/** The first video stream and its packets, as ffprobe reads them. */
export function probe(file: Uint8Array): {
  readonly stream: ProbedStream;
  readonly packets: readonly Probed[];
} {
  const show = ['-of', 'json', '-select_streams', 'v:0', '-show_streams', '-show_packets', '-'];
  const { packets, streams } = JSON.parse(run('ffprobe', show, file).stdout.toString()) as {
    readonly packets: readonly { readonly pts_time?: string; readonly size: string }[];
    readonly streams: readonly ProbedStream[];
  };
  const [stream] = streams;
  if (!stream) throw new Error('ffprobe knows no video');
  const read = packets.map(({ pts_time, size }) => ({
    time: pts_time === undefined ? null : Math.round(Number(pts_time) * 1000),
    size: Number(size),
  }));
  return { stream, packets: read };
}

export interface Decoded {
  /** Of the pictures, in order of display. */
  readonly sums: readonly string[];
  /** Milliseconds. */
  readonly times: readonly number[];
}

/** What ffmpeg makes of a file. */
export function decoded(file: Uint8Array): Decoded {
  const [one] = decodedAll([file]);
  if (!one) throw new Error('Nothing was decoded');
  return one;
}

/** Of each file, by one program. */
export const decodedAll = (files: readonly Uint8Array[]): Decoded[] =>
  inFolder((folder) => {
    const inputs = files.flatMap((file, i) => {
      writeFileSync(join(folder, `${i}`), file);
      return ['-i', join(folder, `${i}`)];
    });
    const form = ['-fps_mode', 'passthrough', '-enc_time_base', '1:1000', '-f', 'framemd5'];
    const outputs = files.flatMap((_, i) => ['-map', `${i}:v:0`, ...form, join(folder, `${i}.txt`)]);
    const { stderr } = run('ffmpeg', ['-copyts', ...inputs, ...outputs], new Uint8Array());
    return files.map((_, i) => {
      const path = join(folder, `${i}.txt`);
      const lines = (existsSync(path) ? readFileSync(path, 'utf8') : '').split('\n');
      const fields = lines
        .filter((line) => /^\d/.test(line))
        .map((line) => line.split(',').map((one) => one.trim()));
      if (fields.length === 0) throw new Error(`Nothing was decoded of input ${i}: ${stderr}`);
      return { sums: fields.map((one) => one.at(-1) ?? ''), times: fields.map((one) => Number(one[2])) };
    });
  });

/** Matroska of the samples as they are, stamped in microseconds, as an encoder is given them. */
export function rewrapped({ track, decodeOnly, samples }: Omit<Film, 'demuxer'>): Uint8Array {
  const { width, height } = track;
  const entry = w.videoTrack({
    ...{ number: 1, width, height },
    codec: decodeOnly.codecId,
    ...(decodeOnly.codecPrivate.length > 0 && { private: decodeOnly.codecPrivate }),
  });
  const clusters = samples.map((sample) => {
    const isKey = ['idr', 'radl', 'cra'].includes(kindOf(decodeOnly, sample));
    const block = w.element(w.ID.SimpleBlock, w.hex(`81 0000 ${isKey ? '80' : '00'}`), sample.data);
    return w.element(
      w.ID.Cluster,
      w.uint(w.ID.Timestamp, Math.max(0, Math.round(sample.time / 1000))),
      block,
    );
  });
  const segment = [w.info({ timestampScale: 1000 }), w.tracks(entry), ...clusters];
  return w.bytes(w.ebmlHead(), w.element(w.ID.Segment, segment));
}

export const kindOf = (decodeOnly: DecodeOnlyVideo, { data, isKey }: Pick<Sample, 'data' | 'isKey'>) =>
  decodeOnlyKind(decodeOnly, { data, isKey });

export const milliseconds = (time: number): number => Math.round(time / 1e6);
