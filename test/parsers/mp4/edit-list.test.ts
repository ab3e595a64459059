import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type Edit, type EditPlan, planEdits } from '../../../parsers/mp4/edit-list.ts';
import {
  presentedDuration,
  presentedEnd,
  presentedFragmentTime,
  presentedTime,
} from '../../../parsers/mp4/presentation.ts';
import { compositionTime, readSampleTable, type SampleTable } from '../../../parsers/mp4/sample-table.ts';
import { ctts, stco, stsc, stss, stsz, stts, tables } from './table-writer.ts';

type Pair = readonly [duration: number, mediaTime: number, rate?: number];
const edits = (...pairs: readonly Pair[]): Edit[] =>
  pairs.map(([duration, mediaTime, rate = 1]) => ({ duration, mediaTime, rate }));

/** Samples of 100 ticks, each of one byte. */
function media(offsets: readonly number[], syncs: readonly number[] | null = null): SampleTable {
  return readSampleTable(
    tables({
      stts: stts([offsets.length, 100]),
      ctts: ctts(...offsets.map((offset) => [1, offset] as const)),
      stss: syncs && stss(...syncs.map((sample) => sample + 1)),
      stsc: stsc([1, offsets.length, 1]),
      stsz: stsz(...offsets.map(() => 1)),
      stco: stco(0),
    }),
    { fileEnd: null },
  );
}

/** I P B B I P B B, composed at 100 400 200 300 500 800 600 700. */
const FILM = media([100, 300, 0, 0, 100, 300, 0, 0], [0, 4]);
/** I P B B, then I with two pictures that lead it, then P: composed at 100 400 200 300, 700 500 600, 800. */
const OPEN_GROUP = media([100, 300, 0, 0, 300, 0, 0, 100], [0, 4]);
const SOUND = media([0, 0, 0, 0, 0, 0, 0, 0]);

/** 1000 media ticks a second, and 100 of the movie: an edit of 10 lasts as long as a sample. */
const plan = (list: readonly Edit[], table: SampleTable, presents: EditPlan['presents'] = 'pictures') =>
  planEdits(list, 100, 1000, { presents, table });

const milliseconds = (nanoseconds: number | null) => nanoseconds && nanoseconds / 1e6;
const times = (made: EditPlan, table: SampleTable) =>
  Array.from({ length: table.count }, (_, i) => milliseconds(presentedTime(made, table, i)));

const N = null;

