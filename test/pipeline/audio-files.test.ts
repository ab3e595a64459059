import { crc32 } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { concat } from '../../src/core/bytes.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { someOf } from '../helpers/rows.ts';
import {
  loopedSource,
  makeSound,
  read,
  remade,
  type SoundOptions,
} from '../parsers/audio-file/sound-files.ts';
import { expectLaws } from './laws.ts';
import { allSegments, newCache, type Served, segmentBytes, serve } from './serve.ts';
import { createTranscoder, encodedOf } from './transcoded-film.ts';

beforeEach(needsFfmpeg);

interface Row extends SoundOptions {
  readonly name: string;
  /** Its frames are. */
  readonly isCopied: boolean;
  /** AAC is made of it. */
  readonly isEncoded: boolean;
  /** The file is so many of them one behind the other. */
  readonly links?: number;
}

const both = { isCopied: true, isEncoded: true } as const;
const onlyEncoded = { isCopied: false, isEncoded: true } as const;

const ALL: readonly Row[] = [
  { name: 'MP3', output: ['-c:a', 'libmp3lame', '-q:a', '4', '-f', 'mp3'], ...both },
  { name: 'AAC', output: ['-c:a', 'aac', '-f', 'adts'], isCopied: true, isEncoded: false },
  { name: 'AC-3', output: ['-c:a', 'ac3', '-f', 'ac3'], rate: 48_000, channels: 6, ...both },
  {
    name: 'DTS',
    output: ['-c:a', 'dca', '-strict', '-2', '-f', 'dts'],
    rate: 48_000,
    ...onlyEncoded,
  },
  { name: 'FLAC', output: ['-c:a', 'flac', '-sample_fmt', 's16', '-f', 'flac'], ...both },
  { name: 'WAV', output: ['-c:a', 'pcm_s16le', '-f', 'wav'], ...onlyEncoded },
  { name: 'Opus in Ogg', output: ['-c:a', 'libopus', '-f', 'ogg'], rate: 48_000, ...both },
  { name: 'Vorbis in Ogg', output: ['-c:a', 'libvorbis', '-f', 'ogg'], ...onlyEncoded },
  { name: 'FLAC in Ogg', output: ['-c:a', 'flac', '-sample_fmt', 's16', '-f', 'ogg'], ...both },
  { name: 'a chain of Opus', output: ['-c:a', 'libopus', '-f', 'ogg'], rate: 48_000, links: 2, ...both },
  { name: 'a chain of Vorbis', output: ['-c:a', 'libvorbis', '-f', 'ogg'], links: 2, ...onlyEncoded },
];

const ROWS = someOf(ALL, 4);

/** Three segments: 2, 2 and 3 s. */
const SECONDS = 7;

async function sums(served: Served, order: readonly number[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const spans = newCache();
  for (const n of order)
    for (const rendition of served.renditions)
      found.set(`${rendition.name}/${n}`, crc32(await segmentBytes(served, rendition, n, spans)));
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const files = new Map(
  ROWS.map((row) => {
    let made: Uint8Array | null = null;
    const make = (): Uint8Array => {
      const { links = 1 } = row;
      made ??= concat(Array.from({ length: links }, () => makeSound({ ...row, seconds: SECONDS / links })));
      return made;
    };
    return [row.name, make];
  }),
);
const fileOf = (name: string): Uint8Array => files.get(name)?.() ?? new Uint8Array(0);

describe.each(ROWS)('$name', ({ name, isCopied, isEncoded }) => {
  test('is offered, and its segments follow the laws', async () => {
    const served = await serve(fileOf(name), createTranscoder());
    const names = served.renditions.map((rendition) => rendition.name);
    expect({ copy: names.includes('a0-copy'), aac: names.includes('a0-aac') }).toEqual({
      copy: isCopied,
      aac: isEncoded,
    });
    expect(served.count).toBe(3);
    for (const rendition of served.renditions)
      expectLaws(served, rendition, await allSegments(served, rendition));
  });

  test('segments are the same in any order', async () => {
    const inOrder = await sums(await serve(fileOf(name), createTranscoder()), [0, 1, 2]);
    expect(await sums(await serve(fileOf(name), createTranscoder()), [2, 0, 1])).toEqual(inOrder);
  });
});

test.each(ROWS.filter(({ isCopied }) => isCopied))('$name: every frame is in exactly one segment', async ({
  name,
}) => {
  const served = await serve(fileOf(name));
  const [rendition] = served.renditions;
  if (!rendition) throw new Error('Nothing is copied');
  const segments = await allSegments(served, rendition);
  const own = segments.flatMap(({ samples }) => samples.map((sample) => sample.crc32));
  const { samples } = await read(served.title.demuxer);
  expect(own).toEqual(samples.map(({ crc }) => crc.toString(16).padStart(8, '0')));
});

test.each(
  ROWS.filter(({ isEncoded }) => isEncoded),
)('$name: what is heard is what the file holds, where it holds it', async ({ name }) => {
  const served = await serve(fileOf(name), createTranscoder());
  const rendition = encodedOf(served);
  const parts: Uint8Array[] = [rendition.muxer.init()];
  for (let n = 0; n < served.count; n++) parts.push(await segmentBytes(served, rendition, n));
  const heard = mono(remade(concat(parts), MONO));
  const meant = mono(remade(fileOf(name), MONO));
  // ffmpeg leaves out what an encoder put before the sound; the title begins with it.
  const delay = Math.round((-served.title.zero * 48_000) / 1e9);
  expect(bestLag(heard.subarray(delay), meant)).toBe(0);
  expect(Math.abs(heard.length - delay - meant.length)).toBeLessThan(4096);
});

const MONO = ['-map', '0:a', '-ac', '1', '-ar', '48000', '-c:a', 'pcm_f32le', '-f', 'f32le'];
const mono = (bytes: Uint8Array): Float32Array =>
  new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);

/** Samples by which one sound lies behind another, within a hundred. */
function bestLag(heard: Float32Array, meant: Float32Array): number {
  const differs = (lag: number) => {
    let sum = 0;
    for (let i = 100_000; i < 110_000; i++) sum += ((heard[i + lag] ?? 0) - (meant[i] ?? 0)) ** 2;
    return sum;
  };
  const lags = Array.from({ length: 201 }, (_, i) => i - 100);
  return lags.reduce((best, lag) => (differs(lag) < differs(best) ? lag : best), 100);
}

test('a segment in the middle of a large file costs its own bytes', async () => {
  const file = makeSound({
    rate: 48_000,
    output: ['-c:a', 'libmp3lame', '-b:a', '320k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'],
  });
  const size = Math.floor((100 * 2 ** 20) / file.length) * file.length;
  const source = loopedSource(new Uint8Array(0), file, size);
  const served = await serve(source);
  expect(source.reads.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThan(2.5 * 2 ** 20);
  const before = source.reads.length;
  const [rendition] = served.renditions;
  if (rendition) await segmentBytes(served, rendition, 200);
  const bytes = source.reads.slice(before).reduce((sum, { start, end }) => sum + end - start, 0);
  expect(bytes).toBeLessThan(6 * 40_000 + 200_000);
});
