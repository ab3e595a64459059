import { describe, expect, test } from 'vitest';
import type { Sample } from '../../src/core/contracts.ts';
import type { AudioTrack } from '../../src/core/media.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { audioClock } from '../../src/pipeline/clock.ts';
import { placeFrames } from '../../src/pipeline/transcoded/place-frames.ts';
import { AUDIO } from '../muxers/fmp4/tracks.ts';

const MILLISECOND = 1_000_000;
const PCM = { encoding: 'signed', bits: 16, isBigEndian: false } as const;

/** One kind of track: frames of one size, or PCM whose packets tell theirs. */
interface Kind {
  readonly name: string;
  readonly rate: number;
  /** One size for all, or of each in turn. */
  readonly sizes: readonly number[];
}

const sizeAt = ({ sizes }: Kind, i: number): number => sizes[i % sizes.length] ?? 0;

function trackOf({ rate, sizes: [size = 0, ...others] }: Kind): AudioTrack {
  const track = { ...AUDIO, configs: [], channels: 1, sampleRate: rate };
  return others.length === 0
    ? { ...track, frameSize: size, decodeOnly: { codec: 'dts', record: new Uint8Array() } }
    : {
        ...track,
        frameSize: null,
        decodeOnly: { codec: 'pcm', record: new Uint8Array(), format: PCM, channels: 1 },
      };
}

/** Packets from sample `start` on, stamped in whole milliseconds. */
function packets(kind: Kind, start: number, count: number): Sample[] {
  let at = start;
  return Array.from({ length: count }, (_, i) => {
    const time = nanoseconds(Math.round((at / kind.rate) * 1000) * MILLISECOND);
    const size = sizeAt(kind, i);
    at += size;
    const data = new Uint8Array(2 * size);
    return { trackId: 2, time, duration: null, isKey: true, position: i, entry: i, data };
  });
}

const startsOf = (kind: Kind, start: number, count: number): number[] => {
  let at = start;
  return Array.from({ length: count }, (_, i) => {
    at += sizeAt(kind, i);
    return at - sizeAt(kind, i);
  });
};

