import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { openFaststart } from '../../../src/pipeline/faststart.ts';
import { type MovieWish, openTitleFile, openTitleMovie } from '../../../src/pipeline/movie/movie.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { rebuild } from '../../helpers/matroska-edit.ts';
import { ID } from '../../helpers/matroska-writer.ts';
import { clusterStarts, mutantOf } from '../../helpers/mutants.ts';
import { someRuns } from '../../helpers/rows.ts';
import { audio, film, video } from '../film.ts';
import { NEVER, serve } from '../serve.ts';
import { checkFile, checkFragments, patched } from './written.ts';

/** The first clusters of a fixture. */
const beginning = (name: string, clusters: number): Uint8Array => {
  let left = clusters;
  return rebuild(fixture(name), (parts) => parts.filter(({ id }) => id !== ID.Cluster || left-- > 0));
};

const pictures = (pattern: string, order: readonly number[]) =>
  video({ pattern, count: 60, timeOf: (i) => (i + (order[i % order.length] ?? 0)) * 120 }).map(
    (packet, i) => ({ ...packet, written: i * 120 }),
  );

const PARENTS = new Set('moov trak mdia minf stbl edts udta moof traf mvex'.split(' '));

/** Where the boxes of an MP4 file begin. */
function boxStarts(file: Uint8Array, from = 0, end = file.length): number[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const starts: number[] = [];
  for (let at = from; at + 8 <= end; at += view.getUint32(at)) {
    const isParent = PARENTS.has(String.fromCharCode(...file.subarray(at + 4, at + 8)));
    starts.push(at, ...(isParent ? boxStarts(file, at + 8, at + view.getUint32(at)) : []));
  }
  return starts;
}

const every = (file: Uint8Array, stride: number): number[] =>
  Array.from({ length: Math.floor(file.length / stride) }, (_, i) => i * stride);

interface Seed {
  readonly name: string;
  readonly file: Uint8Array;
  readonly structure: readonly number[];
  readonly count: number;
}

const matroskaOf = (name: string, file: Uint8Array, count: number): Seed => ({
  name,
  file,
  structure: clusterStarts(file),
  count,
});

const mp4Of = (name: string): Seed => {
  const file = fixture(name);
  return { name, file, structure: boxStarts(file), count: 400 };
};

const GOP = 'IPPPPPPP';
const SEEDS: readonly Seed[] = [
  matroskaOf(
    'a film of 7 s',
    film([...pictures(GOP, [0, 1, -1, 1, -1]), ...audio({ toMs: 3000 })], { defaultDuration: null }),
    1500,
  ),
  matroskaOf(
    'open GOPs',
    film([...pictures('rPPPPPPPP', [2, -1, -1]), ...audio({ toMs: 7000, lag: 300 })], {
      clusterAtKeys: false,
      clusterMs: 1000,
      defaultDuration: null,
    }),
    1000,
  ),
  matroskaOf('sound alone', film(audio({ toMs: 9000 })), 600),
  matroskaOf('bframes-aac', beginning('bframes-aac', 2), 400),
  matroskaOf('vp9-opus', beginning('vp9-opus', 1), 300),
  matroskaOf('alac-flac-mp3', beginning('alac-flac-mp3', 1), 400),
  { name: 'transport', file: fixture('transport'), structure: every(fixture('transport'), 188), count: 400 },
  mp4Of('progressive'),
  mp4Of('fragmented'),
];

const WHOLE: MovieWish = { start: null, duration: null, seek: 'before', sound: 'copied' };
const WISHES: readonly MovieWish[] = [
  WHOLE,
  { ...WHOLE, start: 2.5 },
  { ...WHOLE, start: 2.2, duration: 1, seek: 'accurate' },
  { ...WHOLE, start: 0.7, seek: 'after' },
  { ...WHOLE, start: 2.9, seek: 'accurate' },
  { ...WHOLE, duration: 0 },
];

/** Bytes at which enough was seen: stamps that span days are a lot of silence. */
const ENOUGH = 4_000_000;

/** Null where it goes on and on. */
async function gathered(chunks: AsyncIterable<readonly Uint8Array[]>): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const list of chunks)
    for (const part of list) {
      size += part.length;
      if (size > ENOUGH) return null;
      parts.push(part);
    }
  return concat(parts);
}

/** A mutant as a movie in fragments, or as a file; what is written is whole. */
async function use(file: Uint8Array, i: number): Promise<void> {
  const served = await serve(file);
  const wish = WISHES[i % WISHES.length] ?? WHOLE;
  const context = { transcripts: null, signal: NEVER };
  if (i % 4 < 2) {
    const { chunks } = await openTitleMovie(served, wish, context);
    const file = await gathered(chunks);
    if (file) checkFragments(file);
    return;
  }
  const { chunks, ending } = await openTitleFile(served, wish, context);
  const body = await gathered(chunks);
  if (body) await checkFile(patched(body, ending().patches));
}

/** An MP4 file laid out anew has its bytes, whatever they mean. */
async function layOut(file: Uint8Array): Promise<void> {
  const { size, read } = await openFaststart(memorySource(file), NEVER);
  const parts: Uint8Array[] = [];
  for await (const part of read({ start: 0, end: size }, NEVER)) parts.push(part);
  expect(concat(parts).length).toBe(size);
  const half = Math.floor(size / 2);
  let length = 0;
  for await (const part of read({ start: half, end: size + 10 }, NEVER)) length += part.length;
  expect(length).toBe(size - half);
}

const FACTOR = Number(process.env.SLUICE_MUTATIONS ?? someRuns(1, 0.04));

/** What goes wrong with damaged copies, otherwise than by a MediaError. */
async function failuresOf(
  { name, file, structure, count }: Seed,
  use: (file: Uint8Array, i: number) => Promise<void>,
) {
  const failures: unknown[] = [];
  let works = 0;
  const base = crc32(name);
  const all = Math.ceil(count * FACTOR);
  for (let i = 0; i < all && failures.length < 5; i++) {
    const seed = (base + i) | 0;
    const begun = performance.now();
    try {
      await use(mutantOf(file, seed, structure), i);
      works++;
    } catch (error) {
      if (!(error instanceof MediaError))
        failures.push({ i, seed, error: error instanceof Error ? error.stack : error });
    }
    const took = performance.now() - begun;
    if (took > 4000) failures.push({ i, seed, took });
  }
  return { failures, share: works / all };
}

describe.each(SEEDS)('$name, $count times damaged', (seed) => {
  test('is written rightly or refused with a MediaError', {
    timeout: 20_000 + 120_000 * FACTOR,
  }, async () => {
    const { failures, share } = await failuresOf(seed, use);
    expect(failures).toEqual([]);
    expect(share).toBeGreaterThan(0.1);
  });
});

describe.each([mp4Of('progressive'), mp4Of('fragmented')])('$name, $count times damaged', (seed) => {
  test('is laid out anew or refused with a MediaError', { timeout: 20_000 + 60_000 * FACTOR }, async () => {
    const { failures } = await failuresOf(seed, layOut);
    expect(failures).toEqual([]);
  });
});