describe('pictures', () => {
  test.each<{ name: string; list: Edit[]; expected: (number | null)[]; remarks?: string[] }>([
    {
      name: 'without edits are where they are composed',
      list: [],
      expected: [100, 400, 200, 300, 500, 800, 600, 700],
    },
    {
      name: 'begin with their edit',
      list: edits([80, 100]),
      expected: [0, 300, 100, 200, 400, 700, 500, 600],
    },
    {
      name: 'begin after a delay',
      list: edits([5, -1], [80, 100]),
      expected: [50, 350, 150, 250, 450, 750, 550, 650],
    },
    {
      name: 'keep the gap before the first',
      list: edits([90, 0]),
      expected: [100, 400, 200, 300, 500, 800, 600, 700],
    },
    {
      name: 'of an edit without duration last to the end',
      list: edits([0, 500]),
      expected: [N, N, N, N, 0, 300, 100, 200],
    },
    {
      name: 'of an edit without duration before another are none',
      list: edits([0, 100], [40, 500]),
      expected: [N, N, N, N, 0, 300, 100, 200],
    },
    { name: 'before the end of the edit', list: edits([40, 100]), expected: [0, 300, 100, 200, N, N, N, N] },
    {
      name: 'that others in the edit need stay',
      list: edits([20, 100]),
      expected: [0, 300, 100, N, N, N, N, N],
    },
    {
      name: 'before the edit stay from the last sync picture on',
      list: edits([40, 700]),
      expected: [N, N, N, N, -200, 100, -100, 0],
      remarks: ['pre-roll'],
    },
    {
      name: 'within which an edit begins stay',
      list: edits([40, 550]),
      expected: [N, N, N, N, -50, 250, 50, 150],
      remarks: ['pre-roll'],
    },
    {
      name: 'of two edits that go on are one stretch',
      list: edits([20, 100], [60, 300]),
      expected: [0, 300, 100, 200, 400, 700, 500, 600],
    },
    {
      name: 'of two edits that go on but for rounding, too',
      list: edits([20, 100], [60, 306]),
      expected: [0, 300, 100, 200, 400, 700, 500, 600],
    },
    {
      name: 'of two edits with a hole between them',
      list: edits([40, 100], [7, -1], [40, 500]),
      expected: [0, 300, 100, 200, 470, 770, 570, 670],
    },
    {
      name: 'stand still while a dwell lasts',
      list: edits([40, 100], [100, 500, 0], [40, 500]),
      expected: [0, 300, 100, 200, 1400, 1700, 1500, 1600],
      remarks: ['dwell'],
    },
    {
      name: 'of which none moves are played at normal speed',
      list: edits([5, -1], [80, 100, 0]),
      expected: [50, 350, 150, 250, 450, 750, 550, 650],
      remarks: ['rate'],
    },
    {
      name: 'with another speed are played at normal speed',
      list: edits([80, 100, 2]),
      expected: [0, 300, 100, 200, 400, 700, 500, 600],
      remarks: ['rate'],
    },
    {
      name: 'that were presented are not again',
      list: edits([80, 100], [80, 100]),
      expected: [0, 300, 100, 200, 400, 700, 500, 600],
      remarks: ['repeats'],
    },
    {
      name: 'that lie before those of an earlier edit are left out',
      list: edits([40, 500], [40, 100]),
      expected: [N, N, N, N, 0, 300, 100, 200],
      remarks: ['repeats'],
    },
    {
      name: 'of a list without media are all, after the delay',
      list: edits([5, -1]),
      expected: [150, 450, 250, 350, 550, 850, 650, 750],
      remarks: ['presents-nothing'],
    },
    {
      name: 'of a list beyond the media are all',
      list: edits([40, 5000]),
      expected: [100, 400, 200, 300, 500, 800, 600, 700],
      remarks: ['presents-nothing'],
    },
  ])('$name', ({ list, expected, remarks = [] }) => {
    const made = plan(list, FILM);
    expect(times(made, FILM)).toEqual(expected);
    expect(made.remarks).toEqual(remarks);
  });

  it('that lead a sync picture are left out with what they need', () => {
    expect(times(plan(edits([40, 700]), OPEN_GROUP), OPEN_GROUP)).toEqual([N, N, N, N, 0, N, N, 100]);
    expect(times(plan(edits([80, 100]), OPEN_GROUP), OPEN_GROUP)).toEqual([
      0, 300, 100, 200, 600, 400, 500, 700,
    ]);
  });

  it('without any sync picture begin with the one that is shown first', () => {
    const table = media([0, 0, 0, 0], []);
    expect(times(plan(edits([20, 150]), table), table)).toEqual([N, -50, 50, 150]);
  });

  it('that are all sync begin with what is decoded before and shown after', () => {
    const table = media([100, 300, 0, 0]);
    expect(times(plan(edits([20, 300]), table), table)).toEqual([N, 100, N, 0]);
  });
});

describe('frames of sound', () => {
  test.each<{ name: string; list: Edit[]; expected: (number | null)[] }>([
    {
      name: 'before the edit are left out',
      list: edits([80, 100]),
      expected: [N, 0, 100, 200, 300, 400, 500, 600],
    },
    {
      name: 'that overlap it are kept whole',
      list: edits([30, 150]),
      expected: [N, -50, 50, 150, 250, N, N, N],
    },
    {
      name: 'that begin with its end are left out',
      list: edits([20, 100]),
      expected: [N, 0, 100, N, N, N, N, N],
    },
    {
      name: 'are in one of two edits',
      list: edits([15, 0], [5, -1], [20, 250]),
      expected: [0, 100, 150, 250, 350, N, N, N],
    },
    {
      name: 'behind the last: all',
      list: edits([10, 800]),
      expected: [0, 100, 200, 300, 400, 500, 600, 700],
    },
  ])('$name', ({ list, expected }) => {
    expect(times(plan(list, SOUND, 'frames'), SOUND)).toEqual(expected);
  });
});

