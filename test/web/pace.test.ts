import { describe, expect, it } from 'vitest';
import { createPace, type LoadingPart } from '../../src/web/pace.ts';

/** Of a film and two smaller pictures. */
const BITRATES = [8_000_000, 3_000_000, 1_000_000];

const part = (flowing: number, isFirst = false): LoadingPart => ({ seconds: 6, flowing, isFirst });
/** Milliseconds until what was too slow is tried again for the first time. */
const AGAIN = 30_000;

describe('createPace', () => {
  it.each([
    { name: 'nothing is being loaded', ahead: 0, loading: null, expected: 0 },
    { name: 'a part comes as fast as it plays', ahead: 2, loading: part(6000), expected: 0 },
    { name: 'a part comes slowly and enough is ahead', ahead: 6, loading: part(20_000), expected: 0 },
    { name: 'an encoder starts', ahead: 0, loading: part(0), expected: 0 },
    {
      name: 'the first part after a seek takes a little longer',
      ahead: 0,
      loading: part(12_000, true),
      expected: 0,
    },
    {
      name: 'the first part after a seek takes twice its time',
      ahead: 0,
      loading: part(12_001, true),
      expected: 1,
    },
    {
      name: 'a part comes slower than it plays and little is ahead',
      ahead: 5,
      loading: part(6001),
      expected: 1,
    },
  ])('when $name: $expected', ({ ahead, loading, expected }) => {
    expect(createPace(BITRATES).at({ now: 0, ahead, loading })).toBe(expected);
  });

  it('goes down one by one and stays at the last', () => {
    const pace = createPace(BITRATES);
    const slow = { now: 0, ahead: 0, loading: part(7000) };
    expect([1, 2, 3].map(() => pace.at(slow))).toEqual([1, 2, 2]);
  });

  /** Slow once, and then so many times as fast as it plays. */
  function after(factors: readonly number[]) {
    const pace = createPace(BITRATES);
    pace.at({ now: 0, ahead: 0, loading: part(7000) });
    for (const factor of factors) pace.loaded(factor);
    return pace;
  }

  const full = { now: AGAIN, ahead: 30, loading: null };
  // 8 to 3 and half as much again.
  it.each([
    { name: 'three parts came fast enough', factors: [4, 9, 4], moment: full, expected: 0 },
    { name: 'one of them did not', factors: [9, 3.9, 9], moment: full, expected: 1 },
    { name: 'there were only two', factors: [9, 9], moment: full, expected: 1 },
    { name: 'little is ahead', factors: [9, 9, 9], moment: { ...full, ahead: 14 }, expected: 1 },
    {
      name: 'it was too slow just now',
      factors: [9, 9, 9],
      moment: { ...full, now: AGAIN - 1 },
      expected: 1,
    },
  ])('goes up or stays where $name: $expected', ({ factors, moment, expected }) => {
    expect(after(factors).at(moment)).toBe(expected);
  });

  it('waits twice as long each time before it tries what was too slow', () => {
    const pace = createPace(BITRATES);
    const ups: number[] = [];
    let at = 0;
    for (let now = 0; now < 16 * AGAIN; now += 1000) {
      for (let i = 0; i < 3; i++) pace.loaded(10);
      const isAtBest = at === 0;
      at = pace.at({ now, ahead: isAtBest ? 0 : 30, loading: isAtBest ? part(7000) : null });
      if (!isAtBest && at === 0) ups.push(now / AGAIN);
    }
    expect(ups.map(Math.round)).toEqual([1, 3, 7, 15]);
  });
});
