import { execFileSync } from 'node:child_process';
import { crc32 } from 'node:zlib';
import { openTransportStream, type TransportOptions } from '../../../parsers/mpegts/demuxer.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Sample, Source } from '../../../src/core/contracts.ts';

/** Transport streams that ffmpeg makes, and what the demuxer reads of them. */

export const NEVER: AbortSignal = new AbortController().signal;

/** Options of ffmpeg for inputs, encoders and the muxer; pictures and a tone where no input is named. */
export interface StreamOptions {
  readonly seconds?: number;
  readonly video?: readonly string[];
  readonly audio?: readonly string[];
  readonly mux?: readonly string[];
}

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '25'];
const AAC = ['-c:a', 'aac', '-b:a', '96k'];

/** 160x96 at 25 pictures a second and a tone of 48 kHz in stereo. */
export function makeStream(options: StreamOptions = {}): Uint8Array {
  const { seconds = 4, video = H264, audio = AAC, mux = [] } = options;
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=size=160x96:rate=25:duration=${seconds}`];
  const tone = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`, '-ac', '2'];
  const args = [
    ...['-v', 'error', ...(video.length > 0 ? pictures : []), ...(audio.length > 0 ? tone : [])],
    ...[...video, ...audio, ...mux, '-f', 'mpegts', '-'],
  ];
  return new Uint8Array(execFileSync('ffmpeg', args, { maxBuffer: 2 ** 27 }));
}

export const open = (file: Uint8Array | Source, options: TransportOptions = {}): Promise<Demuxer> =>
  openTransportStream(file instanceof Uint8Array ? memorySource(file) : file, NEVER, options);

export interface ReadSample extends Omit<Sample, 'data'> {
  readonly size: number;
  readonly sum: number;
}

/** All samples of all tracks from a place on, in the order they are given, without their bytes. */
export async function readAll(demuxer: Demuxer, start = demuxer.payload.start): Promise<ReadSample[]> {
  const { end } = demuxer.payload;
  const query = { start, soft: end, end, tracks: new Set(demuxer.tracks.map(({ id }) => id)) };
  const samples: ReadSample[] = [];
  for await (const batch of demuxer.samples(query, NEVER))
    for (const { data, ...sample } of batch.samples)
      samples.push({ ...sample, size: data.length, sum: crc32(data) });
  return samples;
}

/** By PID. */
export function byTrack(samples: readonly ReadSample[]): Map<number, ReadSample[]> {
  const groups = new Map<number, ReadSample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.trackId) ?? [];
    group.push(sample);
    groups.set(sample.trackId, group);
  }
  return groups;
}
