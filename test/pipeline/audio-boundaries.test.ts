import { describe, expect, test } from 'vitest';
import { nanoseconds, ticks } from '../../src/core/time.ts';
import type { Timeline } from '../../src/core/timeline.ts';
import { audioBoundaries } from '../../src/pipeline/plan-tracks.ts';

const timelineTo = (end: number, timescale: number): Timeline => ({
  timescale,
  cuts: [
    {
      time: ticks(0),
      point: { time: nanoseconds(0), position: 0, blockPosition: 0, isClosed: true, isSync: true },
    },
  ],
  end: ticks(end),
});

/** The end of a title in ticks of the main track is rounded up: the last boundary must not take in a frame for that. */
const ROWS = [
  { name: 'a whole second', end: 90_000, timescale: 90_000, rate: 48_000, last: 48_000 },
  {
    name: '216 frames of AAC end within a tick',
    end: 451_396,
    timescale: 90_000,
    rate: 44_100,
    last: 221_184,
  },
  { name: 'most of a sample behind them', end: 90_002, timescale: 90_000, rate: 48_000, last: 48_001 },
  { name: 'the same clock', end: 221_184, timescale: 44_100, rate: 44_100, last: 221_184 },
  { name: 'a finer rate, exact', end: 24_000, timescale: 24_000, rate: 48_000, last: 48_000 },
  { name: 'a coarse clock covers the last sample', end: 25, timescale: 25, rate: 48_000, last: 48_000 },
  { name: 'a coarse clock, not exact', end: 31, timescale: 30, rate: 44_100, last: 45_570 },
  { name: 'an empty title', end: 0, timescale: 90_000, rate: 48_000, last: 0 },
];

describe('boundaries of sound', () => {
  test.each(ROWS)('$name', ({ end, timescale, rate, last }) =>
    expect(audioBoundaries(timelineTo(end, timescale), rate)).toEqual([0, last]));
});