/** @param seen what the plan has seen of the track */
function place(kind: Kind, samples: readonly Sample[], seen = samples): number[] {
  const track = trackOf(kind);
  const step = kind.sizes.reduce((a, b) => gcd(a, b));
  const clock = audioClock({
    zero: nanoseconds(0),
    sampleRate: kind.rate,
    frameSize: Math.max(...kind.sizes),
    step,
    seen: seen.map(({ time }) => time),
    precision: nanoseconds(MILLISECOND),
  });
  const forms = { isCopied: false, aac: [], peakPerChannel: 0 };
  const audio = { track, clock, boundaries: [], forms };
  return placeFrames(samples, { audio, zero: nanoseconds(0) });
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

const TRUEHD: Kind = { name: 'TrueHD', rate: 48_000, sizes: [40] };
const KINDS: readonly Kind[] = [
  TRUEHD,
  { name: 'DTS', rate: 48_000, sizes: [512] },
  { name: 'AC-3', rate: 44_100, sizes: [1536] },
  { name: 'MP3', rate: 44_100, sizes: [1152] },
  { name: 'AC-3', rate: 48_000, sizes: [1536] },
  { name: 'PCM', rate: 48_000, sizes: [1601, 1602, 1602, 1601, 1602] },
];

describe.each(KINDS)('$name, $rate Hz', (kind) => {
  const COUNT = 600;
  const all = packets(kind, 0, COUNT);

  test('on the clock frames lie side by side, to the sample', () => {
    expect(place(kind, all)).toEqual(startsOf(kind, 0, COUNT));
  });

  // Without a grid only the stamps of the stretch tell, and some of PCM's lie between two milliseconds.
  const most = kind.sizes.length > 1 ? 1 : 0;
  test(`the places are the same whatever frame the stretch begins and ends with, within ${most} samples`, () => {
    const whole = place(kind, all);
    for (let first = 0; first < COUNT - 40; first += 7)
      for (const length of most > 0 ? [COUNT] : [3, 20, COUNT]) {
        const places = place(kind, all.slice(first, first + length), all);
        const [off = Number.NaN] = places.map((at, i) => at - (whole[first + i] ?? Number.NaN));
        expect(Math.abs(off)).toBeLessThanOrEqual(most);
        expect(places.map((at) => at - off)).toEqual(whole.slice(first, first + length));
      }
  });

  test('a hole stays, and what is behind it lies on the clock', () => {
    const size = kind.sizes.length > 1 ? 1602 : sizeAt(kind, 0);
    const hole = size * Math.ceil(4800 / size);
    const end = startsOf(kind, 0, 301)[300] ?? 0;
    const behind = packets(kind, end + hole, 200);
    expect(place(kind, [...all.slice(0, 300), ...behind], all)).toEqual([
      ...startsOf(kind, 0, 300),
      ...startsOf(kind, end + hole, 200),
    ]);
  });

  test('behind a splice off the clock they lie side by side, within a millisecond of their stamps', () => {
    const start = (startsOf(kind, 0, 301)[300] ?? 0) + Math.round(4.7 * kind.rate);
    const places = place(kind, packets(kind, start, 200), all);
    const [first = Number.NaN] = places;
    expect(places).toEqual(startsOf(kind, first, 200));
    expect(Math.abs(first - start)).toBeLessThanOrEqual(kind.rate / 1000);
  });
});

test('off the clock too every stretch finds the same places, to the sample', () => {
  for (const kind of KINDS.filter(({ sizes }) => sizes.length === 1)) {
    const start = 37 + 40 * kind.rate;
    const all = packets(kind, start, 900);
    const seen = packets(kind, 0, 50);
    const offsets = [0, 100, 201, 302].map((first) => {
      const [place0 = Number.NaN] = place(kind, all.slice(first, first + 400), seen);
      return place0 - (startsOf(kind, start, 901)[first] ?? 0);
    });
    expect(Math.max(...offsets) - Math.min(...offsets), kind.name).toBeLessThanOrEqual(1);
  }
});

test('one stamp among many that is wrong stands for itself', () => {
  const kind: Kind = { name: 'DTS', rate: 48_000, sizes: [512] };
  const all = packets(kind, 0, 100);
  const wrong = all.map((sample, i) =>
    i === 50 ? { ...sample, time: nanoseconds(sample.time + 5 * MILLISECOND) } : sample,
  );
  const places = place(kind, wrong, all);
  const expected = startsOf(kind, 0, 100);
  expect(places.filter((_, i) => i !== 50)).toEqual(expected.filter((_, i) => i !== 50));
  expect(Math.abs((places[50] ?? 0) - (expected[50] ?? 0) - 240)).toBeLessThanOrEqual(48);
});

test('stamps that drift away from the rate take the frames with them', () => {
  const kind: Kind = { name: 'AC-3', rate: 48_000, sizes: [1536] };
  const slow: Kind = { ...kind, sizes: [1538] };
  const all = packets(slow, 0, 3000);
  const places = place(kind, all);
  const off = places.map((start, i) => Math.abs(start - i * 1538));
  expect(Math.max(...off)).toBeLessThan(0.003 * kind.rate);
});

test('packets that do not tell their length lie by their stamps', () => {
  const track: AudioTrack = {
    ...AUDIO,
    configs: [],
    frameSize: null,
    decodeOnly: { codec: 'vorbis', record: new Uint8Array(), modeBlocks: [] },
  };
  const samples = packets({ name: 'Vorbis', rate: 48_000, sizes: [1024] }, 0, 10);
  const ticksAt = (time: number) => Math.round(time / MILLISECOND);
  const precision = nanoseconds(MILLISECOND);
  const clock = {
    timescale: 48_000,
    gridOrigin: 0,
    frameSize: 1024,
    precision,
    ticksAt,
  } as unknown as ReturnType<typeof audioClock>;
  const audio = { track, clock, boundaries: [], forms: { isCopied: false, aac: [], peakPerChannel: 0 } };
  const zero = nanoseconds(0);
  const places = placeFrames(samples, { audio, zero });
  expect(places).toEqual(samples.map(({ time }) => time / MILLISECOND));
});

test('no packets, no places', () => expect(place(TRUEHD, [], packets(TRUEHD, 0, 9))).toEqual([]));
