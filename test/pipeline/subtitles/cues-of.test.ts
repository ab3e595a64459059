import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Sample } from '../../../src/core/contracts.ts';
import { type Cue, packCues } from '../../../src/core/cues.ts';
import { nanoseconds, ticks } from '../../../src/core/time.ts';
import type { Timeline } from '../../../src/core/timeline.ts';
import { cuesIn, cuesOf, intervalOf } from '../../../src/pipeline/subtitles/cues-of.ts';

const MS = 1_000_000;

/** Times in milliseconds. */
const sample = (time: number, duration: number | null, text = `at ${time}`): Sample => ({
  trackId: 1,
  time: nanoseconds(time * MS),
  duration: duration === null ? null : nanoseconds(duration * MS),
  isKey: true,
  position: time,
  entry: time,
  data: packCues(text === '' ? [] : [{ settings: '', text }]),
});

describe('cuesOf', () => {
  test.each<{ name: string; samples: readonly Sample[]; shown: readonly (readonly [number, number])[] }>([
    { name: 'on the title’s zero', samples: [sample(1000, 500)], shown: [[900, 1400]] },
    {
      name: 'in order of time',
      samples: [sample(900, 100), sample(300, 50)],
      shown: [
        [200, 250],
        [800, 900],
      ],
    },
    { name: 'over the zero', samples: [sample(50, 100)], shown: [[0, 50]] },
    { name: 'before the zero', samples: [sample(0, 100)], shown: [] },
    { name: 'no time at all', samples: [sample(500, 0)], shown: [] },
    { name: 'nothing to show', samples: [sample(500, 100, '')], shown: [] },
    {
      name: 'until the next',
      samples: [sample(500, null), sample(800, 100)],
      shown: [
        [400, 700],
        [700, 800],
      ],
    },
    {
      name: 'until the next, which shows nothing',
      samples: [sample(500, null), sample(800, 100, '')],
      shown: [[400, 700]],
    },
    {
      name: 'several at once until the next',
      samples: [sample(500, null, 'a'), sample(500, null, 'b'), sample(900, 10)],
      shown: [
        [400, 800],
        [400, 800],
        [800, 810],
      ],
    },
    { name: 'ten seconds at most', samples: [sample(500, null)], shown: [[400, 10_400]] },
  ])('$name', ({ samples, shown }) => {
    expect(cuesOf(samples, nanoseconds(100 * MS)).map(({ start, end }) => [start, end])).toEqual(shown);
  });
});

const time = fc.integer({ min: 0, max: 60_000 });
const cue = fc
  .tuple(time, fc.integer({ min: 1, max: 30_000 }))
  .map(([start, length]): Cue => ({ start, end: start + length, settings: '', text: `${start}+${length}` }));
const timeline = fc
  .tuple(
    fc.integer({ min: 1, max: 100_000 }),
    fc.uniqueArray(fc.integer({ min: 1, max: 6_000_000 }), { maxLength: 20 }),
  )
  .map(
    ([timescale, times]): Timeline => ({
      timescale,
      cuts: [0, ...times.sort((a, b) => a - b)].map((at) => ({ time: ticks(at), point: POINT })),
      end: ticks(7_000_000),
    }),
  );
const POINT = { time: nanoseconds(0), position: 0, blockPosition: null, isClosed: true, isSync: true };

test('any cues, any cuts: each cue is in one run of segments, and in those alone that it is shown in', () => {
  fc.assert(
    fc.property(fc.array(cue, { maxLength: 30 }), timeline, (cues, line) => {
      const segments = line.cuts.map((_, n) => cuesIn(cues, intervalOf(line, n)));
      for (const one of cues) {
        const held = segments.flatMap((list, n) => (list.includes(one) ? [n] : []));
        const [first = Number.NaN] = held;
        expect(held).toEqual(Array.from(held, (_, i) => first + i));
        const overlapped = line.cuts.flatMap(({ time: begins }, n) => {
          const from = n === 0 ? 0 : begins;
          const to = line.cuts[n + 1]?.time ?? Number.POSITIVE_INFINITY;
          const isShown = one.start * line.timescale < to * 1000 && one.end * line.timescale > from * 1000;
          return isShown ? [n] : [];
        });
        expect(held).toEqual(overlapped);
      }
    }),
  );
});
