import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactRate, nanoseconds, nearestRate, rescale, rescaleUp } from '../../src/core/time.ts';

const floorDivide = (n: bigint, d: bigint): bigint => (n % d < 0n ? n / d - 1n : n / d);

/** The definition: floor(value · to / from + 1/2), with nothing rounded on the way. */
const nearest = (value: number, from: number, to: number): bigint =>
  floorDivide(2n * BigInt(value) * BigInt(to) + BigInt(from), 2n * BigInt(from));

const upwards = (value: number, from: number, to: number): bigint =>
  -floorDivide(-BigInt(value) * BigInt(to), BigInt(from));

const scale = fc.oneof(
  fc.constantFrom(1, 2, 3, 1000, 1001, 24_000, 44_100, 48_000, 90_000, 10_000_000, 1_000_000_000),
  fc.integer({ min: 1, max: 2 ** 32 }),
);
const value = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1_000_000, max: 1_000_000 }));

describe('rescale', () => {
  test.each([
    { value: 1, from: 2, to: 1, near: 1, up: 1 },
    { value: -1, from: 2, to: 1, near: 0, up: 0 },
    { value: -3, from: 2, to: 1, near: -1, up: -1 },
    { value: 1, from: 3, to: 1, near: 0, up: 1 },
    { value: -1, from: 3, to: 1, near: 0, up: 0 },
    { value: -2, from: 3, to: 1, near: -1, up: 0 },
    { value: 1001, from: 24_000, to: 90_000, near: 3754, up: 3754 },
    { value: 1_001_000_000, from: 1_000_000_000, to: 48_000, near: 48_048, up: 48_048 },
    { value: 864_000 * 1e9, from: 1e9, to: 90_000, near: 77_760_000_000, up: 77_760_000_000 },
    { value: 2 ** 53 - 1, from: 1e9, to: 1e9, near: 2 ** 53 - 1, up: 2 ** 53 - 1 },
    { value: 1 - 2 ** 53, from: 1e9, to: 48_000, near: -432_345_564_228, up: -432_345_564_227 },
  ])('$value/$from in 1/$to: $near, upwards $up', ({ value, from, to, near, up }) => {
    expect(rescale(value, from, to) + 0).toBe(near);
    expect(rescaleUp(value, from, to) + 0).toBe(up);
  });

  test('is what exact arithmetic gives, beyond 2^53 and below 0 too', () => {
    fc.assert(
      fc.property(value, scale, scale, (value, from, to) => {
        expect(rescale(value, from, to)).toBe(Number(nearest(value, from, to)));
        expect(rescaleUp(value, from, to)).toBe(Number(upwards(value, from, to)));
      }),
      { numRuns: 2000 },
    );
  });

  test('is exact around products of 2^53', () => {
    const near = fc.record({ product: fc.integer({ min: -2000, max: 2000 }), to: scale, from: scale });
    fc.assert(
      fc.property(near, fc.constantFrom(-1, 1), ({ product, to, from }, sign) => {
        const value = sign * (Math.floor(2 ** 53 / to) + product);
        fc.pre(Number.isSafeInteger(value));
        expect(rescale(value, from, to)).toBe(Number(nearest(value, from, to)));
        expect(rescaleUp(value, from, to)).toBe(Number(upwards(value, from, to)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('exactRate', () => {
  test.each([
    { name: 'mkvmerge, film', duration: 41_708_333, precision: 2000, rate: [24_000, 1001] },
    { name: 'mkvmerge, 24', duration: 41_666_667, precision: 2000, rate: [24, 1] },
    { name: 'rounded to microseconds', duration: 41_708_000, precision: 2000, rate: [24_000, 1001] },
    { name: '25', duration: 40_000_000, precision: 2000, rate: [25, 1] },
    { name: 'NTSC', duration: 33_366_667, precision: 2000, rate: [30_000, 1001] },
    { name: '30', duration: 33_333_333, precision: 2000, rate: [30, 1] },
    { name: '50', duration: 20_000_000, precision: 2000, rate: [50, 1] },
    { name: '59.94', duration: 16_683_333, precision: 2000, rate: [60_000, 1001] },
    { name: '60', duration: 16_666_667, precision: 2000, rate: [60, 1] },
    { name: '119.88', duration: 8_341_667, precision: 2000, rate: [120_000, 1001] },
    {
      name: 'milliseconds: the nearest of several',
      duration: 42_000_000,
      precision: 500_000,
      rate: [24_000, 1001],
    },
    { name: 'a whole number that is no standard', duration: 66_666_667, precision: 2000, rate: [15, 1] },
    { name: 'one picture a second', duration: 1_000_000_000, precision: 2000, rate: [1, 1] },
    { name: 'none', duration: 70_000_000, precision: 2000, rate: null },
    { name: 'slower than one a second', duration: 3_000_000_000, precision: 2000, rate: null },
  ])('$name: $duration ns', ({ duration, precision, rate }) => {
    const expected = rate && { num: rate[0], den: rate[1] };
    expect(exactRate(nanoseconds(duration), precision)).toEqual(expected);
  });
});

describe('nearestRate', () => {
  test.each([
    { fps: 23.976, num: 24_000, den: 1001 },
    { fps: 23.98, num: 24_000, den: 1001 },
    { fps: 24, num: 24, den: 1 },
    { fps: 24.998, num: 25, den: 1 },
    { fps: 29.97, num: 30_000, den: 1001 },
    { fps: 30.001, num: 30, den: 1 },
    { fps: 59.94, num: 60_000, den: 1001 },
    { fps: 12.5, num: 12_500, den: 1000 },
    { fps: 29.5, num: 29_500, den: 1000 },
    { fps: 0.0001, num: 1, den: 1000 },
  ])('$fps', ({ fps, num, den }) => {
    expect(nearestRate(fps)).toEqual({ num, den });
  });
});
