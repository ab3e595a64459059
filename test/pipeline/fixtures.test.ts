import { beforeAll, describe, expect, test } from 'vitest';
import { equalBytes, memorySource } from '../../src/core/bytes.ts';
import type { Rendition } from '../../src/pipeline/renditions.ts';
import { fixture, packetTable } from '../helpers/fixtures.ts';
import { expectLaws } from './laws.ts';
import { readSegment, type Segment } from './mp4-reader.ts';
import { inPieces, newCache, type Served, segmentBytes, serve } from './serve.ts';

interface Row {
  readonly name: string;
  readonly renditions: readonly string[];
  readonly segments: number;
}

const ROWS: readonly Row[] = [
  { name: 'bframes-aac', renditions: ['v0', 'a1-copy'], segments: 4 },
  { name: 'ffmpeg-mux', renditions: ['v0', 'a1-copy'], segments: 3 },
  { name: 'open-gop', renditions: ['v0', 'a1-copy'], segments: 2 },
  { name: 'open-gop-no-idr', renditions: ['v0'], segments: 5 },
  { name: 'film-rate-unknown', renditions: ['v0', 'a1-copy'], segments: 3 },
  { name: 'fps60-vui-only', renditions: ['v0', 'a1-copy'], segments: 3 },
  { name: 'surround-44k', renditions: ['v0', 'a1-copy'], segments: 3 },
  { name: 'two-languages', renditions: ['v0', 'a1-copy', 'a2-copy'], segments: 3 },
  { name: 'no-audio', renditions: ['v0'], segments: 3 },
  { name: 'late-audio', renditions: ['v0', 'a1-copy'], segments: 3 },
  { name: 'audio-hole', renditions: ['v0', 'a1-copy'], segments: 4 },
  { name: 'long-gop', renditions: ['v0', 'a1-copy'], segments: 3 },
  { name: 'ac3', renditions: ['v0', 'a1-copy'], segments: 2 },
  { name: 'hevc', renditions: ['v0', 'a1-copy'], segments: 2 },
  { name: 'hevc-hdr10', renditions: ['v0', 'a1-copy'], segments: 3 },
  { name: 'vp9-opus', renditions: ['v0', 'a1-copy', 'a2-copy'], segments: 3 },
  { name: 'av1-eac3', renditions: ['v0', 'a1-copy'], segments: 3 },
  { name: 'alac-flac-mp3', renditions: ['v0', 'a1-copy', 'a2-copy', 'a3-copy'], segments: 3 },
  { name: 'audio-only', renditions: ['a0-copy'], segments: 4 },
  { name: 'no-cues', renditions: ['v0', 'a1-copy'], segments: 3 },
  { name: 'anamorphic', renditions: ['v0', 'a1-copy'], segments: 3 },
  { name: 'demo', renditions: ['v0', 'a1-copy'], segments: 12 },
];

const order = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => i).sort((a, b) => ((a * 7919 + 3) % 31) - ((b * 7919 + 3) % 31));

describe.each(ROWS)('$name', ({ name, renditions, segments }) => {
  let served: Served;
  const made = new Map<Rendition, Uint8Array[]>();
  const read = (rendition: Rendition): Segment[] => (made.get(rendition) ?? []).map(readSegment);

  beforeAll(async () => {
    served = await serve(fixture(name));
    for (const rendition of served.renditions) {
      const list: Uint8Array[] = [];
      for (let n = 0; n < served.count; n++) list.push(await segmentBytes(served, rendition, n));
      made.set(rendition, list);
    }
  });

  test('renditions and segments', () => {
    expect(served.renditions.map((rendition) => rendition.name)).toEqual(renditions);
    expect(served.count).toBe(segments);
    expect(served.title.survey).toBe('whole');
  });

  test('the laws of segments', () => {
    for (const rendition of served.renditions) expectLaws(served, rendition, read(rendition));
  });

  test('each packet of the table once, in order, with its bytes; the rest is silence', () => {
    for (const rendition of served.renditions) {
      const track = rendition.kind === 'video' ? rendition.video.track : rendition.audio.track;
      const rows = packetTable(name).filter(({ stream }) => stream === track.index);
      const table = rows.map(({ crc32, size }) => `${size} ${crc32}`);
      const samples = read(rendition).flatMap((segment) => segment.samples);
      let at = 0;
      const extra = samples.filter(({ size, crc32 }) => table[at] !== `${size} ${crc32}` || at++ < 0);
      expect(at, `${rendition.name}: packets of the table found in order`).toBe(table.length);
      if (rendition.kind === 'video') expect(extra).toEqual([]);
      else expect(new Set(extra.map(({ crc32 }) => crc32)).size).toBeLessThanOrEqual(1);
    }
  });

  test('presentation times are those of the table, from the earliest of all on', () => {
    const zero = served.title.zero;
    for (const rendition of served.renditions) {
      const track = rendition.kind === 'video' ? rendition.video.track : rendition.audio.track;
      const rows = packetTable(name).filter(({ stream }) => stream === track.index);
      const samples = read(rendition).flatMap((segment) => segment.samples);
      let at = 0;
      for (const row of rows) {
        while (samples[at] && samples[at]?.crc32 !== row.crc32) at++;
        const off = ((samples[at]?.pts ?? Number.NaN) / rendition.timescale) * 1e9 - (row.pts - zero);
        // ffprobe rounds the frames of a lace a second time.
        expect(Math.abs(off), `${rendition.name} at ${row.pts}`).toBeLessThan(
          rendition.kind === 'video' ? 1_100_000 : 2_100_000,
        );
        at++;
      }
    }
  });

  test('random order, one warm cache, small pieces of bytes: the same bytes', async () => {
    const again = await serve(inPieces(memorySource(fixture(name)), 1777));
    expect(again.title.version).toBe(served.title.version);
    const warm = newCache();
    for (const n of order(served.count))
      for (const [i, rendition] of again.renditions.entries()) {
        const first = made.get(served.renditions[i] as Rendition)?.[n] ?? new Uint8Array();
        expect(
          equalBytes(await segmentBytes(again, rendition, n, warm), first),
          `${rendition.name} ${n}`,
        ).toBe(true);
      }
    for (const n of order(served.count).reverse())
      for (const [i, rendition] of [...again.renditions.entries()].reverse()) {
        const first = made.get(served.renditions[i] as Rendition)?.[n] ?? new Uint8Array();
        expect(
          equalBytes(await segmentBytes(again, rendition, n, warm), first),
          `${rendition.name} ${n}`,
        ).toBe(true);
      }
  });

  test('a segment that is not listed is not found', async () => {
    const [rendition] = served.renditions;
    if (!rendition) throw new Error('no rendition');
    await expect(segmentBytes(served, rendition, served.count)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('what cannot be offered', () => {
  test.each([
    { name: 'mpeg4', code: null, reason: 'cannot be copied into MP4' },
  ])('$name: said in the decisions or the error', async ({ name, reason }) => {
    try {
      const { title } = await serve(fixture(name));
      expect(title.decisions.map((decision) => decision.reason).join()).toContain(reason);
    } catch (error) {
      expect(error).toMatchObject({ code: 'unsupported', message: expect.stringContaining(reason) });
    }
  });
});