describe('durations', () => {
  const durations = (made: EditPlan, table: SampleTable) =>
    Array.from({ length: table.count }, (_, i) => milliseconds(presentedDuration(made, table, i)));

  /** Composed at 0, 250, 100 and 300. */
  const uneven = media([0, 150, -100, 0]);

  test.each([
    { name: 'of pictures last to the next one shown', list: [], expected: [100, 50, 150, 100] },
    { name: 'of pictures end with their edit', list: edits([27, 0]), expected: [100, 20, 150, N] },
    { name: 'of pictures that are not shown: none', list: edits([8, 0]), expected: [80, N, N, N] },
  ])('$name', ({ list, expected }) => {
    expect(durations(plan(list, uneven), uneven)).toEqual(expected);
  });

  it('of frames are their own, beyond the end of the edit too', () => {
    expect(durations(plan(edits([15, 0]), SOUND, 'frames'), SOUND).slice(0, 3)).toEqual([100, 100, N]);
  });

  it('of frames add up without an error', () => {
    const table = readSampleTable(
      tables({
        stts: stts([3000, 1024]),
        stsc: stsc([1, 3000, 1]),
        stsz: stsz(...Array(3000).fill(1)),
        stco: stco(0),
      }),
      { fileEnd: null },
    );
    const made = planEdits(edits([1, -1], [100_000, 1000]), 1000, 44_100, { presents: 'frames', table });
    let at = presentedTime(made, table, 0) ?? 0;
    for (let i = 0; i < table.count; i++) {
      expect(presentedTime(made, table, i)).toBe(at);
      at += presentedDuration(made, table, i) ?? 0;
    }
    expect(at).toBe(Math.round(1e6 + ((3000 * 1024 - 1000) * 1e9) / 44_100));
  });

  test.each([
    { name: 'the media', list: [], end: 900 },
    { name: 'the edit', list: edits([40, 100]), end: 400 },
    { name: 'the media, where that is sooner', list: edits([4000, 100]), end: 800 },
  ])('a track ends with $name', ({ list, end }) => {
    expect(milliseconds(presentedEnd(plan(list, FILM), FILM))).toBe(end);
  });
});

describe('samples in fragments', () => {
  const fragmented = (list: readonly Edit[], presents: EditPlan['presents']) =>
    planEdits(list, 100, 1000, { presents, table: null });
  const at = (made: EditPlan, ...stamps: readonly number[]) =>
    stamps.map((time) => milliseconds(presentedFragmentTime(made, time, 100)));

  test.each<{ name: string; list: Edit[]; pictures: (number | null)[]; frames: (number | null)[] }>([
    { name: 'no edits', list: [], pictures: [-200, 0, 100, 9000], frames: [-200, 0, 100, 9000] },
    {
      name: 'an offset without duration',
      list: edits([0, 100]),
      pictures: [-300, -100, 0, 8900],
      frames: [N, N, 0, 8900],
    },
    {
      name: 'an offset and the duration of the head',
      list: edits([1, 50]),
      pictures: [-250, -50, 50, 8950],
      frames: [N, -50, 50, 8950],
    },
    {
      name: 'a delay',
      list: edits([20, -1], [0, 0]),
      pictures: [0, 200, 300, 9200],
      frames: [N, 200, 300, 9200],
    },
    {
      name: 'two edits',
      list: edits([10, 0], [0, 1000]),
      pictures: [-200, 0, N, 8100],
      frames: [N, 0, N, 8100],
    },
    {
      name: 'edits that go back',
      list: edits([10, 1000], [0, 0]),
      pictures: [-1200, -1000, -900, 8000],
      frames: [N, N, N, 8000],
    },
  ])('with $name', ({ list, pictures, frames }) => {
    expect(at(fragmented(list, 'pictures'), -200, 0, 100, 9000)).toEqual(pictures);
    expect(at(fragmented(list, 'frames'), -200, 0, 100, 9000)).toEqual(frames);
  });
});

