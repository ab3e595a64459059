import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import type { Demuxer, Sample, SampleQuery, Source } from '../../../src/core/contracts.ts';
import { run } from '../../helpers/ffmpeg.ts';

/** Files of sound that ffmpeg makes, what it reads of them, and what our demuxers do. */

export const NEVER: AbortSignal = new AbortController().signal;

export interface SoundOptions {
  readonly seconds?: number;
  readonly rate?: number;
  readonly channels?: number;
  /** As ffmpeg names it; what is usual for the channels when absent. */
  readonly layout?: string;
  /** Encoder and muxer. */
  readonly output: readonly string[];
}

/** Tones that differ by channel, louder and softer by turns so that frames of a variable rate differ. */
export function makeSound({
  seconds = 2,
  rate = 44_100,
  channels = 2,
  layout,
  output,
}: SoundOptions): Uint8Array {
  const tones = Array.from(
    { length: channels },
    (_, i) =>
      `0.4*sin(${300 + 210 * i}*2*PI*t)*(0.5+0.5*sin(2*PI*t))+0.1*(random(${i})-0.5)*gt(sin(2*PI*t)\\,0.6)`,
  );
  const usual = channels === 6 ? '5.1' : `${channels}c`;
  const source = `aevalsrc=${tones.join('|')}:s=${rate}:c=${layout ?? usual}:d=${seconds}`;
  return converted(['-f', 'lavfi', '-i', source], output);
}

/** What ffmpeg makes of a file. */
export const remade = (file: Uint8Array, output: readonly string[]): Uint8Array =>
  converted(['-i', '-'], output, file);

/** By way of a file: into a pipe, muxers cannot go back to write lengths and delays. */
function converted(input: readonly string[], output: readonly string[], file?: Uint8Array): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'sound-'));
  const path = join(folder, 'made');
  try {
    const { stderr } = spawnSync('ffmpeg', ['-v', 'error', ...input, ...output, path], { input: file });
    if (!existsSync(path)) throw new Error(stderr.toString());
    return Uint8Array.from(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface ProbedPacket {
  readonly size: number;
  readonly crc: number;
  /** Seconds; NaN where ffprobe does not know. */
  readonly time: number;
}

/** Packets as ffprobe reads them. */
export function probed(file: Uint8Array, reader: readonly string[] = []): ProbedPacket[] {
  const show = 'packet=pts_time,size,data_hash';
  const options = ['-show_packets', '-show_data_hash', 'CRC32', '-show_entries', show, '-of', 'json'];
  const { stdout, stderr } = run('ffprobe', [...reader, ...options, '-i', '-'], file);
  if (stdout.length === 0) throw new Error(stderr);
  const { packets } = JSON.parse(stdout.toString()) as {
    packets: { pts_time?: string; size: string; data_hash: string }[];
  };
  return packets.map(({ pts_time, size, data_hash }) => ({
    time: Number(pts_time),
    size: Number(size),
    crc: Number.parseInt(data_hash.replace('CRC32:', ''), 16),
  }));
}

/** A sample without its bytes. */
export interface ReadSample extends Omit<Sample, 'data'> {
  readonly size: number;
  readonly crc: number;
}

export interface Reading {
  readonly samples: readonly ReadSample[];
  readonly skipped: number;
}

export async function read(demuxer: Demuxer, part: Partial<SampleQuery> = {}): Promise<Reading> {
  const { start, end } = demuxer.payload;
  const query = { start, soft: end, end, tracks: new Set([1]), ...part };
  const samples: ReadSample[] = [];
  let skipped = 0;
  for await (const batch of demuxer.samples(query, NEVER)) {
    skipped += batch.skipped;
    for (const { data, ...sample } of batch.samples)
      samples.push({ ...sample, size: data.length, crc: crc32(data) });
  }
  return { samples, skipped };
}

/** Count, sizes, bytes and times are those of ffprobe; times from the first packet on. */
export function expectProbed(
  samples: readonly ReadSample[],
  packets: readonly ProbedPacket[],
  tolerance = 1e-4,
): void {
  expect(samples.map(({ size, crc }) => ({ size, crc }))).toEqual(
    packets.map(({ size, crc }) => ({ size, crc })),
  );
  const offset = (samples[0]?.time ?? 0) / 1e9 - (packets[0]?.time ?? 0);
  const off = samples.map(({ time }, i) => Math.abs(time / 1e9 - offset - (packets[i]?.time ?? 0)));
  expect(Math.max(...off)).toBeLessThan(tolerance);
}

/** Whatever place reading begins and ends at, the same samples come out. */
export async function expectSameFromAnywhere(
  open: (source: Source) => Promise<Demuxer>,
  source: Source,
): Promise<void> {
  const demuxer = await open(source);
  const { samples } = await read(demuxer);
  const { payload } = demuxer;
  const span = payload.end - payload.start;
  const points = (demuxer.seekPoints(1) ?? []).map(({ position }) => position);
  const places = [
    ...points,
    ...Array.from({ length: 9 }, (_, i) => payload.start + Math.floor((span * i) / 9) + i),
  ];
  for (const start of places) {
    const end = Math.min(payload.end, start + Math.floor(span / 5));
    const wanted = samples.filter(({ position }) => position >= start && position < end);
    const found = await read(demuxer, { start, soft: Math.min(start + 1000, end), end, isCompleting: true });
    expect(found.samples, `from ${start}`).toEqual(wanted);
    const cut = await read(demuxer, { start, end });
    expect(cut.samples, `from ${start}, cut off`).toEqual(wanted.slice(0, cut.samples.length));
    expect(wanted.length - cut.samples.length).toBeLessThan(3);
  }
}

export interface CountedSource extends Source {
  readonly reads: { readonly start: number; readonly end: number }[];
}

/** Gives bytes in pieces, each in a buffer of its own, and keeps the ranges asked for. */
export function pieces(file: Uint8Array, size: number): CountedSource {
  const reads: { start: number; end: number }[] = [];
  return {
    size: file.length,
    reads,
    async *read({ start, end }) {
      reads.push({ start, end: Math.min(end, file.length) });
      for (let at = start; at < Math.min(end, file.length); at += size)
        yield file.slice(at, Math.min(at + size, end));
    },
  };
}

/** A file that begins with `head` and goes on with `loop` again and again. */
export function loopedSource(head: Uint8Array, loop: Uint8Array, size: number): CountedSource {
  const reads: { start: number; end: number }[] = [];
  const PIECE = 64 * 1024;
  return {
    size,
    reads,
    async *read({ start, end }) {
      const stop = Math.min(end, size);
      reads.push({ start, end: stop });
      for (let at = start; at < stop; at += PIECE) {
        const piece = new Uint8Array(Math.min(PIECE, stop - at));
        for (let i = 0; i < piece.length; ) {
          const place = at + i;
          const from =
            place < head.length ? head.subarray(place) : loop.subarray((place - head.length) % loop.length);
          const part = from.subarray(0, piece.length - i);
          piece.set(part, i);
          i += part.length;
        }
        yield piece;
      }
    },
  };
}
