import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nanoseconds } from '../../src/core/time.ts';
import { audioClock, fitsRate, videoClock } from '../../src/pipeline/clock.ts';

const ms = (value: number) => nanoseconds(Math.round(value * 1_000_000));
const FILM = { num: 24000, den: 1001 };

describe('video clock', () => {
  test('24000/1001: timescale 24000, stamps rounded to milliseconds land on k·1001', () => {
    const clock = videoClock({ zero: ms(0), first: ms(0), rate: FILM });
    expect(clock.timescale).toBe(24000);
    const stamps = Array.from({ length: 5000 }, (_, k) => ms(Math.round((k * 1001) / 24)));
    expect(stamps.map(clock.ticksAt)).toEqual(stamps.map((_, k) => k * 1001));
  });

  test('the grid begins at the first picture, not at zero', () => {
    const clock = videoClock({ zero: ms(0), first: ms(21), rate: FILM });
    expect([ms(21), ms(63), ms(104)].map(clock.ticksAt)).toEqual([504, 504 + 1001, 504 + 2002]);
  });

  test.each([
    { off: 0.9, ticks: 12_000 },
    { off: 1, ticks: 12_000 },
    { off: -1, ticks: 12_000 },
    { off: 1.2, ticks: 12_029 },
    { off: -1.2, ticks: 11_971 },
    { off: 15, ticks: 12_360 },
  ])('a stamp $off ms off the grid of 24 fps is $ticks', ({ off, ticks }) => {
    const clock = videoClock({ zero: ms(0), first: ms(0), rate: { num: 24, den: 1 } });
    expect(clock.timescale).toBe(10_008);
    const scaled = Math.round((ticks / 24_000) * 10_008);
    const got = clock.ticksAt(ms(500 + off));
    expect(Math.abs(got - scaled)).toBeLessThanOrEqual(1);
    expect(got === 5004).toBe(ticks === 12_000);
  });

  test('without a rate: 90 kHz, rounded to nearest, below zero too', () => {
    const clock = videoClock({ zero: ms(100), first: ms(100), rate: null });
    expect(clock.timescale).toBe(90_000);
    expect([ms(100), ms(133), ms(99), nanoseconds(100_005_556)].map(clock.ticksAt)).toEqual([
      0, 2970, -90, 1,
    ]);
  });

  test('a rate that no timescale up to a million holds: 90 kHz', () =>
    expect(videoClock({ zero: ms(0), first: ms(0), rate: { num: 2_000_003, den: 83_417 } }).timescale).toBe(
      90_000,
    ));

  test('stamps that increase by 2 ms or more stay in order, whatever the rate', () => {
    const rates = [FILM, { num: 25, den: 1 }, { num: 60000, den: 1001 }, null];
    fc.assert(
      fc.property(fc.constantFrom(...rates), fc.array(fc.integer({ min: 3, max: 60 })), (rate, steps) => {
        const clock = videoClock({ zero: ms(0), first: ms(0), rate });
        let at = 0;
        const times = steps.map((step) => {
          at += step;
          return clock.ticksAt(ms(at));
        });
        expect([...times].sort((a, b) => a - b)).toEqual(times);
        at = 0;
        steps.forEach((step, i) => {
          at += step;
          expect(Math.abs((times[i] ?? 0) / clock.timescale - at / 1000)).toBeLessThan(0.0012);
        });
      }),
    );
  });

  test('hours in, stamps are exact', () => {
    const clock = videoClock({ zero: ms(0), first: ms(0), rate: FILM });
    const k = 24 * 3600 * 24;
    expect(clock.ticksAt(ms(Math.round((k * 1001) / 24)))).toBe(k * 1001);
  });
});

describe('fitsRate', () => {
  const stamps = (count: number, step: number) => Array.from({ length: count }, (_, k) => ms(k * step));
  test.each([
    { name: 'no stamps', times: [], fits: true },
    { name: 'all on it', times: stamps(100, 40), fits: true },
    {
      name: 'rounded to milliseconds',
      times: stamps(100, 41.708).map((t) => ms(Math.round(t / 1e6))),
      fits: false,
    },
    { name: 'another rate', times: stamps(100, 33.333), fits: false },
    {
      name: 'one in ten off',
      times: stamps(100, 40).map((t, i) => (i % 10 === 5 ? ms(t / 1e6 + 7) : t)),
      fits: true,
    },
    {
      name: 'two in ten off',
      times: stamps(100, 40).map((t, i) => (i % 5 === 3 ? ms(t / 1e6 + 7) : t)),
      fits: false,
    },
  ])('25 fps against $name: $fits', ({ times, fits }) =>
    expect(fitsRate(times, { num: 25, den: 1 })).toBe(fits));
});

