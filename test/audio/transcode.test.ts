import { expect, test } from 'vitest';
import { HALVE_REACH, halve } from '../../src/audio/halve.ts';
import type { PacketDecoder } from '../../src/audio/pcm.ts';
import { resample } from '../../src/audio/resample.ts';
import { type FrameEncoder, transcode } from '../../src/audio/transcode.ts';
import {
  AAC_FRAME,
  LOOK_AHEAD_FRAMES,
  type SourceFrame,
  type TranscodeJob,
  WARM_UP_FRAMES,
} from '../../src/core/transcoding.ts';

const RATE = 48_000;
const FRAME = 1536;
/** The sample of a sound at any position: no two near each other are alike. */
const soundAt = (position: number): number =>
  Math.sin(position * 0.37) * 0.4 + ((position * 7919) % 1000) / 4000;

/** Eight bytes: where the packet's sound begins, and its rate. */
const packetAt = (
  start: number,
  more: Partial<SourceFrame> & { readonly rate?: number } = {},
): SourceFrame => {
  const { rate = RATE, ...rest } = more;
  const data = new Uint8Array(8);
  new DataView(data.buffer).setInt32(0, start);
  new DataView(data.buffer).setInt32(4, rate);
  return { start, samples: Number.POSITIVE_INFINITY, skipped: 0, data, ...rest };
};

/** As many samples as a frame has, of the sound where the packet says. */
function soundDecoder(): PacketDecoder & { readonly indexes: number[] } {
  const indexes: number[] = [];
  return {
    indexes,
    decode(data, index) {
      indexes.push(index);
      if (data.length === 0) return null;
      const view = new DataView(data.buffer);
      const [start, rate] = [view.getInt32(0), view.getInt32(4)];
      const plane = Float32Array.from({ length: FRAME }, (_, i) => soundAt(start + i));
      return { rate, speakers: ['FL', 'FR'], channels: [plane, plane.map((sample) => -sample)] };
    },
    close: () => undefined,
  };
}

/** A packet for each frame but the first and the last, which wait; it names the frame that it is decoded to. */
function countingEncoder(): FrameEncoder & { readonly planes: (readonly Float32Array[])[] } {
  const planes: (readonly Float32Array[])[] = [];
  let given = 0;
  const next = () => Uint8Array.of(given >> 8, given++ & 255);
  return {
    planes,
    send(frame, at) {
      planes.push(frame.map((plane) => plane.slice(at, at + AAC_FRAME)));
      return planes.length > 1 ? [next()] : [];
    },
    finish: () => [next(), next()],
  };
}

const source = {
  config: { codec: 'ac3', record: new Uint8Array() },
  rate: RATE,
  channels: 2,
  frameSize: FRAME,
} as const;

const job = (more: Partial<TranscodeJob>): TranscodeJob => ({
  source,
  output: { rate: RATE, channels: 2 },
  first: 0,
  end: 10,
  isLast: false,
  packets: [],
  ...more,
});

const packetsOver = (from: number, to: number): SourceFrame[] => {
  const first = Math.floor(from / FRAME);
  return Array.from({ length: Math.ceil(to / FRAME) - first }, (_, i) => packetAt((first + i) * FRAME));
};

function run(what: TranscodeJob) {
  const decoder = soundDecoder();
  const encoder = countingEncoder();
  const batches = [...transcode(what, { decoder, encoder })];
  /** Numbers of the encoder's packets. */
  const kept = batches.flat().map(([high = 0, low = 0]) => high * 256 + low);
  const sent = encoder.planes.map(([left]) => left ?? new Float32Array());
  return { batches, kept, indexes: decoder.indexes, frames: encoder.planes, sent };
}

/** Packet p of an encoder that began with frame f is decoded to frame p - 1 + f. */
test.each([
  { first: 0, end: 10, isLast: false, begin: 0, stop: 12 },
  { first: 5, end: 10, isLast: false, begin: 0, stop: 12 },
  { first: 100, end: 140, isLast: false, begin: 84, stop: 142 },
  { first: 100, end: 140, isLast: true, begin: 84, stop: 140 },
  { first: 0, end: 1, isLast: true, begin: 0, stop: 1 },
  { first: 7, end: 7, isLast: false, begin: 0, stop: 9 },
])('frames $first to $end, last: $isLast', ({ first, end, isLast, begin, stop }) => {
  expect(begin).toBe(Math.max(0, first - WARM_UP_FRAMES));
  expect(stop).toBe(isLast ? end : end + LOOK_AHEAD_FRAMES);
  const packets = packetsOver(begin * AAC_FRAME - FRAME, stop * AAC_FRAME + FRAME);
  const { kept, sent, batches, indexes } = run(job({ first, end, isLast, packets }));
  expect(kept).toEqual(Array.from({ length: end - first }, (_, i) => first + i + 1 - begin));
  expect(sent).toHaveLength(stop - begin);
  for (const [i, frame] of sent.entries())
    expect([...frame]).toEqual(
      [...frame].map((_, k) => {
        const position = (begin + i) * AAC_FRAME + k;
        return position >= (packets[0]?.start ?? 0) ? Math.fround(soundAt(position)) : 0;
      }),
    );
  expect(batches.every(({ length }) => length > 0)).toBe(true);
  expect(indexes).toEqual(indexes.map((_, i) => (packets[0]?.start ?? 0) / FRAME + i));
});

