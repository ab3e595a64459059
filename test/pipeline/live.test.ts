import { describe, expect, test } from 'vitest';
import type { LiveStream } from '../../src/pipeline/live/live-stream.ts';
import { livePlaylist, type Rendition } from '../../src/pipeline/renditions.ts';
import { titlePlaylist } from '../../src/pipeline/title-playlist.ts';
import { bytesOf } from '../helpers/hex.ts';
import { attachments, bytes, elementId, ID, unknownSize } from '../helpers/matroska-writer.ts';
import { audio, film, number, type Packet, PICTURE_MS, picture, sumOf, VIDEO, video } from './film.ts';
import { begin, failure, pieces, playAll } from './live-input.ts';
import { readSegment, type Segment } from './mp4-reader.ts';

interface Row {
  readonly name: string;
  readonly packets: readonly Packet[];
  /** Seconds of each segment, by the rules: 2, 2, 4, 4 …, at pictures where decoding can begin. */
  readonly durations: readonly number[];
  /** Silent frames, or frames that stand in. */
  readonly filled?: number;
  /** Stands before the first cluster. */
  readonly inserted?: Uint8Array;
}

const SECOND = 25;
const gop = (length: number) => `I${'P'.repeat(length - 1)}`;

const ROWS: readonly Row[] = [
  {
    name: 'a key picture every second',
    packets: [...video({ pattern: gop(SECOND), count: 20 * SECOND }), ...audio({ toMs: 20_000 })],
    durations: [2, 2, 4, 4, 4, 4],
  },
  {
    name: 'a key picture every five seconds',
    packets: [...video({ pattern: gop(5 * SECOND), count: 20 * SECOND }), ...audio({ toMs: 20_000 })],
    durations: [5, 5, 5, 5],
  },
  {
    name: 'reordered pictures',
    packets: [
      ...video({ pattern: `I${'P'.repeat(51)}`, count: 520, order: [0, 2, -1, -1] }),
      ...audio({ toMs: 20_800 }),
    ],
    durations: [2.08, 2.08, 4.16, 4.16, 4.16, 4.16],
  },
  {
    name: 'no key picture behind the first: continuations before 15 s have passed',
    packets: [...video({ pattern: gop(1000), count: 1000 }), ...audio({ toMs: 40_000 })],
    durations: [14.52, 14.52, 10.96],
  },
  {
    name: 'open GOPs only, taken where no IDR comes',
    packets: [...video({ pattern: `r${'P'.repeat(49)}`, count: 20 * SECOND }), ...audio({ toMs: 20_000 })],
    durations: [8, 8, 4],
  },
  {
    name: 'a short rest joins the segment before it',
    packets: [...video({ pattern: gop(2 * SECOND), count: 4 * SECOND + 5 }), ...audio({ toMs: 4200 })],
    durations: [2, 2.2],
  },
  {
    name: 'sound that ends early is filled',
    packets: [...video({ pattern: gop(SECOND), count: 8 * SECOND }), ...audio({ toMs: 5000 })],
    durations: [2, 2, 4],
    filled: 140,
  },
  {
    name: 'sound that begins late is filled',
    packets: [...video({ pattern: gop(SECOND), count: 8 * SECOND }), ...audio({ fromMs: 3000, toMs: 8000 })],
    durations: [2, 2, 4],
    filled: 140,
  },
  {
    name: 'sound muxed half a second late',
    packets: [...video({ pattern: gop(SECOND), count: 8 * SECOND }), ...audio({ toMs: 8000, lag: 500 })],
    durations: [2, 2, 4],
  },
  {
    name: 'sound alone',
    packets: audio({ toMs: 20_000 }),
    durations: [2, 2, 4, 4, 4, 4],
  },
  {
    name: 'an attachment of ten megabytes before the first cluster',
    packets: [...video({ pattern: gop(SECOND), count: 8 * SECOND }), ...audio({ toMs: 8000 })],
    durations: [2, 2, 4],
    inserted: attachments({ name: 'a.ttf', type: 'font/ttf', data: new Uint8Array(10 * 1024 * 1024) }),
  },
];

