import { describe, expect, test, vi } from 'vitest';
import { memorySource } from '../../src/core/bytes.ts';
import { NANOSECONDS_PER_SECOND } from '../../src/core/time.ts';
import type { Rendition } from '../../src/pipeline/renditions.ts';
import { bytes, hex } from '../helpers/matroska-writer.ts';
import { someOf } from '../helpers/rows.ts';
import { AUDIO, audio, type FilmOptions, film, type Packet, sumOf, VIDEO, video } from './film.ts';
import type { Segment } from './mp4-reader.ts';
import { allSegments, inPieces, playlists, type Served, segmentBytes, serve } from './serve.ts';

/** Every file is one that is too large to be read whole. */
vi.mock('../../src/core/limits.ts', async (original) => {
  const { LIMITS } = await original<typeof import('../../src/core/limits.ts')>();
  return { LIMITS: { ...LIMITS, wholeAtOnce: 0, wholeWithoutIndex: 0 } };
});

const GOP = `I${'P'.repeat(49)}`;
const SECONDS = 120;
const PICTURES = SECONDS * 25;

/** A NAL unit of filler data behind the picture, so that the file is long enough to be searched. */
function padded(packet: Packet, size: number): Packet {
  const filler = new Uint8Array(4 + size).fill(0xff);
  new DataView(filler.buffer).setUint32(0, size);
  filler[4] = 0x0c;
  return { ...packet, data: bytes(packet.data, filler) };
}

const pattern = (keys: readonly number[], kind = 'I'): string =>
  Array.from({ length: PICTURES }, (_, i) => (keys.includes(i) ? kind : 'P')).join('');

/** Seconds of key pictures → their numbers. */
const at = (...seconds: readonly number[]): number[] => seconds.map((second) => Math.round(second * 25));

const UNEVEN = at(
  0,
  2,
  3,
  9,
  11,
  17,
  23,
  24,
  25,
  33,
  40,
  44,
  51,
  60,
  66,
  70,
  78,
  85,
  86,
  94,
  99,
  104,
  111,
  117,
);

interface Row {
  readonly name: string;
  readonly packets: readonly Packet[];
  readonly film?: FilmOptions;
  /** Seconds. */
  readonly spacing: number;
  readonly slack: number;
  /** Seconds of the longest segment, the first or the last one, where it is not the spacing. */
  readonly longest?: number;
  /** Segments that begin at no key picture. */
  readonly continued?: readonly number[];
  readonly lost?: (packet: Packet) => boolean;
}

const sound = audio({ toMs: SECONDS * 1000 });
const moving = (plan: Partial<Parameters<typeof video>[0]>, size = 3000): Packet[] =>
  video({ pattern: GOP, count: PICTURES, ...plan }).map((packet) => padded(packet, size));

