import { describe, expect, it } from 'vitest';
import { HALVE_REACH, halve } from '../../src/audio/halve.ts';

const sine = (hertz: number, rate: number, start: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hertz * (start + i)) / rate));

const OUTPUT = 4000;
const INPUT = 2 * OUTPUT + 2 * HALVE_REACH;

/** A sine whose first halved sample stands at 0. */
const halvedSine = (hertz: number, rate: number): Float32Array =>
  halve(sine(hertz, rate, -HALVE_REACH, INPUT));

const peak = (samples: Float32Array): number => samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

function noise(length: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const PASSED = [0.1, 20, 440, 1000, 5000, 10_000, 15_000, 18_000];
/** Hertz to be kept, by rate. */
const RATES = [
  [96_000, 20_000],
  [88_200, 18_370],
  [192_000, 20_000],
  [176_400, 20_000],
] as const;

describe('halving of the sample rate', () => {
  it.each(RATES)('passes of %i Hz all up to %i Hz, without delay', (rate, edge) => {
    for (const hertz of [...PASSED, edge]) {
      const expected = sine(hertz, rate / 2, 0, OUTPUT);
      const error = peak(halvedSine(hertz, rate).map((sample, i) => sample - (expected[i] ?? 0)));
      // 0.001 dB, at any phase.
      expect(error).toBeLessThan(1.15e-4);
    }
  });

  it.each(RATES)('keeps out of %i Hz what would fold below %i Hz', (rate, edge) => {
    for (const hertz of [...PASSED, edge]) {
      expect(20 * Math.log10(peak(halvedSine(rate / 2 - hertz, rate)))).toBeLessThan(-95);
    }
  });

  it('leaves a constant as it is', () => {
    for (const sample of halve(new Float32Array(INPUT).fill(0.75))) expect(sample).toBe(0.75);
  });

  it('gives the same in pieces, wherever they are cut', () => {
    const whole = noise(INPUT);
    const expected = halve(whole);
    expect(expected).toHaveLength(OUTPUT);
    for (const [from, to] of [
      [0, 1],
      [1, 3],
      [7, 1031],
      [1023, 2048],
      [2048, 4000],
      [3999, 4000],
    ] as const) {
      const piece = halve(whole.slice(2 * from, 2 * to + 2 * HALVE_REACH));
      expect(piece).toEqual(expected.subarray(from, to));
    }
  });

  it('is halved again on the same line', () => {
    const rate = 192_000;
    const reach = 3 * HALVE_REACH;
    const twice = halve(halve(sine(10_000, rate, -reach, 4 * 1000 + 2 * reach)));
    const expected = sine(10_000, rate / 4, 0, 1000);
    expect(twice).toHaveLength(1000);
    expect(peak(twice.map((sample, i) => sample - (expected[i] ?? 0)))).toBeLessThan(1.15e-4);
  });

  it.each([
    [0, 0],
    [2 * HALVE_REACH, 0],
    [2 * HALVE_REACH + 1, 1],
    [2 * HALVE_REACH + 2, 1],
    [2 * HALVE_REACH + 3, 2],
  ])('gives of %i samples %i', (input, output) => {
    expect(halve(new Float32Array(input))).toHaveLength(output);
  });
});
