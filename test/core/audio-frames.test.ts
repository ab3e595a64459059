import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { audioFrameRange } from '../../src/core/audio-frames.ts';
import { rescale } from '../../src/core/time.ts';

describe('audioFrameRange', () => {
  test.each([
    { start: 0, end: 1024, size: 1024, first: 0, last: 1 },
    { start: 0, end: 1023, size: 1024, first: 0, last: 1 },
    { start: 1, end: 1024, size: 1024, first: 1, last: 1 },
    { start: 1, end: 1025, size: 1024, first: 1, last: 2 },
    { start: 96_000, end: 192_000, size: 1024, first: 94, last: 188 },
    { start: 0, end: 0, size: 1024, first: 0, last: 0 },
    { start: 5000, end: 4000, size: 1024, first: 5, last: 5 },
  ])('[$start, $end) in frames of $size', ({ start, end, size, first, last }) => {
    expect(audioFrameRange(start, end, size)).toEqual({ first, end: last });
  });

  test('tiles for any ascending cuts: no frame in two segments, none left out', () => {
    const cuts = fc
      .array(fc.integer({ min: 0, max: 20 * 90_000 }), { minLength: 1, maxLength: 12 })
      .map((list) => [0, ...list.sort((a, b) => a - b)]);
    const rate = fc.constantFrom(8000, 22_050, 44_100, 48_000, 96_000);
    const frameSize = fc.constantFrom(960, 1024, 1536, 2048);
    fc.assert(
      fc.property(cuts, rate, frameSize, (cuts, rate, frameSize) => {
        const samples = cuts.map((cut) => rescale(cut, 90_000, rate));
        let next = 0;
        for (let n = 0; n + 1 < samples.length; n++) {
          const [start = 0, end = 0] = samples.slice(n, n + 2);
          const { first, end: behind } = audioFrameRange(start, end, frameSize);
          expect(first).toBe(next);
          next = behind;
          if (behind === first) continue;
          expect(first * frameSize).toBeGreaterThanOrEqual(start);
          expect((behind - 1) * frameSize).toBeLessThan(end);
        }
        expect(next).toBe(Math.ceil((samples.at(-1) ?? 0) / frameSize));
      }),
      { numRuns: 300 },
    );
  });
});