const ROWS: readonly Row[] = [
  { name: 'a key picture every 2 s', packets: [...moving({}), ...sound], spacing: 6, slack: 2 },
  {
    name: 'a key picture every 4 s: planned times twice as far apart',
    packets: [...moving({ pattern: `I${'P'.repeat(99)}` }, 600), ...sound],
    spacing: 8,
    slack: 4,
  },
  {
    name: 'uneven GOPs up to 9 s',
    packets: [...moving({ pattern: pattern(UNEVEN) }), ...sound],
    spacing: 11,
    slack: 11,
  },
  {
    name: 'clusters of 20 s',
    packets: [...moving({ pattern: pattern(UNEVEN) }), ...sound],
    film: { clusterAtKeys: false, clusterMs: 20_000 },
    spacing: 11,
    slack: 11,
  },
  {
    name: 'clusters of 300 ms',
    packets: [...moving({ pattern: pattern(UNEVEN) }), ...sound],
    film: { clusterAtKeys: false, clusterMs: 300 },
    spacing: 11,
    slack: 11,
  },
  {
    name: 'a GOP of 40 s: the segments in it continue',
    packets: [
      ...moving({ pattern: pattern(at(0, 5, 10, 50, 55, 60, 65, 70, 75, 80, 90, 100, 110)) }),
      ...sound,
    ],
    spacing: 11,
    slack: 11,
    continued: [1, 2, 3],
  },
  {
    name: 'B-pictures',
    packets: [...moving({ order: [0, 2, -1, -1, 0] }), ...sound],
    spacing: 6,
    slack: 2,
  },
  {
    name: 'recovery points only',
    packets: [...moving({ pattern: `r${'P'.repeat(49)}` }), ...sound],
    spacing: 6,
    slack: 2,
  },
  { name: 'no sound', packets: moving({}), spacing: 6, slack: 2 },
  {
    name: 'no declared duration or rate',
    packets: [...moving({}), ...sound],
    film: { defaultDuration: null, durationMs: 0 },
    spacing: 6,
    slack: 2,
  },
  {
    name: 'video begins 3 s after audio, audio ends 5 s before video',
    packets: [...moving({ startMs: 3000 }), ...audio({ toMs: SECONDS * 1000 - 2000 })],
    spacing: 6,
    slack: 2,
    longest: 9,
  },
  {
    name: 'audio muxed 2 s behind',
    packets: [...moving({}), ...audio({ toMs: SECONDS * 1000, lag: 2000 })],
    spacing: 6,
    slack: 2,
  },
  {
    name: 'audio muxed 2 s ahead',
    packets: [...moving({}), ...audio({ toMs: SECONDS * 1000, lag: -2000 })],
    spacing: 6,
    slack: 2,
  },
  {
    name: 'no pictures from 31 s to 50 s: segments without one take the last before',
    packets: [
      ...moving({ timeOf: (i) => i * 40 + (i >= 775 ? 19_000 : 0) }),
      ...audio({ toMs: SECONDS * 1000 + 19_000 }),
    ].map((packet) => (packet.track === VIDEO ? { ...packet, written: packet.time } : packet)),
    spacing: 6,
    slack: 2,
    longest: 7,
    continued: [6, 7],
  },
  {
    name: 'an uneven bit rate',
    packets: [
      ...video({ pattern: GOP, count: PICTURES }).map((packet, i) =>
        padded(packet, i < 1000 ? 200 : i < 2000 ? 9000 : 900),
      ),
      ...sound,
    ],
    spacing: 11,
    slack: 11,
  },
  { name: 'sound only', packets: sound, spacing: 6, slack: 0 },
];

const fileOf = ({ packets, film: options }: Row) => film(packets, { ...options, cues: null });

