import { beforeEach, describe, expect, test } from 'vitest';
import type { Sequence } from '../../src/core/contracts.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { makeStream } from '../parsers/mpegts/streams.ts';
import { readLive } from './live-serve.ts';
import { readSegment, type Segment } from './mp4-reader.ts';

beforeEach(needsFfmpeg);

const SECONDS = 24;
const made = new Map<string, Uint8Array>();
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '25', '-b:v', '300k'];

/** A broadcast of so many seconds, its clock beginning at `offset`. */
function broadcast(offset = 0): Uint8Array {
  const key = String(offset);
  const known = made.get(key);
  if (known) return known;
  const mux = ['-output_ts_offset', key, '-muxrate', '900k'];
  const file = makeStream({ seconds: SECONDS, video: x264, mux });
  made.set(key, file);
  return file;
}

/** Bytes from one share of the broadcast to another, at any byte. */
const part = (file: Uint8Array, from: number, to: number): Uint8Array =>
  file.subarray(Math.round(file.length * from), Math.round(file.length * to));

/** A channel of which each connection gives another part and is cut behind it. */
function channel(parts: readonly Uint8Array[]): Sequence {
  let opened = 0;
  return {
    size: null,
    async *open() {
      // Who comes once more meets what was there at first.
      const bytes = parts[opened++] ?? parts[0] ?? new Uint8Array(0);
      for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
    },
  };
}

interface Row {
  readonly name: string;
  parts(): Uint8Array[];
  /** Seconds from the first picture to the end of the last. */
  readonly lasts: number;
  /** Seconds of pictures that are not there: what was missed, and up to the next one at which decoding can begin. */
  readonly missed: readonly [least: number, most: number];
}

const ROWS: readonly Row[] = [
  {
    name: 'three seconds are missed',
    parts: () => [part(broadcast(), 0, 0.3), part(broadcast(), 0.425, 1)],
    lasts: SECONDS,
    missed: [2.9, 4.1],
  },
  {
    name: 'four seconds come twice',
    parts: () => [part(broadcast(), 0, 0.5), part(broadcast(), 0.333, 1)],
    lasts: SECONDS,
    missed: [0, 1.1],
  },
  {
    name: 'the clock is another one',
    parts: () => [part(broadcast(), 0, 0.5), part(broadcast(50_000), 0.5, 1)],
    lasts: SECONDS,
    missed: [0, 1.3],
  },
  {
    name: 'cut three times',
    parts: () => [
      part(broadcast(), 0, 0.2),
      part(broadcast(), 0.21, 0.5),
      part(broadcast(), 0.45, 0.7),
      part(broadcast(), 0.75, 1),
    ],
    lasts: SECONDS,
    missed: [1.3, 5],
  },
];

describe.each(ROWS)('a channel that is cut: $name', ({ parts, lasts, missed }) => {
  test('one line of time without a hole, each picture once, all decodable', async () => {
    const { renditions, segments, error } = await readLive(channel(parts()));
    expect(error).toBeNull();
    const [video, sound] = renditions.map(({ name, timescale }) => ({
      timescale,
      list: segments.map(({ bytes }) => readSegment(bytes.get(name) ?? new Uint8Array(0))),
    }));
    for (const rendition of [video, sound]) {
      if (!rendition) throw new Error('A rendition is missing');
      const { timescale, list } = rendition;
      const samples = list.flatMap((segment) => segment.samples);
      expectChain(list);
      const end = samples.reduce((sum, { duration }) => sum + duration, samples[0]?.dts ?? 0);
      expect(Math.abs(end / timescale - lasts)).toBeLessThan(1.2);
    }
    const pictures = video?.list.flatMap(({ samples }) => samples) ?? [];
    const lost = SECONDS - pictures.length / 25;
    expect(lost).toBeGreaterThanOrEqual(missed[0]);
    expect(lost).toBeLessThanOrEqual(missed[1]);
    expect(new Set(pictures.map(({ crc32 }) => crc32)).size).toBe(pictures.length);
    const long = pictures.findIndex(({ duration }) => duration > 0.3 * (video?.timescale ?? 1));
    if (long >= 0) expect(pictures[long + 1]?.isSync, 'behind a hole decoding begins').toBe(true);
  });
});

function expectChain(segments: readonly Segment[]): void {
  let end: number | null = null;
  for (const { tfdt, samples } of segments.flatMap(({ fragments }) => fragments)) {
    if (end !== null) expect(tfdt).toBe(end);
    expect(samples.every(({ duration }) => duration > 0)).toBe(true);
    end = tfdt + samples.reduce((sum, { duration }) => sum + duration, 0);
  }
}
