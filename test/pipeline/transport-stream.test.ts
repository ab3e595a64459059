import { crc32 } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { concat, memorySource } from '../../src/core/bytes.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { byTrack, makeStream, open, readAll } from '../parsers/mpegts/streams.ts';
import { expectLaws } from './laws.ts';
import { allSegments, inPieces, newCache, type Served, segmentBytes, serve } from './serve.ts';

beforeEach(needsFfmpeg);

const SECONDS = 14;
const x264 = (...options: string[]) => ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', ...options];
const film = (options: Parameters<typeof makeStream>[0] = {}) =>
  makeStream({ seconds: SECONDS, video: x264('-g', '50'), ...options });

interface Row {
  readonly name: string;
  make(): Uint8Array;
  /** Sound of the second stream begins before that of the first has ended, and off its grid. */
  readonly isSpliced?: boolean;
}

const ROWS: readonly Row[] = [
  { name: 'H.264 and AAC', make: () => film() },
  {
    name: 'HEVC and E-AC-3',
    make: () =>
      film({
        video: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=50:log-level=none'],
        audio: ['-c:a', 'eac3'],
      }),
  },
  { name: 'sound alone', make: () => film({ video: [], audio: ['-c:a', 'libmp3lame'] }) },
  {
    name: 'a wrap in the middle, AC-3',
    make: () => film({ audio: ['-c:a', 'ac3'], mux: ['-output_ts_offset', `${2 ** 33 / 90_000 - 6}`] }),
  },
  {
    name: 'another clock, other PIDs',
    isSpliced: true,
    make: () =>
      concat([
        film(),
        film({ mux: ['-output_ts_offset', '7777', '-mpegts_start_pid', '0x200', '-tables_version', '1'] }),
      ]),
  },
];

const inOrder = ({ count }: Served): number[] => Array.from({ length: count }, (_, n) => n);

async function sums(served: Served, order: readonly number[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const n of order)
    for (const rendition of served.renditions)
      found.set(`${rendition.name}/${n}`, crc32(await segmentBytes(served, rendition, n)));
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe.each(ROWS)('$name', ({ make, isSpliced = false }) => {
  let made: Uint8Array | null = null;
  const file = () => {
    made ??= make();
    return made;
  };

  test('segments follow the laws', async () => {
    const served = await serve(file());
    expect(served.count).toBeGreaterThan(2);
    for (const rendition of served.renditions.filter(({ kind }) => !isSpliced || kind === 'video'))
      expectLaws(served, rendition, await allSegments(served, rendition));
  });

  test('every packet is in exactly one segment', async () => {
    const served = await serve(file());
    const source = byTrack(await readAll(await open(file())));
    for (const rendition of served.renditions) {
      const { id } = rendition.kind === 'video' ? rendition.video.track : rendition.audio.track;
      const samples = (await allSegments(served, rendition)).flatMap(({ samples }) => samples);
      const own = samples.map((sample) => sample.crc32);
      const theirs = (source.get(id) ?? []).map(({ sum }) => sum.toString(16).padStart(8, '0'));
      if (isSpliced && rendition.kind === 'audio') {
        const at = theirs.findIndex((sum, i) => sum !== own[i]);
        const lost = theirs.length - own.length;
        expect(own).toEqual([...theirs.slice(0, at), ...theirs.slice(at + lost)]);
        expect(lost).toBeLessThan(5);
      } else expect(own).toEqual(theirs);
    }
  });

  test('asked for in any order, in pieces and beside each other they are the same', async () => {
    const served = await serve(file());
    const first = await sums(served, inOrder(served));
    const mixed = inOrder(served).map((n) => (n * 3 + 1) % served.count);
    const other = await serve(inPieces(memorySource(file()), 1000));
    if (new Set(mixed).size === served.count) expect(await sums(other, mixed)).toEqual(first);
    expect(await sums(other, inOrder(served).reverse())).toEqual(first);
    const spans = newCache();
    for (const n of inOrder(served))
      for (const rendition of served.renditions)
        expect(crc32(await segmentBytes(served, rendition, n, spans))).toBe(
          first.get(`${rendition.name}/${n}`),
        );
  });
});