describe('timescales', () => {
  it('that are broken do no harm', () => {
    const withoutMovie = planEdits(edits([40, 500]), 0, 1000, { presents: 'pictures', table: FILM });
    expect(times(withoutMovie, FILM)).toEqual(times(plan([], FILM), FILM));
    const withoutMedia = planEdits(edits([900, 500]), 100, 0, { presents: 'frames', table: SOUND });
    expect(presentedTime(withoutMedia, SOUND, 5)).toBe(0);
  });

  it('are exact and rounded once', () => {
    const scale = fc.integer({ min: 1, max: 2 ** 32 - 1 });
    const stamp = fc.integer({ min: -(2 ** 33), max: 2 ** 40 });
    fc.assert(
      fc.property(scale, scale, fc.nat(2 ** 40), stamp, (movie, mediaScale, delay, time) => {
        const made = planEdits(edits([delay, -1], [0, 0]), movie, mediaScale, {
          presents: 'pictures',
          table: null,
        });
        const [m, s] = [BigInt(movie), BigInt(mediaScale)];
        const exact = (BigInt(delay) * s + BigInt(time) * m) * 1_000_000_000n;
        const doubled = 2n * exact + m * s;
        const by = 2n * m * s;
        const rounded = doubled / by - (doubled % by < 0n ? 1n : 0n);
        if (rounded < -(2n ** 53n) || rounded > 2n ** 53n) return;
        expect(BigInt(presentedFragmentTime(made, time, 0) ?? -1)).toBe(rounded);
      }),
      { numRuns: 500 },
    );
  });
});

describe('any edit list', () => {
  const edit = fc.record({
    duration: fc.oneof(fc.nat(200), fc.nat(2 ** 32), fc.constant(2 ** 62)),
    mediaTime: fc.oneof(fc.integer({ min: -1, max: 1200 }), fc.constant(2 ** 62)),
    rate: fc.constantFrom(1, 1, 1, 0, 2),
  });
  const offsets = fc.array(fc.integer({ min: -400, max: 400 }), { maxLength: 40 });
  const kinds = fc.constantFrom('pictures', 'frames');

  it('presents each sample once, where one of its stretches puts it', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 8 }), offsets, kinds, (list, shifts, presents) => {
        const table = media(shifts, presents === 'pictures' ? [0, 7, 19] : null);
        const made = plan(list, table, presents);
        let before = 0;
        for (const { first, end, start } of made.segments) {
          expect(first).toBeGreaterThanOrEqual(before);
          expect(end).toBeLessThanOrEqual(table.count);
          expect(start).toBeGreaterThanOrEqual(0);
          before = end;
        }
        for (let i = 0; i < table.count; i++) {
          const time = presentedTime(made, table, i);
          const duration = presentedDuration(made, table, i);
          expect(duration === null).toBe(time === null);
          const segment = made.segments.find(({ first, end }) => first <= i && i < end);
          if (time === null || !segment) continue;
          const offset = compositionTime(table, i) - segment.mediaTime;
          expect(Math.abs(time - (segment.start / 100 + offset / 1000) * 1e9)).toBeLessThanOrEqual(
            time / 2 ** 51 + 1,
          );
          expect(duration).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('of ten thousand edits over ten thousand samples is planned at once', () => {
    const table = media(
      Array.from({ length: 10_000 }, (_, i) => (i * 37) % 400),
      [],
    );
    const list = edits(...Array.from({ length: 10_000 }, (_, i) => [7, i * 100] as const));
    const begun = performance.now();
    const made = plan(list, table);
    expect(times(made, table).some((time) => time !== null)).toBe(true);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
