import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { chooseCuts, segmentDurations } from '../../src/core/timeline.ts';

const ns = (s: number) => nanoseconds(Math.round(s * 1e9));
const at = (s: number) => ({ time: ns(s) });
const every = (step: number, end: number) =>
  Array.from({ length: Math.ceil(end / step) }, (_, i) => i * step);

describe('chooseCuts', () => {
  test.each([
    { name: 'targets 2, 2, 4, then 6 s', points: every(1, 30), end: 30, cuts: [0, 2, 4, 8, 14, 20, 26] },
    {
      name: 'the first at or after a target',
      points: [0, 1.9, 2.1, 4, 4.2, 9],
      end: 20,
      cuts: [0, 2.1, 4.2, 9],
    },
    { name: 'measured from the cut before', points: [0, 5, 6.9, 7, 11], end: 20, cuts: [0, 5, 7, 11] },
    { name: 'long GOPs', points: [0, 30, 60], end: 65, cuts: [0, 30, 60] },
    { name: 'a first point that is not 0', points: [1.5, 3, 3.5], end: 10, cuts: [1.5, 3.5] },
    { name: 'a last piece of 0.5 s stays', points: [0, 2], end: 2.5, cuts: [0, 2] },
    { name: 'a last piece below 0.5 s joins its predecessor', points: [0, 2, 4], end: 4.49, cuts: [0, 2] },
    { name: 'a title shorter than that has its one cut', points: [0], end: 0.04, cuts: [0] },
    { name: 'points behind the end', points: [0, 2, 7, 9], end: 5, cuts: [0, 2] },
    { name: 'no point', points: [], end: 5, cuts: [] },
  ])('$name', ({ points, end, cuts }) => {
    expect(chooseCuts(points.map(at), ns(end)).map((point) => point.time / 1e9)).toEqual(cuts);
  });

  test('never more segments than the limit', () => {
    const points = every(10, 600_000).map(at);
    expect(chooseCuts(points, ns(600_000))).toHaveLength(LIMITS.segments);
  });
});

describe('segmentDurations', () => {
  test.each([
    { name: 'thirds', boundaries: [0, 1, 2, 3], timescale: 3, durations: [333_333, 333_334, 333_333] },
    { name: 'film', boundaries: [0, 48_048, 96_096], timescale: 24_000, durations: [2_002_000, 2_002_000] },
    { name: 'nothing', boundaries: [0], timescale: 90_000, durations: [] },
  ])('$name', ({ boundaries, timescale, durations }) => {
    expect(segmentDurations(boundaries, timescale)).toEqual(durations);
  });

  test('sum up to the rounded end: no error adds up', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.constantFrom(24_000, 44_100, 48_000, 90_000, 30_000), (steps, timescale) => {
        const boundaries = [0];
        for (const step of steps) boundaries.push((boundaries.at(-1) ?? 0) + step);
        const durations = segmentDurations(boundaries, timescale);
        let sum = 0;
        durations.forEach((duration, i) => {
          expect(Number.isInteger(duration) && duration >= 0).toBe(true);
          sum += duration;
          const exact = ((boundaries[i + 1] ?? 0) / timescale) * 1_000_000;
          expect(Math.abs(sum - exact)).toBeLessThanOrEqual(0.500001);
        });
      }),
    );
  });
});