test('frames are given some at a time, while the rest is not yet decoded', () => {
  const what = job({ first: 100, end: 200, packets: packetsOver(84 * AAC_FRAME, 203 * AAC_FRAME) });
  const decoder = soundDecoder();
  const making = transcode(what, { decoder, encoder: countingEncoder() });
  expect(making.next().value).toHaveLength(12);
  expect(decoder.indexes.length).toBeLessThan(what.packets.length / 2);
  const sizes = [...making].map(({ length }) => length);
  expect(sizes.slice(0, -1)).toEqual(sizes.slice(0, -1).map(() => 12));
});

test('packets behind the last frame are not decoded', () => {
  const { indexes } = run(job({ packets: packetsOver(0, 100 * AAC_FRAME) }));
  // One more, for stamps that are rounded.
  expect(indexes).toHaveLength(Math.ceil((12 * AAC_FRAME) / FRAME) + 1);
});

const joined = (frames: readonly Float32Array[]): number[] => frames.flatMap((frame) => [...frame]);

test('what is missing, broken or cut off is silent, and everything else where it belongs', () => {
  const all = packetsOver(0, 13 * AAC_FRAME);
  const packets = all.flatMap((packet, i) => {
    if (i === 2) return [];
    if (i === 4) return [{ ...packet, data: new Uint8Array() }];
    if (i === 5) return [{ ...packet, skipped: 100 }];
    if (i === 6) return [{ ...packet, samples: 200 }];
    return [packet];
  });
  const isSilent = (position: number) => {
    const [packet, sample] = [Math.floor(position / FRAME), position % FRAME];
    return packet === 2 || packet === 4 || (packet === 5 && sample < 100) || (packet === 6 && sample >= 200);
  };
  const { sent } = run(job({ packets }));
  expect(joined(sent)).toEqual(joined(sent).map((_, i) => (isSilent(i) ? 0 : Math.fround(soundAt(i)))));
});

test('without any packet there is silence', () => {
  const { sent, kept } = run(job({ isLast: true }));
  expect(kept).toHaveLength(10);
  expect(joined(sent).every((sample) => sample === 0)).toBe(true);
});

test('a packet on no grid lies where its start says', () => {
  const { sent } = run(job({ packets: [packetAt(1000), packetAt(1000 + FRAME + 37)] }));
  const expected = (i: number) => {
    if (i < 1000 || (i >= 1000 + FRAME && i < 1037 + FRAME) || i >= 1037 + 2 * FRAME) return 0;
    return Math.fround(soundAt(i));
  };
  expect(joined(sent)).toEqual(joined(sent).map((_, i) => expected(i)));
});

test('96 kHz is halved as if all of it were one piece', () => {
  const packets = packetsOver(0, 2 * 20 * AAC_FRAME);
  const halved = {
    source: { ...source, rate: 96_000 },
    packets: packets.map(({ start }) => packetAt(start, { rate: 96_000 })),
  };
  const whole = new Float32Array(2 * HALVE_REACH + 2 * 12 * AAC_FRAME);
  for (let i = HALVE_REACH; i < whole.length; i++) whole[i] = soundAt(i - HALVE_REACH);
  const { sent } = run(job(halved));
  expect(joined(sent)).toEqual([...halve(whole)]);
  const later = run(job({ ...halved, first: 18, end: 20, isLast: true, packets: halved.packets.slice(1) }));
  const before = run(job({ ...halved, end: 16 }));
  expect(joined(later.sent.slice(3, 16))).toEqual(joined(before.sent.slice(5, 18)));
});

test('at another rate than the track has, packets lie side by side though their stamps are rounded', () => {
  const long = resample(new Float32Array(FRAME), 44_100, RATE).length;
  expect(long).toBe(1672);
  const packets = Array.from({ length: 9 }, (_, i) => {
    const start = Math.round((i * FRAME * RATE) / 44_100 / 48) * 48;
    return { ...packetAt(i * FRAME, { rate: 44_100 }), start };
  });
  const { sent } = run(job({ packets }));
  const whole = Float32Array.from({ length: 9 * FRAME }, (_, i) => soundAt(i));
  const heard = joined(sent);
  expect(heard).toHaveLength(12 * AAC_FRAME);
  const expected = packets.flatMap((_, i) => [
    ...resample(whole.slice(i * FRAME, (i + 1) * FRAME), 44_100, RATE),
  ]);
  expect(heard).toEqual(expected.slice(0, heard.length));
});

test.each([
  { from: 44_100, to: 48_000, length: 1536, expected: 1672 },
  { from: 48_000, to: 44_100, length: 1536, expected: 1411 },
  { from: 48_000, to: 48_000, length: 100, expected: 100 },
  { from: 44_100, to: 48_000, length: 0, expected: 0 },
])('$length samples at $from Hz are $expected at $to Hz', ({ from, to, length, expected }) => {
  const line = Float32Array.from({ length }, (_, i) => i / 1000);
  const got = resample(line, from, to);
  expect(got).toHaveLength(expected);
  const inside = got.slice(0, -2);
  const off = inside.map((sample, i) => Math.abs(sample - (i * from) / to / 1000));
  expect(Math.max(0, ...off)).toBeLessThan(1e-6);
});
