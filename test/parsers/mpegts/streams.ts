import { execFileSync } from 'node:child_process';
import { crc32 } from 'node:zlib';
import { openTransportStream, type TransportOptions } from '../../../parsers/mpegts/demuxer.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Sample, Source } from '../../../src/core/contracts.ts';
import { type PmtOptions, pat, pmt, TsWriter, tsPacket } from '../../helpers/ts-writer.ts';

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

const PACKET = 188;
export const NULL_PACKET = tsPacket({ pid: 0x1fff, payload: new Uint8Array(184) });

export const pidOf = (packet: Uint8Array): number => (((packet[1] ?? 0) & 31) << 8) | (packet[2] ?? 0);

/** The stream with other packets in place of each of its own, which may be changed. */
export const eachPacket = (
  file: Uint8Array,
  change: (packet: Uint8Array, i: number) => Uint8Array[],
): Uint8Array =>
  concat(
    Array.from({ length: file.length / PACKET }, (_, i) =>
      change(file.slice(i * PACKET, (i + 1) * PACKET), i),
    ).flat(),
  );

/** Where the program map lies that `program` writes, as ffmpeg's does. */
export const PMT_PID = 4096;

/** A stream that begins with the tables of its only program. */
export const program = (table: PmtOptions): TsWriter =>
  new TsWriter().sections(0, pat([{ number: 1, pid: PMT_PID }])).sections(PMT_PID, pmt(table));

/** What is the same wherever the packets lie. */
export const contents = (samples: readonly ReadSample[]) =>
  samples.map(({ trackId, time, size, sum, isKey }) => ({ trackId, time, size, sum, isKey }));
