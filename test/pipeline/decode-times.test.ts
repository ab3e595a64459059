import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeClock } from '../../src/pipeline/decode-times.ts';

const run = (depth: number, stamps: readonly number[]): { times: number[]; early: number } => {
  const clock = new DecodeClock(depth);
  const given = stamps.flatMap((pts) => clock.push(pts) ?? []);
  return { times: [...given, ...clock.flush()], early: given.length };
};

/** How many earlier packets are shown later than each, at most. */
const reorderOf = (stamps: readonly number[]): number =>
  Math.max(0, ...stamps.map((pts, i) => stamps.slice(0, i).filter((before) => before > pts).length));

const uniqueStamps = fc.uniqueArray(fc.integer({ min: -1000, max: 100_000 }), { maxLength: 60 });

describe('DecodeClock', () => {
  test.each([
    { name: 'no reordering', depth: 0, stamps: [0, 1, 2], times: [0, 1, 2] },
    { name: 'one B-picture', depth: 1, stamps: [0, 2, 1, 4, 3], times: [0, 1, 2, 3, 4] },
    { name: 'pyramid', depth: 2, stamps: [0, 4, 2, 1, 3, 8, 6, 5, 7], times: [0, 1, 2, 3, 4, 5, 6, 7, 8] },
    { name: 'leading pictures', depth: 2, stamps: [10, 8, 9, 14, 12], times: [8, 9, 10, 12, 14] },
    { name: 'one packet', depth: 16, stamps: [7], times: [7] },
    { name: 'none', depth: 3, stamps: [], times: [] },
  ])('$name: the i-th packet decodes at the i-th smallest stamp', ({ depth, stamps, times }) =>
    expect(run(depth, stamps).times).toEqual(times));

  test('a time is given as soon as it is final, not later', () => {
    const clock = new DecodeClock(2);
    expect([0, 4, 2, 1, 3].map((pts) => clock.push(pts))).toEqual([null, null, 0, 1, 2]);
    expect(clock.has(3)).toBe(true);
    expect(clock.has(2)).toBe(false);
    expect(clock.flush()).toEqual([3, 4]);
  });

  test('property: with the depth of the stream it sorts', () =>
    fc.assert(
      fc.property(uniqueStamps, fc.integer({ min: 0, max: 3 }), (stamps, spare) => {
        const depth = reorderOf(stamps) + spare;
        const { times, early } = run(depth, stamps);
        expect(times).toEqual([...stamps].sort((a, b) => a - b));
        expect(early).toBe(Math.max(0, stamps.length - depth));
      }),
    ));

  test('property: deeper reorder than declared stays strictly increasing and starts no later than it must', () =>
    fc.assert(
      fc.property(uniqueStamps, fc.integer({ min: 0, max: 4 }), (stamps, depth) => {
        const { times } = run(depth, stamps);
        expect(times).toHaveLength(stamps.length);
        for (const [i, time] of times.slice(1).entries()) expect(time).toBeGreaterThan(times[i] ?? 0);
      }),
    ));
});
