import { describe, expect, test } from 'vitest';
import {
  beginningClock,
  type ClockState,
  clockAnywhere,
  clockBehindLoss,
  joinedClock,
  type PageOfSound,
  timesOfPage,
} from '../../../parsers/ogg/sound-clock.ts';

/** A page of three packets of 100 samples. */
const of = (granule: number | null, more: Partial<PageOfSound> = {}): PageOfSound => ({
  granule,
  isLast: false,
  lengths: [100, 100, 100],
  lead: 0,
  ...more,
});
const last = { isLast: true } as const;

/** Starts and ends of pages one after the other. */
function times(clock: ClockState, pages: readonly PageOfSound[]) {
  let state = clock;
  return pages.map((page) => {
    const { start, heardTo, clock: next } = timesOfPage(state, page);
    state = next;
    return [start, heardTo];
  });
}

describe('a stream', () => {
  test.each([
    {
      name: 'page behind page',
      pages: [of(300), of(600)],
      is: [
        [0, 300],
        [300, 600],
      ],
    },
    {
      name: 'cut out of a longer one',
      pages: [of(5300), of(5600)],
      is: [
        [5000, 5300],
        [5300, 5600],
      ],
    },
    {
      name: 'with less sound at first than its packets have',
      pages: [of(250), of(550)],
      is: [
        [-50, 250],
        [250, 550],
      ],
    },
    {
      name: 'with padding at its end',
      pages: [of(300), of(510, last)],
      is: [
        [0, 300],
        [300, 510],
      ],
    },
    {
      name: 'whose last page says the same as the one before',
      pages: [of(300), of(300, last)],
      is: [
        [0, 300],
        [300, 300],
      ],
    },
    {
      name: 'whose last page says 0',
      pages: [of(300), of(0, last)],
      is: [
        [0, 300],
        [300, 600],
      ],
    },
    {
      name: 'whose last page says too much',
      pages: [of(300), of(900, last)],
      is: [
        [0, 300],
        [300, 600],
      ],
    },
    { name: 'of one page, with padding', pages: [of(210, last)], is: [[0, 210]] },
    { name: 'of one page, cut out of a longer one', pages: [of(1300, last)], is: [[1000, 1300]] },
    {
      name: 'without positions',
      pages: [of(null), of(null)],
      is: [
        [0, 300],
        [300, 600],
      ],
    },
    {
      name: 'with a hole, believed with the second page that says so',
      pages: [of(300), of(1600), of(1900)],
      is: [
        [0, 300],
        [300, 600],
        [1600, 1900],
      ],
    },
    {
      name: 'one wild position',
      pages: [of(300), of(10 ** 12), of(900), of(1200)],
      is: [
        [0, 300],
        [300, 600],
        [600, 900],
        [900, 1200],
      ],
    },
    {
      name: 'positions that begin anew: time goes on',
      pages: [of(300), of(600), of(300), of(600)],
      is: [
        [0, 300],
        [300, 600],
        [600, 900],
        [900, 1200],
      ],
    },
    {
      name: 'positions that are a little less',
      pages: [of(300), of(590), of(890)],
      is: [
        [0, 300],
        [300, 600],
        [590, 890],
      ],
    },
  ])('$name', ({ pages, is }) => {
    expect(times(beginningClock(0), pages)).toEqual(is);
  });

  test('a delay that positions count lies before 0', () => {
    expect(times(beginningClock(312), [of(300), of(600)])).toEqual([
      [-312, -12],
      [-12, 288],
    ]);
  });

  test('a first packet of which nothing is heard', () => {
    const pages = [of(200, { lead: 100 }), of(500)];
    expect(times(beginningClock(0), pages)).toEqual([
      [-100, 200],
      [200, 500],
    ]);
    expect(timesOfPage(beginningClock(0), of(150, { lead: 100, ...last }))).toMatchObject({
      start: -100,
      heardTo: 150,
    });
  });

  test('at a place met by content', () => {
    expect(times(clockAnywhere(312), [of(10_300), of(10_600)])).toEqual([
      [9688, 9988],
      [9988, 10_288],
    ]);
  });
});

describe('behind pages that are missing', () => {
  const before = timesOfPage(beginningClock(0), of(300)).clock;

  test.each([
    { name: 'the position tells', granule: 1500, is: [1200, 1500] },
    { name: 'what would lie before the last packet follows it', granule: 400, is: [300, 600] },
    { name: 'without one it goes on', granule: null, is: [300, 600] },
  ])('$name', ({ granule, is }) => {
    expect(times(clockBehindLoss(before), [of(granule)])).toEqual([is]);
  });

  test('of a stream of which nothing was read', () => {
    expect(times(clockBehindLoss(clockAnywhere(312)), [of(null)])).toEqual([[-312, -12]]);
  });
});

describe('a link behind another', () => {
  const before = timesOfPage(timesOfPage(beginningClock(20), of(300)).clock, of(590, last)).clock;

  test('its sound begins where the one before ended, wherever its positions begin', () => {
    expect(before.end).toBe(570);
    for (const first of [300, 98_300]) {
      const joined = joinedClock(before, 20, 570);
      const { start, clock } = timesOfPage(joined, of(first));
      expect({ start, heardFrom: clock.heardFrom }).toEqual({ start: 550, heardFrom: 570 });
      expect(times(clock, [of(first + 300)])).toEqual([[850, 1150]]);
    }
  });

  test('where its first packet would come before the last one, the link waits', () => {
    const { start, clock } = timesOfPage(joinedClock(before, 200, 570), of(300));
    expect(before.last).toBe(480);
    expect({ start, heardFrom: clock.heardFrom }).toEqual({ start: 496, heardFrom: 696 });
    expect(times(clock, [of(600)])).toEqual([[796, 1096]]);
  });

  test('but not for a first packet of which nothing is heard', () => {
    const joined = joinedClock({ ...before, last: 500 }, 0, 570);
    const { start, first, clock } = timesOfPage(joined, of(200, { lead: 100 }));
    expect({ start, first, heardFrom: clock.heardFrom }).toEqual({ start: 470, first: 516, heardFrom: 570 });
    const late = timesOfPage(joinedClock({ ...before, last: 569 }, 0, 570), of(200, { lead: 100 }));
    expect(late).toMatchObject({ start: 486, first: 585, clock: { heardFrom: 586 } });
  });
});