describe('audio clock', () => {
  const frame = (rate: number, phase: number, k: number) => ((phase + k * 1024) / rate) * 1000;
  const rounded = (value: number) => ms(Math.round(value));
  const of = (seen: readonly ReturnType<typeof ms>[], rate = 48_000, precision = 1) =>
    audioClock({
      zero: ms(0),
      sampleRate: rate,
      frameSize: 1024,
      step: 1024,
      seen,
      precision: ms(precision),
    });

  test.each([
    { rate: 48_000, phase: 0 },
    { rate: 48_000, phase: 500 },
    { rate: 44_100, phase: 0 },
    { rate: 44_100, phase: 777 },
    { rate: 22_050, phase: 1000 },
    { rate: 96_000, phase: 48 },
  ])('$rate Hz, phase $phase: frames of millisecond stamps follow each other without a gap', ({
    rate,
    phase,
  }) => {
    const seen = Array.from({ length: 3000 }, (_, k) => rounded(frame(rate, phase, k)));
    const clock = of(seen, rate);
    const starts = seen.map(clock.ticksAt);
    expect(starts.slice(1).map((start, i) => start - (starts[i] ?? 0))).toEqual(
      starts.slice(1).map(() => 1024),
    );
    expect(Math.abs((starts[0] ?? 0) - phase) / rate).toBeLessThan(0.0006);
    expect(clock.gridOrigin).toBe(((starts[0] ?? 0) + 1024) % 1024);
    expect(clock.timescale).toBe(rate);
  });

  test('zero begins the grid where the first stamp is zero', () => {
    const seen = Array.from({ length: 100 }, (_, k) => rounded(frame(44_100, 0, k)));
    const clock = of(seen, 44_100);
    expect(clock.ticksAt(ms(0))).toBeGreaterThanOrEqual(0);
    expect(clock.ticksAt(ms(0))).toBeLessThan(45);
  });

  test('a first stamp of zero is never below zero, however the others are rounded', () =>
    fc.assert(
      fc.property(fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { maxLength: 200 }), (noise) => {
        const seen = [ms(0), ...noise.map((n, k) => ms(frame(48_000, 0, k + 1) + n))];
        const clock = of(seen);
        expect(clock.ticksAt(ms(0))).toBeGreaterThanOrEqual(0);
        expect(clock.gridOrigin).toBeGreaterThanOrEqual(0);
        expect(clock.gridOrigin).toBeLessThan(1024);
        expect(Number.isInteger(clock.gridOrigin)).toBe(true);
        for (const time of seen)
          expect(Math.abs(clock.ticksAt(time) - (time / 1e9) * 48_000)).toBeLessThanOrEqual(51);
      }),
    ));

  test('noise of half a millisecond on every stamp: all on one grid', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1023 }),
        fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 1, maxLength: 300 }),
        (phase, noise) => {
          const seen = noise.map((n, k) => ms(frame(48_000, phase, k + 3) + n));
          const starts = seen.map(of(seen).ticksAt);
          expect(starts.map((start) => start - (starts[0] ?? 0))).toEqual(starts.map((_, k) => k * 1024));
        },
      ),
    ));

  test('a grid of short steps lies where most stamps allow it, whatever the first one is', () => {
    const STEP = 64;
    for (const phase of [0, 1, 22, 32, 63]) {
      const lengths = [128, 576, 1024, 1024, 576, 128, 128, 1024];
      let at = phase + 128;
      const places = Array.from({ length: 200 }, (_, k) => {
        at += lengths[k % lengths.length] ?? 0;
        return at;
      });
      const stamps = places.map((place) => rounded((place / 48_000) * 1000));
      const facts = { zero: ms(0), sampleRate: 48_000, frameSize: STEP, step: STEP, precision: ms(1) };
      const { gridOrigin } = audioClock({ ...facts, seen: [ms(0), ...stamps] });
      const off = Math.abs(gridOrigin - phase);
      expect(Math.min(off, STEP - off), `phase ${phase}`).toBeLessThanOrEqual(8);
    }
  });

  test('a stamp off the grid stands, rounded to samples', () => {
    const seen = [ms(0), rounded(frame(48_000, 0, 1)), rounded(frame(48_000, 0, 2))];
    expect(of(seen).ticksAt(ms(50))).toBe(2400);
  });

  test('no stamps seen: the grid begins at zero', () => {
    const clock = of([]);
    expect(clock.gridOrigin).toBe(0);
    expect(clock.ticksAt(ms(21))).toBe(1024);
  });

  test('a million stamps are planned without running out of stack', () => {
    const seen = Array.from({ length: 1_000_000 }, (_, k) => rounded(frame(48_000, 0, k)));
    expect(of(seen).ticksAt(rounded(frame(48_000, 0, 999_999)))).toBe(
      of(seen.slice(0, 1000)).ticksAt(ms(0)) + 999_999 * 1024,
    );
  });
});
