import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLOCK, JumpFinder, StampMap, unwrap, WRAP } from '../../../parsers/mpegts/stamps.ts';

const VIDEO = 256;
const AUDIO = 257;
const wrapped = (ticks: number): number => ((ticks % WRAP) + WRAP) % WRAP;

/** A packet as it is written: its own clock's ticks, any number of them. */
interface Row {
  readonly pid?: number;
  readonly at: number;
  readonly isAnnounced?: boolean;
}

/** Times that a finder tells of them, position after position. */
function timesOf(rows: readonly Row[]): { readonly times: number[]; readonly jumps: number } {
  const map = new StampMap();
  const finder = new JumpFinder(map);
  for (const [i, { pid = VIDEO, at, isAnnounced = false }] of rows.entries())
    finder.see(pid, wrapped(at), { position: i * 188, isAnnounced });
  const times = rows.map(({ pid = VIDEO, at }, i) => map.ticksOf(pid, wrapped(at), i * 188));
  return { times, jumps: finder.jumps };
}

const run = (from: number, count: number, step = 3600): Row[] =>
  Array.from({ length: count }, (_, i) => ({ at: from + i * step }));

describe('unwrap', () => {
  test('is the nearest with the same 33 bits', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: -5 * WRAP, max: 5 * WRAP }),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
        (at, off) => {
          expect(unwrap(wrapped(at), at + off)).toBe(at);
        },
      ),
    ));
});

describe('jumps', () => {
  test('stamps that start anywhere and wrap again and again make one line', () => {
    const HOUR = 3600 * CLOCK;
    const rows = run(WRAP - 5 * CLOCK, 80, HOUR / 60).concat(
      run(WRAP - 5 * CLOCK + 80 * (HOUR / 60), 4000, 59 * CLOCK),
    );
    const { times, jumps } = timesOf(rows);
    expect(jumps).toBe(0);
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual(
      rows.map(({ at }) => at - (rows[0]?.at ?? 0)),
    );
    expect((rows.at(-1)?.at ?? 0) / WRAP).toBeGreaterThan(3);
  });

  test('a wrap inside one PES packet: PTS behind it, DTS before', () => {
    const rows = run(WRAP - 7200, 5);
    expect(timesOf(rows).times.map((time, i) => time - i * 3600)).toEqual(rows.map(() => WRAP - 7200));
  });

  test.each([
    { name: 'back', to: 1000 },
    { name: 'to the beginning of its clock', to: 0 },
    { name: 'two hours ahead', to: 2 * 3600 * CLOCK },
    { name: 'a second and a half back, announced', to: 90_000 + 49 * 3600 - 3.5 * CLOCK, isAnnounced: true },
  ])('another clock ($name) goes on where the first one was left', ({ to, isAnnounced = false }) => {
    const before = run(90_000, 50);
    const behind = run(to, 50).map((row, i) => (i === 0 ? { ...row, isAnnounced } : row));
    const { times, jumps } = timesOf([...before, ...behind]);
    expect(jumps).toBe(1);
    expect(times).toEqual(run(90_000, 100).map(({ at }) => at));
  });

  test('sound that changes its clock later than the pictures keeps its distance', () => {
    const rows: Row[] = [];
    for (let i = 0; i < 100; i++) {
      const clock = i < 50 ? 0 : 10_000_000 * 90;
      rows.push({ pid: VIDEO, at: 90_000 + clock + i * 3600 });
      // Two packets of the old clock are still to come.
      const sound = i < 52 ? 0 : 10_000_000 * 90;
      rows.push({ pid: AUDIO, at: 90_000 + sound + (i - 2) * 3600 });
    }
    const { times, jumps } = timesOf(rows);
    expect(jumps).toBe(1);
    expect(times).toEqual(rows.map(({ pid }, i) => 90_000 + ((i >> 1) - (pid === AUDIO ? 2 : 0)) * 3600));
  });

  test('one wild stamp is passed over, and the line goes on', () => {
    const rows = [...run(90_000, 30), { at: 5_000_000_000 }, ...run(90_000 + 30 * 3600, 30)];
    const { times } = timesOf(rows);
    expect(times.filter((_, i) => i !== 30)).toEqual(run(90_000, 60).map(({ at }) => at));
    expect(Math.abs((times[30] ?? 0) - 90_000 - 30 * 3600)).toBeLessThan(CLOCK);
  });

  test('pictures that are shown in another order, and a gap of half a minute, are no jumps', () => {
    const reordered = [0, 3, 1, 2, 6, 4, 5].map((i) => ({ at: 90_000 + i * 3600 }));
    const rows = [...reordered, ...run(90_000 + 30 * CLOCK, 5)];
    const { times, jumps } = timesOf(rows);
    expect(jumps).toBe(0);
    expect(times).toEqual(rows.map(({ at }) => at));
  });

  test('the time of a stamp is known by its place alone', () => {
    const map = new StampMap([
      { position: 0, near: 0, shift: 0 },
      { position: 1000, near: WRAP, shift: 0 },
      { position: 2000, near: 2 * WRAP, shift: 0 },
    ]);
    expect([0, 999, 1000, 1999, 2000, 9999].map((at) => map.ticksOf(1, 5, at))).toEqual(
      [0, 0, 1, 1, 2, 2].map((wraps) => 5 + wraps * WRAP),
    );
  });
});