/** The same film with another child of Segment before its first Cluster, and a Segment of unknown size. */
function withElement(file: Uint8Array, content: Uint8Array): Uint8Array {
  const all = Buffer.from(file);
  const segment = all.indexOf(elementId(ID.Segment));
  const start = segment + 4 + Math.clz32(all[segment + 4] ?? 0) - 23;
  const clusters = all.indexOf(elementId(ID.Cluster));
  const parts = [file.subarray(start, clusters), content, file.subarray(clusters)];
  return bytes(file.subarray(0, segment), unknownSize(ID.Segment, parts));
}

async function play(file: Uint8Array, size: number) {
  const live = await begin(pieces(file, size));
  const segments = await playAll(live);
  live.close();
  return { live, segments };
}

const segmentsOf = (all: readonly Map<string, Uint8Array>[], { name }: Rendition): Segment[] =>
  all.map((segment) => readSegment(segment.get(name) ?? new Uint8Array(0)));

const playlist = (live: LiveStream, rendition: Rendition): string =>
  livePlaylist(live.title, rendition, live.progress());

const extinf = (text: string): number[] =>
  [...text.matchAll(/#EXTINF:([\d.]+),/g)].map(([, value]) => Number(value));

describe.each(ROWS)('read in order: $name', ({ packets, durations, filled = 0, inserted }) => {
  const file = inserted ? withElement(film(packets), inserted) : film(packets);

  test('segments, times and lists', async () => {
    const { live, segments } = await play(file, 64 * 1024);
    for (const rendition of live.renditions) {
      const list = segmentsOf(segments, rendition);
      expectChain(list);
      const listed = extinf(playlist(live, rendition));
      const frame = rendition.kind === 'audio' ? 2 * (1024 / 48_000) : 0.001;
      expect(listed).toHaveLength(durations.length);
      listed.forEach((duration, n) => {
        expect(Math.abs(duration - (durations[n] ?? 0)), `EXTINF ${n}`).toBeLessThanOrEqual(frame + 0.025);
        expect(Math.round(duration)).toBeLessThanOrEqual(17);
      });
      expectDurations(list, listed, rendition);
    }
    expect(playlist(live, live.renditions[0] as Rendition)).toMatch(/#EXT-X-ENDLIST\n$/);
    expect(Math.abs(live.title.ledger.total().filledFrames - filled)).toBeLessThanOrEqual(2);
  });

  test('every packet is in exactly one segment', async () => {
    const { live, segments } = await play(file, 64 * 1024);
    for (const rendition of live.renditions) {
      const id = rendition.kind === 'video' ? VIDEO : rendition.audio.track.id;
      const wanted = packets.filter(({ track }) => track === id).map(({ data }) => sumOf(data));
      const sums = segmentsOf(segments, rendition).flatMap(({ samples }) =>
        samples.map(({ crc32 }) => crc32),
      );
      const given = new Set(wanted);
      expect(sums.filter((sum) => given.has(sum)).sort()).toEqual([...wanted].sort());
    }
  });

  test('the same bytes however they arrive', async () => {
    const whole = await play(file, file.length);
    const small = await play(file, Math.max(997, file.length >> 11));
    expect(small.segments).toEqual(whole.segments);
    expect(small.live.renditions.map(({ muxer }) => muxer.init())).toEqual(
      whole.live.renditions.map(({ muxer }) => muxer.init()),
    );
    expect(small.live.title.version).toBe(whole.live.title.version);
  });
});

function expectChain(segments: readonly Segment[]): void {
  let end: number | null = null;
  for (const { tfdt, samples } of segments.flatMap(({ fragments }) => fragments)) {
    if (end !== null) expect(tfdt).toBe(end);
    expect(samples.every(({ duration }) => duration > 0)).toBe(true);
    end = tfdt + samples.reduce((sum, { duration }) => sum + duration, 0);
  }
  for (const { samples, fragments } of segments)
    expect(Math.min(...samples.map(({ pts }) => pts))).toBe(fragments[0]?.tfdt);
}

/** Listed durations against those of the samples, from the first picture of one segment to that of the next. */
function expectDurations(
  segments: readonly Segment[],
  listed: readonly number[],
  rendition: Rendition,
): void {
  const starts = segments.map(({ samples }) =>
    rendition.kind === 'video' ? (samples[0]?.pts ?? 0) : (samples[0]?.dts ?? 0),
  );
  const last = segments.at(-1)?.samples.at(-1);
  const ends = [...starts.slice(1), (last?.dts ?? 0) + (last?.duration ?? 0)];
  ends.forEach((end, n) => {
    const media = (end - (starts[n] ?? 0)) / rendition.timescale;
    const tolerance = n === ends.length - 1 ? 0.022 : 0.001;
    expect(Math.abs((listed[n] ?? 0) - media), `segment ${n}`).toBeLessThanOrEqual(tolerance);
  });
}

describe('read in order', () => {
  test('what cannot be promised of a growing list is not', async () => {
    const { live } = await play(film(ROWS[0]?.packets ?? []), 64 * 1024);
    const [main] = live.renditions;
    expect(titlePlaylist(live.title, live.renditions, '')).not.toContain('INDEPENDENT-SEGMENTS');
    expect(main && playlist(live, main).split('\n').slice(0, 6)).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      '#EXT-X-TARGETDURATION:15',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-PLAYLIST-TYPE:EVENT',
      '#EXT-X-MAP:URI="init.mp4"',
    ]);
  });

  test('a damaged cluster costs itself', async () => {
    const file = film(ROWS[0]?.packets ?? []);
    const broken = file.slice();
    broken.fill(0, Math.floor(file.length / 2), Math.floor(file.length / 2) + 40);
    const { live, segments } = await play(broken, 64 * 1024);
    expect(live.progress().failure).toBeNull();
    expect(live.title.ledger.total().skippedBytes).toBeGreaterThan(0);
    for (const rendition of live.renditions) expectChain(segmentsOf(segments, rendition));
    const end = (live.progress().ends.at(-1) ?? 0) / live.title.timeline.timescale;
    expect(Math.abs(end - 20)).toBeLessThan(0.025);
  });

  test('stamps that cannot be meant are left out', async () => {
    const packets = [...video({ pattern: gop(SECOND), count: 8 * SECOND }), ...audio({ toMs: 8000 })];
    const isWild = ({ written }: Packet) => written >= 3000 && written < 4000;
    const wild = packets.map((packet) =>
      isWild(packet) ? { ...packet, time: packet.time + 4_000_000 } : packet,
    );
    const { live, segments } = await play(film(wild), 64 * 1024);
    expect(segments).toHaveLength(3);
    expect(live.title.ledger.total().skippedBytes).toBeGreaterThan(0);
  });

  test('a picture stamped before the segment it comes in is left out and counted', async () => {
    const packets = video({
      pattern: gop(SECOND),
      count: 8 * SECOND,
      timeOf: (i) => (i === 55 ? 1000 : i * PICTURE_MS),
    });
    const { live, segments } = await play(film(packets), 64 * 1024);
    expect(live.title.ledger.total().misplacedPackets).toBe(1);
    for (const rendition of live.renditions) expectChain(segmentsOf(segments, rendition));
  });

  test('a video track without pictures leaves the sound', async () => {
    const packets = audio({ toMs: 30_000 });
    const file = film([
      ...packets,
      { track: VIDEO, time: 29_900, isKey: true, data: picture('I', 0), written: 29_990 },
    ]);
    const { live } = await play(file, 64 * 1024);
    expect(live.renditions.map(({ name }) => name)).toEqual(['a1-copy']);
    expect(live.title.decisions[0]).toMatchObject({ action: 'omit', reason: 'no picture in the first 10 s' });
  });

  test('pictures that nothing can begin with are an error, not a wait', async () => {
    const file = film(video({ pattern: 'P', count: 40 * SECOND }));
    expect(await failure(begin(pieces(file, 64 * 1024)))).toMatchObject({ code: 'unsupported' });
  });

  test.each([
    { name: 'nothing', file: new Uint8Array(0), code: 'truncated' },
    { name: 'a page', file: bytesOf('3c68746d6c3e'), code: 'unsupported' },
    { name: 'a head alone', file: film(video({ pattern: 'I', count: 3 })).slice(0, 300), code: 'truncated' },
    { name: 'no media', file: number(7), code: 'unsupported' },
  ])('$name is an error', async ({ file, code }) => {
    expect(await failure(begin(pieces(file, 100)))).toMatchObject({ code });
  });
});
