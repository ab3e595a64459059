import { describe, expect, test } from 'vitest';
import type { Joiner } from '../../../parsers/elementary/joiner.ts';
import type { BlockTrack } from '../../../parsers/matroska/block.ts';
import { SampleJoining } from '../../../parsers/matroska/joining.ts';
import { LaceSpreading } from '../../../parsers/matroska/lace-spreading.ts';
import { concat } from '../../../src/core/bytes.ts';
import type { Sample, SampleBatch, SampleHead } from '../../../src/core/contracts.ts';
import { nanoseconds } from '../../../src/core/time.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { readFile, signal } from './reading.ts';

/** A sample that begins with ff wants the next one. */
function toyJoiner(): Joiner {
  let held: Sample | null = null;
  return {
    add(sample) {
      const whole: Sample = held ? { ...held, data: concat([held.data, sample.data]) } : sample;
      const isPart = sample.data[0] === 0xff;
      held = isPart ? whole : null;
      return isPart ? [] : [whole];
    },
    flush: () => (held ? [held] : []),
  };
}

const block = (id: number, joiner: (() => Joiner) | null): BlockTrack => ({
  id,
  codecDelay: 0,
  timestampScale: 1,
  frameDuration: null,
  durationOf: () => null,
  isPrefixUsable: true,
  decode: (frame) => frame,
  normalize: (frame) => frame,
  joiner,
});
const sample = (trackId: number, time: number, hex: string, more: Partial<Sample> = {}): Sample => ({
  trackId,
  time: nanoseconds(time),
  duration: null,
  isKey: true,
  position: time,
  entry: 0,
  data: w.bytes(w.hex(hex)),
  ...more,
});
const head = (trackId: number, time = 0): SampleHead => ({
  trackId,
  time: nanoseconds(time),
  isKey: true,
  position: 0,
  entry: 0,
  prefix: new Uint8Array(),
});
const batch = (samples: readonly Sample[], next: SampleHead | null = null): SampleBatch => ({
  samples,
  next,
  skipped: 0,
});
const brief = ({ samples }: SampleBatch) =>
  samples.map(({ trackId, time, data }) => [trackId, time, Buffer.from(data).toString('hex')]);

describe('joining', () => {
  test('parts are joined over batches, other tracks pass through, the rest comes at the end', () => {
    const joining = new SampleJoining([block(1, toyJoiner), block(2, null)]);
    expect(brief(joining.add(batch([sample(1, 0, 'aa'), sample(1, 1, 'ff01')])))).toEqual([[1, 0, 'aa']]);
    expect(brief(joining.add(batch([sample(2, 5, 'ff'), sample(1, 2, 'bb')])))).toEqual([
      [2, 5, 'ff'],
      [1, 1, 'ff01bb'],
    ]);
    expect(brief(joining.add(batch([sample(1, 3, 'ff02')])))).toEqual([]);
    expect(brief(joining.flush())).toEqual([[1, 3, 'ff02']]);
  });

  test.each([
    { name: 'nothing came', samples: [], of: 1, isTold: true },
    { name: 'the last one came back as it was', samples: [sample(1, 0, 'aa')], of: 1, isTold: true },
    { name: 'a part is held', samples: [sample(1, 0, 'ff')], of: 1, isTold: false },
    { name: 'a part of another track is held', samples: [sample(1, 0, 'ff')], of: 2, isTold: true },
    {
      name: 'joined: the joiner may hold more',
      samples: [sample(1, 0, 'ff'), sample(1, 1, 'aa')],
      of: 1,
      isTold: false,
    },
  ])('the head of what comes next, when $name: told $isTold', ({ samples, of, isTold }) => {
    const joining = new SampleJoining([block(1, toyJoiner), block(2, null)]);
    expect(joining.add(batch(samples, head(of))).next !== null).toBe(isTold);
  });
});

describe('laces whose frames do not say how long they last', () => {
  const lace = (time: number, position: number, count: number) =>
    Array.from({ length: count }, (_, i) => sample(1, time, `0${i}`, { position }));
  const times = ({ samples }: SampleBatch) => samples.map(({ time, duration }) => [time, duration]);

  test('are spread up to the next block, wherever it arrives', () => {
    const spreading = new LaceSpreading();
    expect(times(spreading.add(batch(lace(0, 10, 3))))).toEqual([]);
    expect(times(spreading.add(batch(lace(30, 20, 2))))).toEqual([
      [0, 10],
      [10, 10],
      [20, 10],
    ]);
    expect(times(spreading.add(batch([sample(1, 54, 'aa')])))).toEqual([
      [30, 12],
      [42, 12],
      [54, null],
    ]);
  });

  test('the head of the next block is enough', () => {
    const spreading = new LaceSpreading();
    expect(times(spreading.add(batch(lace(0, 10, 2), head(1, 8))))).toEqual([
      [0, 4],
      [4, 4],
    ]);
  });

  test('the last one and one before a hole go on as the one before', () => {
    const spreading = new LaceSpreading();
    spreading.add(batch(lace(0, 10, 2)));
    expect(times(spreading.add(batch(lace(20, 20, 2))))).toHaveLength(2);
    expect(times(spreading.add(batch(lace(5000, 30, 2))))).toEqual([
      [20, 10],
      [30, 10],
    ]);
    expect(times(spreading.flush())).toEqual([
      [5000, 10],
      [5010, 10],
    ]);
  });

  test.each([
    { name: 'single frames', samples: [sample(1, 0, 'aa'), sample(1, 5, 'bb')] },
    {
      name: 'laces that say how long they last',
      samples: lace(0, 10, 2).map((one) => ({ ...one, duration: nanoseconds(4) })),
    },
  ])('$name pass at once', ({ samples }) => {
    expect(new LaceSpreading().add(batch(samples)).samples).toEqual(samples);
  });

  test('a file of Vorbis in laces', async () => {
    const audio = w.audioTrack({ number: 1, codec: 'A_VORBIS', rate: 48_000, channels: 2 });
    const blocks = [0, 40].map((time) =>
      w.simpleBlock({ track: 1, time, isKey: true, lacing: 'ebml' }, w.hex('aa'), w.hex('bb')),
    );
    const clusters = [0, 80].map((time) => w.cluster(time, blocks));
    const { samples, demuxer } = await readFile(w.matroska(w.info(), w.tracks(audio), clusters));
    expect(samples.map(({ time }) => time / 1e6)).toEqual([0, 20, 40, 60, 80, 100, 120, 140]);
    const { start } = demuxer.payload;
    const end = samples[4]?.entry ?? 0;
    const before: number[] = [];
    for await (const batch of demuxer.samples({ start, soft: end, end, tracks: new Set([1]) }, signal))
      before.push(...batch.samples.map(({ time }) => time / 1e6));
    // The second lace waits for a block that was not asked for.
    expect(before).toEqual([0, 20]);
  });
});
