import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { readTextChapters } from '../../../parsers/mp4/chapter-track.ts';
import { parseMovie } from '../../../parsers/mp4/movie.ts';
import { infoOf } from '../../../parsers/mp4/movie-facts.ts';
import { readTopLevel } from '../../../parsers/mp4/top-level.ts';
import { tracksOf } from '../../../parsers/mp4/tracks.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { ByteRange, Source } from '../../../src/core/contracts.ts';
import { box, full, mvhd, type Part, serialize, trak, u16, u32, zeros } from './movie-writer.ts';
import { elst } from './track-files.ts';

const NEVER = new AbortController().signal;
const progressive = new Uint8Array(
  readFileSync(new URL('../../../fixtures/progressive.mp4', import.meta.url)),
);

const utf8 = (text: string) => new TextEncoder().encode(text);
const sample = (title: Uint8Array, ...behind: readonly Uint8Array[]) =>
  serialize(u16(title.length), title, ...behind);
const plain = (text: string) => sample(utf8(text));

interface Shape {
  readonly edits?: Part;
  readonly handler?: string;
  /** Bytes in front of the last sample. */
  readonly gap?: number;
  /** Nobody refers to it. */
  readonly isAlone?: boolean;
}

/** A file that begins with titles of a second each, and a movie of which they are the chapters. */
function film(samples: readonly Uint8Array[], { edits, handler = 'text', gap = 0, isAlone }: Shape = {}) {
  const last = samples.length - 1;
  const bytes = concat(samples.flatMap((one, i) => (i === last ? [zeros(gap), one] : [one])) as Uint8Array[]);
  const places = samples.map((_, i) => concat([...samples.slice(0, i)]).length + (i === last ? gap : 0));
  const tables = [
    full('stts', 0, u32(1, samples.length, 1000)),
    full('stsc', 0, u32(1, 1, 1, 1)),
    full('stsz', 0, u32(0, samples.length, ...samples.map(({ length }) => length))),
    full('stco', 0, u32(samples.length, ...places)),
  ];
  const entry = box('text', zeros(6), u16(1), zeros(43));
  const movie = parseMovie(
    serialize(
      mvhd(),
      trak({ id: 1, extra: isAlone ? [] : [box('tref', box('chap', u32(2)))] }),
      trak({ id: 2, handler, entries: [entry], tables, extra: edits ? [box('edts', edits)] : [] }),
    ),
    bytes.length,
  );
  return { movie, bytes };
}

/** Counts what is asked for. */
function watched(bytes: Uint8Array): { readonly source: Source; readonly reads: ByteRange[] } {
  const inner = memorySource(bytes);
  const reads: ByteRange[] = [];
  return {
    reads,
    source: {
      size: bytes.length,
      read(range, signal) {
        reads.push(range);
        return inner.read(range, signal);
      },
    },
  };
}

async function chaptersOf(...made: Parameters<typeof film>) {
  const { movie, bytes } = film(...made);
  const { source, reads } = watched(bytes);
  const chapters = await readTextChapters(movie, { source, end: bytes.length }, NEVER);
  return { titles: chapters.map(({ title }) => title), chapters, reads };
}

test('ffmpeg: titles with their times, in one read, before those of Nero', async () => {
  const { source, reads } = watched(progressive);
  const { moov } = await readTopLevel(source, { end: progressive.length, access: 'anywhere' }, NEVER);
  if (!moov) throw new Error('no moov');
  const movie = parseMovie(moov.bytes, moov.content);
  reads.length = 0;
  const chapters = await readTextChapters(movie, { source, end: progressive.length }, NEVER);
  const expected = [
    { edition: 0, title: 'Overture', language: 'en', start: 0, end: 1500 },
    { edition: 0, title: 'Größe ±', language: 'en', start: 1500, end: 3200 },
    { edition: 0, title: '終わり', language: 'en', start: 3200, end: 5000 },
  ];
  expect(chapters).toEqual(expected);
  expect(reads).toHaveLength(1);
  expect(infoOf(movie, chapters).chapters).toEqual(expected);
  expect(infoOf(movie).chapters.map(({ end }) => end)).toEqual([null, null, null]);
  expect(tracksOf(movie).map(({ kind }) => kind)).toEqual(['video', 'audio', 'audio', 'other']);
});

describe('titles', () => {
  const utf16 = Uint8Array.of(0xfe, 0xff, 0, 0xc4, 0, 0x6e);
  const little = Uint8Array.of(0xff, 0xfe, 0xc4, 0, 0x6e, 0);
  it.each([
    { name: 'in UTF-16', samples: [sample(utf16), sample(little)], titles: ['Än', 'Än'] },
    { name: 'in Latin-1', samples: [sample(Uint8Array.of(0xc4, 0x6e))], titles: ['Än'] },
    {
      name: 'with boxes behind them',
      samples: [sample(utf8('A'), serialize(box('encd', u32(0x100)))), plain('B')],
      titles: ['A', 'B'],
    },
    { name: 'without letters', samples: [plain(''), plain('B')], titles: [null, 'B'] },
    { name: 'that are cut off', samples: [plain('A'), serialize(u16(9), utf8('B'))], titles: ['A'] },
    { name: 'without bytes', samples: [plain('A'), new Uint8Array(0), plain('C')], titles: ['A', 'C'] },
  ])('$name', async ({ samples, titles }) => {
    expect((await chaptersOf(samples)).titles).toEqual(titles);
  });

  test('of one that begins later by its edit list', async () => {
    const edits = full(
      'elst',
      0,
      elst([
        { duration: 300, mediaTime: -1, rate: 1 },
        { duration: 1200, mediaTime: 0, rate: 1 },
      ]).subarray(4),
    );
    const { chapters } = await chaptersOf([plain('A'), plain('B')], { edits });
    expect(chapters.map(({ start, end }) => [start, end])).toEqual([
      [500, 1500],
      [1500, 2500],
    ]);
  });

  test('are a thousand at most', async () => {
    const many = Array.from({ length: 1200 }, (_, i) => plain(`${i}`));
    const { titles, reads } = await chaptersOf(many);
    expect(titles).toHaveLength(1000);
    expect(titles.at(-1)).toBe('999');
    expect(reads).toHaveLength(1);
  });
});

describe('nothing is read', () => {
  const samples = [plain('A'), plain('B')];
  it.each<{ name: string; shape: Shape }>([
    { name: 'of titles that lie far apart', shape: { gap: 64 * 1024 } },
    { name: 'of a track that nobody refers to', shape: { isAlone: true } },
    { name: 'of a track that is no text', shape: { handler: 'soun' } },
  ])('$name', async ({ shape }) => {
    const { titles, reads } = await chaptersOf(samples, shape);
    expect([titles, reads]).toEqual([[], []]);
  });
});
