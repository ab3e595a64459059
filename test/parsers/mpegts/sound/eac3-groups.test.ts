import { beforeEach, describe, expect, test } from 'vitest';
import { eac3GroupJoiner } from '../../../../parsers/elementary/eac3-groups.ts';
import type { Sample } from '../../../../src/core/contracts.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds } from '../../../../src/core/time.ts';
import { needsFfmpeg } from '../../../helpers/ffmpeg.ts';
import { pesPacket } from '../../../helpers/ts-writer.ts';
import { open, program, readAll } from '../streams.ts';
import { encodeStream, probedSizes } from './streams.ts';

const RATE = 48_000;
const BLOCK = 256;
const seconds = (value: number) => nanoseconds(Math.round(value * NANOSECONDS_PER_SECOND));

/** A frame of which only numblkscod matters, and its number. */
const frame = (code: number, at: number, blocks: number, number = 0): Sample => ({
  trackId: 1,
  time: seconds(at),
  duration: seconds((blocks * BLOCK) / RATE),
  isKey: true,
  position: number,
  entry: number,
  data: Uint8Array.of(0x0b, 0x77, 0, 63, code << 4, 16 << 3, number),
});

describe('groups are counted by time', () => {
  const step = BLOCK / RATE;
  const origin = seconds(5);
  const numbers = (samples: readonly Sample[]) =>
    samples.map(({ data }) => Array.from({ length: data.length / 7 }, (_, i) => data[i * 7 + 6]));
  const frames = Array.from({ length: 20 }, (_, i) => frame(0, 5 + i * step, 1, i));
  const join = (list: readonly Sample[]) => {
    const joiner = eac3GroupJoiner({ origin, rate: RATE });
    return [...list.flatMap((one) => joiner.add(one)), ...joiner.flush()];
  };
  const shaken = frames.map((one, i) => ({ ...one, time: nanoseconds(one.time + (i % 3) * 1_000_000) }));
  const WHOLE = [
    [0, 1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10, 11],
    [12, 13, 14, 15, 16, 17],
  ];

  test.each([
    { name: 'all of them', list: frames, groups: WHOLE },
    { name: 'from the second on', list: frames.slice(1), groups: WHOLE.slice(1) },
    { name: 'from a group on', list: frames.slice(6), groups: WHOLE.slice(1) },
    { name: 'one is missing', list: frames.filter((_, i) => i !== 8), groups: [WHOLE[0], WHOLE[2]] },
    {
      name: 'one comes twice',
      list: [...frames.slice(0, 8), ...frames.slice(7)],
      groups: [WHOLE[0], WHOLE[2]],
    },
    {
      name: 'a group is missing',
      list: [...frames.slice(0, 6), ...frames.slice(12)],
      groups: [WHOLE[0], WHOLE[2]],
    },
    { name: 'stamps of whole milliseconds', list: shaken, groups: WHOLE },
  ])('$name', ({ list, groups }) => expect(numbers(join(list))).toEqual(groups));

  test('the whole has the time and place of the first, and lasts as long as all', () => {
    const [first] = join(frames.slice(4));
    expect(first).toMatchObject({ time: frames[6]?.time, position: 6, duration: 31_999_998 });
  });

  test('frames of six blocks, and of AC-3, pass through', () => {
    const six = Array.from({ length: 3 }, (_, i) => frame(3, 5 + i * 6 * step, 6, i));
    expect(join(six)).toEqual(six);
    const ac3 = six.map((one) => ({ ...one, data: Uint8Array.of(0x0b, 0x77, 0, 0, 8, 8 << 3, 0) }));
    expect(join(ac3)).toEqual(ac3);
    expect(numbers(join([...frames.slice(0, 3), ...six]))).toEqual([[0], [1], [2]]);
  });
});

describe.each([
  { bitrate: '3000k', count: 3 },
  { bitrate: '6144k', count: 6 },
])('ffmpeg at $bitrate/s: $count frames make a sample of MP4', ({ bitrate, count }) => {
  beforeEach(needsFfmpeg);
  const make = () => encodeStream(['-c:a', 'eac3', '-b:a', bitrate, '-f', 'eac3'], [RATE, 2]);

  /** Frames in PES packets of so many bytes or frames, each with the time of the first frame that begins in it. */
  function packed(stream: Uint8Array, sizes: readonly number[], ends: readonly number[]): Uint8Array {
    const writer = program({ pcrPid: 256, streams: [{ type: 0x87, pid: 256 }] });
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
    ends.reduce((from, end) => {
      const first = starts.findIndex((start) => start >= from && start < end);
      const pts = first < 0 ? undefined : 90_000 + (first * (1536 / count) * 90_000) / RATE;
      const payload = stream.subarray(from, end);
      writer.pes(256, pesPacket({ streamId: 0xbd, payload, ...(pts === undefined ? {} : { pts }) }));
      return end;
    }, 0);
    return writer.bytes();
  }
  const everyNth = (sizes: readonly number[], n: number) =>
    sizes
      .map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0))
      .filter((_, i) => i % n === n - 1);
  const every = (stream: Uint8Array, size: number) =>
    Array.from({ length: Math.floor(stream.length / size) }, (_, i) => (i + 1) * size);

  test.each([
    {
      name: 'one frame in a PES packet',
      ends: (_: Uint8Array, sizes: readonly number[]) => everyNth(sizes, 1),
    },
    { name: 'four frames', ends: (_: Uint8Array, sizes: readonly number[]) => everyNth(sizes, 4) },
    { name: 'five frames', ends: (_: Uint8Array, sizes: readonly number[]) => everyNth(sizes, 5) },
    { name: '7777 bytes', ends: (stream: Uint8Array) => every(stream, 7777) },
  ])('$name', async ({ ends }) => {
    const stream = make();
    const sizes = probedSizes(stream, 'eac3');
    const file = packed(stream, sizes, ends(stream, sizes));
    const demuxer = await open(file);
    const whole = await readAll(demuxer);
    const groups = Array.from({ length: whole.length }, (_, i) =>
      sizes.slice(i * count, (i + 1) * count).reduce((sum, size) => sum + size, 0),
    );
    expect(demuxer.tracks).toMatchObject([{ sourceCodec: 'eac3', frameSize: 1536 }]);
    expect(whole.length).toBeGreaterThan(12);
    expect(whole.map(({ size }) => size)).toEqual(groups);
    expect(whole.map(({ time }) => time)).toEqual(whole.map((_, i) => seconds(1 + (i * 1536) / RATE)));
    for (let start = 188 * 3; start < file.length; start += 188 * 37) {
      const rest = await readAll(demuxer, start);
      expect(rest, `from ${start}`).toEqual(whole.filter(({ position }) => position >= start));
    }
    const stored = await readAll(await open(file, { asStored: true }));
    expect(stored.map(({ size }) => size)).toEqual(sizes.slice(0, stored.length));
  });
});
