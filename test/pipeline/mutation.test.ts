import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { memorySource } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { fixture } from '../helpers/fixtures.ts';
import { rebuild, withAttachment } from '../helpers/matroska-edit.ts';
import { ID } from '../helpers/matroska-writer.ts';
import { clusterStarts, mutantOf, splice } from '../helpers/mutants.ts';
import { someRuns } from '../helpers/rows.ts';
import { audio, film, video } from './film.ts';
import { playlists, segmentBytes, serve } from './serve.ts';

/** The first clusters of a fixture. */
const beginning = (name: string, clusters: number): Uint8Array => {
  let left = clusters;
  return rebuild(fixture(name), (parts) => parts.filter(({ id }) => id !== ID.Cluster || left-- > 0));
};

const GOP = 'IPPPPPPP';
/** Few packets for its 3 s, so that ten thousand mutants take less than a minute. */
const few = (pattern: string, order: readonly number[]) =>
  video({ pattern, count: 24, timeOf: (i) => (i + (order[i % order.length] ?? 0)) * 120 }).map(
    (packet, i) => ({
      ...packet,
      written: i * 120,
    }),
  );
const small = film([...few(GOP, [0, 1, -1, 1, -1]), ...audio({ toMs: 1000 })], { defaultDuration: null });
const open = film([...few(`r${GOP.slice(1)}`, [0]), ...audio({ toMs: 1000, lag: 300 })], {
  clusterAtKeys: false,
  clusterMs: 1000,
  defaultDuration: null,
});

/** Zeros that nobody stored: makes a small file large enough to be planned from a few places. */
const GAP = 2_200_000;
const ZEROS = new Uint8Array(GAP);
const gapSource = (file: Uint8Array, at: number): Source => ({
  size: file.length + GAP,
  async *read({ start, end }) {
    if (start < at) yield file.subarray(start, Math.min(at, end));
    const [from, to] = [Math.max(start, at), Math.min(end, at + GAP)];
    if (from < to) yield ZEROS.subarray(0, to - from);
    if (end > at + GAP) yield file.subarray(Math.max(start, at + GAP) - GAP, end - GAP);
  },
});

/** The attachment's zeros taken out, and where they were. */
function withGap(file: Uint8Array): { readonly file: Uint8Array; readonly at: number } {
  const large = withAttachment(file, GAP + 100);
  const at = (clusterStarts(large)[0] ?? 0) - GAP - 50;
  return { file: splice(large, at, GAP, new Uint8Array(0)), at };
}

interface Seed {
  readonly name: string;
  readonly file: Uint8Array;
  readonly gapAt?: number;
  readonly count: number;
  /** Where structure lies; at the clusters when absent. */
  readonly structure?: readonly number[];
}

/** Every packet of so many bytes. */
const packetsOf = (name: string, stride: number): Seed => {
  const file = fixture(name);
  const structure = Array.from({ length: Math.floor(file.length / stride) }, (_, i) => i * stride);
  return { name, file, structure, count: 800 };
};

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

/** Every box. */
const boxesOf = (name: string): Seed => {
  const file = new Uint8Array(readFileSync(new URL(`../../fixtures/${name}.mp4`, import.meta.url)));
  return { name, file, structure: boxStarts(file), count: 600 };
};

const gapped = withGap(small);
const gappedOpen = withGap(open);
const SEEDS: readonly Seed[] = [
  { name: 'a film of 3 s', file: small, count: 2000 },
  { name: 'open GOPs', file: open, count: 1000 },
  { name: 'a film behind 2 MB', file: gapped.file, gapAt: gapped.at, count: 1200 },
  { name: 'open GOPs behind 2 MB', file: gappedOpen.file, gapAt: gappedOpen.at, count: 800 },
  { name: 'bframes-aac', file: beginning('bframes-aac', 1), count: 800 },
  { name: 'ffmpeg-mux', file: beginning('ffmpeg-mux', 1), count: 800 },
  { name: 'audio-only', file: beginning('audio-only', 2), count: 800 },
  { name: 'hevc-hdr10', file: beginning('hevc-hdr10', 1), count: 800 },
  { name: 'vp9-opus', file: beginning('vp9-opus', 1), count: 400 },
  { name: 'av1-eac3', file: beginning('av1-eac3', 1), count: 800 },
  packetsOf('transport', 188),
  packetsOf('transport-192', 192),
  boxesOf('progressive'),
  boxesOf('fragmented'),
  { name: 'alac-flac-mp3', file: beginning('alac-flac-mp3', 1), count: 800 },
];

/** Plan, playlists, initialisation, the first segment of the first rendition and the last of the last one. */
async function use(source: Source): Promise<number> {
  const served = await serve(source);
  let size = playlists(served).join('').length;
  for (const rendition of served.renditions) size += rendition.muxer.init().length;
  const wanted = [
    [served.renditions[0], 0],
    [served.renditions.at(-1), served.count - 1],
  ] as const;
  for (const [rendition, n] of wanted)
    try {
      if (rendition) size += (await segmentBytes(served, rendition, n)).length;
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
    }
  return size;
}

/** `npm run fuzz` multiplies. */
const FACTOR = Number(process.env.SLUICE_MUTATIONS ?? someRuns(1, 0.05));

describe.each(SEEDS)('$name, $count times damaged', ({ file, gapAt, name, structure, ...seed }) => {
  const count = seed.count * FACTOR;
  const sourceOf = (bytes: Uint8Array) =>
    gapAt === undefined ? memorySource(bytes) : gapSource(bytes, gapAt);

  test('undamaged it works', async () => expect(await use(sourceOf(file))).toBeGreaterThan(1000));

  test('it is played or refused with a MediaError, at once and in little memory', {
    timeout: 20_000 + 60_000 * FACTOR,
  }, async () => {
    const clusters = structure ?? clusterStarts(file);
    const failures: unknown[] = [];
    let works = 0;
    const base = [...name].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7);
    for (let i = 0; i < count && failures.length < 5; i++) {
      const seed = (base + i) | 0;
      const mutant = mutantOf(file, seed, clusters);
      const begun = performance.now();
      try {
        const size = await use(sourceOf(mutant));
        if (size > 30_000_000) failures.push({ seed, size });
        works++;
      } catch (error) {
        if (!(error instanceof MediaError))
          failures.push({ seed, error: error instanceof Error ? error.stack : error });
      }
      const took = performance.now() - begun;
      if (took > 2000) failures.push({ seed, took });
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      if (arrayBuffers + heapUsed > 2_000_000_000) failures.push({ seed, arrayBuffers, heapUsed });
    }
    expect(failures).toEqual([]);
    expect(works, 'much damage leaves something to play').toBeGreaterThan(count / 6);
  });
});
