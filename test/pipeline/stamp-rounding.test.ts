import { describe, expect, test } from 'vitest';
import { nanoseconds } from '../../src/core/time.ts';
import { stampRounding } from '../../src/pipeline/stamp-rounding.ts';

const RATE = 48_000;
const FRAME = 1536;
const TICK = 20_834;
const MILLISECOND = 1_000_000;
const exact = (k: number) => (k * FRAME * 1e9) / RATE;
const frames = (count: number, stamp: (k: number) => number) =>
  Array.from({ length: count }, (_, k) => nanoseconds(Math.round(stamp(k))));

const ROWS = [
  { name: 'on the grid', seen: frames(100, exact), precision: TICK },
  {
    name: 'taken over from milliseconds',
    seen: frames(100, (k) => Math.round((k * FRAME * 1000) / 44_100) * MILLISECOND),
    rate: 44_100,
    precision: MILLISECOND,
  },
  { name: 'spliced once', seen: frames(100, (k) => exact(k) + (k < 50 ? 0 : 400_000)), precision: TICK },
  {
    name: 'wavering by more',
    seen: frames(100, (k) => exact(k) + (k % 3) * 2 * MILLISECOND),
    precision: TICK,
  },
  { name: 'two frames', seen: frames(2, (k) => exact(k) + k * 400_000), precision: TICK },
  { name: 'no frame', seen: [], precision: TICK },
];

describe('what stamps were rounded to', () => {
  test.each(ROWS)('$name: $precision ns', ({ seen, rate = RATE, precision }) =>
    expect(
      stampRounding({
        sampleRate: rate,
        frameSize: FRAME,
        step: FRAME,
        seen: [...seen].reverse(),
        precision: nanoseconds(TICK),
      }),
    ).toBe(precision));

  test('frames of several lengths: the container is believed', () =>
    expect(
      stampRounding({
        sampleRate: RATE,
        frameSize: FRAME,
        step: FRAME / 2,
        seen: frames(100, (k) => exact(k) + (k % 3) * 200_000),
        precision: nanoseconds(TICK),
      }),
    ).toBe(TICK));
});