describe.each(someOf(ROWS, 3))('$name', (row) => {
  const file = fileOf(row);
  const made = serve(file).then(async (served) => ({
    served,
    segments: new Map(
      await Promise.all(served.renditions.map(async (r) => [r.name, await allSegments(served, r)] as const)),
    ),
  }));

  test('is planned at equal distances', async () => {
    const { served } = await made;
    const { timeline, survey, slack } = served.title;
    expect([survey, slack]).toEqual(['bisected', row.slack]);
    const times = timeline.cuts.map(({ point }) => point.time / NANOSECONDS_PER_SECOND);
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual(times.map((_, n) => n * row.spacing));
    for (const text of playlists(served).slice(1)) {
      expect(text).toContain(`TARGETDURATION:${(row.longest ?? row.spacing) + row.slack}\n`);
      // Seen everywhere: closed GOPs at equal distances.
      const isRegular = row.slack < 10 && row.name !== 'recovery points only';
      expect(text.includes('INDEPENDENT-SEGMENTS')).toBe(served.title.video === null || isRegular);
    }
  });

  test('segments follow the laws', async () => {
    const { served, segments } = await made;
    for (const rendition of served.renditions)
      expectLaws(served, rendition, { segments: segments.get(rendition.name) ?? [], row });
  });

  test('every packet is in exactly one segment', async () => {
    const { segments } = await made;
    for (const [name, list] of segments) {
      const track = name.startsWith('v') ? VIDEO : AUDIO;
      const wanted = row.packets.filter((packet) => packet.track === track && packet.time >= 0);
      const sums = list.flatMap(({ samples }) => samples.map((sample) => sample.crc32));
      expect(sums.filter((sum) => sum !== SILENCE)).toEqual(
        inDecodeOrder(wanted).map(({ data }) => sumOf(data)),
      );
    }
  });

  test('segments asked for in any order, alone, and in pieces are the same', async () => {
    const { served } = await made;
    const inOrder = await everySegment(served, [...Array(served.count).keys()]);
    const numbers = [...Array(served.count).keys()].sort((a, b) => ((a * 7 + 3) % 11) - ((b * 5 + 1) % 13));
    expect(await everySegment(await serve(file), numbers), 'another order').toEqual(inOrder);
    const slow = await serve(inPieces(memorySource(file), 7001));
    expect(await everySegment(slow, numbers.reverse().slice(0, 4)), 'in pieces').toEqual(
      new Map([...inOrder].filter(([key]) => numbers.slice(0, 4).some((n) => key.endsWith(`/${n}`)))),
    );
    for (const n of [0, served.count >> 1, served.count - 1])
      for (const [key, sum] of await everySegment(await serve(file), [n]))
        expect(sum, `${key} alone`).toBe(inOrder.get(key));
  });

  test('pictures begin within their planned stretch', async () => {
    const { served, segments } = await made;
    const { timeline, video: planned } = served.title;
    if (!planned) return;
    const list = segments.get(served.renditions[0]?.name ?? '') ?? [];
    list.forEach(({ samples: [first] }, n) => {
      const isContinued = row.continued?.includes(n) ?? false;
      expect(first?.isSync, `segment ${n}`).toBe(!isContinued);
      const next = timeline.cuts[n + 1]?.time ?? Number.POSITIVE_INFINITY;
      expect(first?.pts, `segment ${n}`).toBeLessThan(next);
      if (!isContinued)
        expect(first?.pts, `segment ${n}`).toBeGreaterThanOrEqual(timeline.cuts[n]?.time ?? 0);
    });
  });
});

/** A silent frame of stereo AAC. */
const SILENCE = sumOf(hex('211004608c1c'));

const inDecodeOrder = (packets: readonly Packet[]): Packet[] =>
  packets.toSorted((a, b) => a.written - b.written);

async function everySegment(served: Served, numbers: readonly number[]): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const n of numbers)
    for (const rendition of served.renditions)
      sums.set(`${rendition.name}/${n}`, sumOf(await segmentBytes(served, rendition, n)));
  return sums;
}

interface Made {
  readonly segments: readonly Segment[];
  readonly row: Row;
}

function expectLaws({ title, count }: Served, rendition: Rendition, { segments, row }: Made): void {
  expect(segments).toHaveLength(count);
  expect(segments.filter(({ samples }) => samples.length === 0)).toEqual([]);
  const samples = segments.flatMap((segment) => segment.samples);
  expect(samples.filter(({ duration }) => duration <= 0)).toEqual([]);
  expect(new Set(samples.map(({ pts }) => pts)).size).toBe(samples.length);
  let end: number | null = null;
  for (const { tfdt, samples: list } of segments.flatMap(({ fragments }) => fragments)) {
    if (end !== null) expect(tfdt, 'tfdt(n+1) = tfdt(n) + durations').toBe(end);
    end = tfdt + list.reduce((sum, { duration }) => sum + duration, 0);
  }
  for (const { samples: list, fragments } of segments)
    expect(Math.min(...list.map(({ pts }) => pts))).toBe(fragments[0]?.tfdt);
  const last = (end ?? 0) / rendition.timescale;
  const titleEnd = title.timeline.end / title.timeline.timescale;
  expect(Math.abs(last - titleEnd), 'lasts to the end').toBeLessThan(0.05);
  segments.forEach(({ samples: list }, n) => {
    const seconds = list.reduce((sum, { duration }) => sum + duration, 0) / rendition.timescale;
    const isBridge = row.continued?.includes(n + 1) || row.continued?.includes(n);
    if (!isBridge) expect(seconds).toBeLessThanOrEqual((row.longest ?? row.spacing) + row.slack + 0.5);
    if (rendition.kind === 'audio')
      expect(Math.abs(seconds - (rendition.durations[n] ?? 0) / 1e6), `EXTINF ${n}`).toBeLessThan(0.025);
  });
}
