import { describe, expect, test } from 'vitest';
import { measureBandwidth } from '../../src/pipeline/bandwidth.ts';

describe('measureBandwidth', () => {
  test.each([
    { name: 'nothing', bytes: [], durations: [], target: 6, peak: 0, average: 0 },
    { name: 'one segment', bytes: [1000], durations: [4], target: 4, peak: 2000, average: 2000 },
    {
      name: 'even segments',
      bytes: [750, 750, 750],
      durations: [6, 6, 6],
      target: 6,
      peak: 1000,
      average: 1000,
    },
    {
      name: 'one heavy segment',
      bytes: [750, 7500, 750],
      durations: [6, 6, 6],
      target: 6,
      peak: 10_000,
      average: 4000,
    },
    {
      name: 'a short heavy one counts with its neighbour',
      bytes: [600, 3000, 600],
      durations: [6, 2, 6],
      target: 6,
      peak: 3600,
      average: 2400,
    },
    { name: 'a short film', bytes: [500], durations: [1], target: 6, peak: 4000, average: 4000 },
    {
      name: 'a run of 1.5 target durations',
      bytes: [300, 900],
      durations: [3, 6],
      target: 6,
      peak: 1200,
      average: 1067,
    },
    { name: 'durations of zero', bytes: [100, 100], durations: [0, 0], target: 1, peak: 0, average: 0 },
  ])('$name: peak $peak, average $average', ({ bytes, durations, target, peak, average }) =>
    expect(measureBandwidth(bytes, durations, target)).toEqual({ peak, average }));
});
