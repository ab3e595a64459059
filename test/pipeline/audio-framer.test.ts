import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { AudioFramer, type FramerPlan } from '../../src/pipeline/audio-framer.ts';
import type { Counters } from '../../src/pipeline/ledger.ts';
import { someRuns } from '../helpers/rows.ts';

const F = 1024;
const SILENCE = Uint8Array.of(0);
const noCounts = (): Counters => ({
  filledFrames: 0,
  droppedPackets: 0,
  misplacedPackets: 0,
  spreadStamps: 0,
  movedCuts: 0,
  skippedBytes: 0,
});

interface Frame {
  readonly start: number;
  readonly duration: number;
  /** Index of the source frame; null for silence. */
  readonly source: number | null;
}

const payloads = new Map<Uint8Array, number>();
const payload = (i: number): Uint8Array => {
  const data = Uint8Array.of(1, i & 255, i >> 8);
  payloads.set(data, i);
  return data;
};

function frames(plan: Partial<FramerPlan>, starts: readonly number[], counters = noCounts()): Frame[] {
  const framer = new AudioFramer(
    {
      trackId: 2,
      gridOrigin: 0,
      frameSize: F,
      start: 0,
      end: 10 * F,
      isLast: true,
      silence: SILENCE,
      ...plan,
    },
    counters,
  );
  const out = [];
  for (const [i, start] of starts.entries()) {
    framer.push({ start, samples: F, data: payload(i) });
    out.push(...framer.take());
  }
  out.push(...framer.finish());
  return out.map(({ packet, dts, duration }) => {
    expect(packet.pts).toBe(dts);
    expect(packet.isSync).toBe(true);
    return {
      start: dts,
      duration,
      source: packet.data === SILENCE ? null : (payloads.get(packet.data) ?? -1),
    };
  });
}

/** `start+duration` of each frame in units of 1/1024 frame; silence in brackets. */
const text = (list: readonly Frame[]): string =>
  list
    .map(({ start, duration, source }) => {
      const at = `${start / F}${duration === F ? '' : `+${duration / F}`}`;
      return source === null ? `(${at})` : at;
    })
    .join(' ');

const grid = (...at: readonly number[]) => at.map((k) => k * F);

describe('AudioFramer', () => {
  test.each([
    { name: 'continuous', starts: grid(0, 1, 2, 3), end: 4, out: '0 1 2 3' },
    { name: 'late start', starts: grid(2, 3), end: 4, out: '(0) (1) 2 3' },
    { name: 'late start off the grid', starts: grid(2.5, 3.5), end: 4, out: '(0) (1+1.5) 2.5 3.5' },
    { name: 'hole of half a frame', starts: grid(0, 1, 2.5, 3.5), end: 4, out: '0 1+1.5 2.5 3.5' },
    { name: 'hole of a frame', starts: grid(0, 1, 3), end: 4, out: '0 1 (2) 3' },
    { name: 'hole of 1.7 frames', starts: grid(0, 1, 3.75), end: 4, out: '0 1 (2+1.75) 3.75' },
    { name: 'hole of many frames', starts: grid(0, 5, 6), end: 7, out: '0 (1) (2) (3) (4) 5 6' },
    { name: 'end', starts: grid(0, 1), end: 4, out: '0 1 (2) (3)' },
    { name: 'end within a frame', starts: grid(0, 1), end: 3.5, out: '0 1 (2) (3)' },
    { name: 'end a little behind the last frame', starts: grid(0, 1, 2), end: 3.25, out: '0 1 2 (3)' },
    { name: 'nothing at all', starts: [], end: 3, out: '(0) (1) (2)' },
    { name: 'below zero', starts: grid(-2, -1, 0, 1), end: 2, out: '0 1', dropped: 2 },
    { name: 'equal stamps', starts: grid(0, 1, 1, 2), end: 3, out: '0 1 2', misplaced: 1 },
    { name: 'a stamp that goes back', starts: grid(0, 1, 2, 1.5, 3), end: 4, out: '0 1 2 3', misplaced: 1 },
    { name: 'overlapping frames', starts: grid(0, 1, 1.5, 2.5), end: 3.5, out: '0 1+0.5 1.5 2.5' },
    { name: 'frames behind the end', starts: grid(0, 1, 2, 3), end: 2, out: '0 1 2 3' },
    { name: 'a hole behind the end', starts: grid(0, 1, 5), end: 2, out: '0 1+4 5' },
    {
      name: 'grid that begins later',
      starts: grid(0.25, 1.25, 3.25),
      end: 4,
      origin: 0.25,
      out: '0.25 1.25 (2.25) 3.25',
    },
    { name: 'no silence known', starts: grid(0, 1, 3), end: 5, silence: null, out: '0 1+2 3' },
  ])('$name: $out', ({ starts, end, out, ...row }) => {
    const counters = noCounts();
    const origin = 'origin' in row ? (row.origin ?? 0) * F : 0;
    const silence = 'silence' in row ? null : SILENCE;
    const list = frames({ end: end * F, gridOrigin: origin, silence }, starts, counters);
    expect(text(list)).toBe(out);
    expect(counters.droppedPackets).toBe('dropped' in row ? row.dropped : 0);
    expect(counters.misplacedPackets).toBe('misplaced' in row ? row.misplaced : 0);
    expect(counters.filledFrames).toBe(list.filter(({ source }) => source === null).length);
  });

  test.each([
    {
      name: 'frame that begins at the cut belongs to the next',
      cut: 2,
      starts: grid(0, 1, 2, 3),
      out: ['0 1', '2 3'],
    },
    { name: 'cut within a frame', cut: 1.5, starts: grid(0, 1, 2, 3), out: ['0 1', '2 3'] },
    { name: 'hole over the cut', cut: 2, starts: grid(0, 3), out: ['0 (1)', '(2) 3'] },
    {
      name: 'hole over the cut that leaves a rest',
      cut: 2,
      starts: grid(0, 3.5),
      out: ['0 (1)', '(2+1.5) 3.5'],
    },
    {
      name: 'lengthened frame over the cut',
      cut: 1.25,
      starts: grid(0, 1, 2.5, 3.5),
      out: ['0 1+1.5', '2.5 3.5'],
    },
  ])('two segments, $name', ({ cut, starts, out }) => {
    const first = frames({ end: cut * F, isLast: false }, starts);
    const second = frames({ start: cut * F, end: 4 * F }, starts);
    expect([text(first), text(second)]).toEqual(out);
  });

  test('is done once a frame of the next segment was met, and takes no more', () => {
    const plan = {
      trackId: 2,
      gridOrigin: 0,
      frameSize: F,
      start: 0,
      end: 2 * F,
      isLast: false,
      silence: SILENCE,
    };
    const framer = new AudioFramer(plan, noCounts());
    framer.push({ start: 0, samples: F, data: payload(0) });
    framer.push({ start: F, samples: F, data: payload(1) });
    expect(framer.isDone).toBe(false);
    framer.push({ start: 2 * F, samples: F, data: payload(2) });
    expect(framer.isDone).toBe(true);
    framer.push({ start: F * 1.5, samples: F, data: payload(3) });
    expect(framer.take().map(({ dts }) => dts)).toEqual([0, F]);
    expect(framer.finish()).toEqual([]);
  });

  test('more silence than a segment can need is refused', () =>
    expect(() => frames({ end: 200_000 * F }, [])).toThrow(MediaError));

  /** Distances between frames: continuous, jittered, holes. */
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant(F) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 2 * F }) },
    { weight: 2, arbitrary: fc.integer({ min: F, max: 12 * F }) },
    { weight: 1, arbitrary: fc.integer({ min: -F, max: 0 }) },
  );
  const scene = fc.record({
    first: fc.integer({ min: -2 * F, max: 6 * F }),
    steps: fc.array(step, { maxLength: 40 }),
    origin: fc.integer({ min: 0, max: F - 1 }),
    cuts: fc.uniqueArray(fc.integer({ min: 1, max: 60 * F }), { maxLength: 8 }),
    /** The last piece is never shorter than half a second. */
    tail: fc.integer({ min: 2 * F, max: 5 * F }),
    silence: fc.constant(SILENCE),
  });

  test('property: all segments together are one pass over everything', () =>
    fc.assert(
      fc.property(scene, ({ first, steps, origin, cuts, tail, silence }) => {
        let at = first;
        const starts = [first, ...steps.map((s) => (at += s))];
        const end = Math.max(...starts, ...cuts, 1) + tail;
        const whole = frames({ gridOrigin: origin, end, silence }, starts);
        const bounds = [0, ...[...cuts].sort((a, b) => a - b), end];
        const parts = bounds.slice(1).flatMap((to, n) => {
          const isLast = n + 2 === bounds.length;
          return frames({ gridOrigin: origin, start: bounds[n] ?? 0, end: to, isLast, silence }, starts);
        });
        expect(parts).toEqual(whole);
        expect(whole.slice(1).map(({ start }) => start)).toEqual(
          whole.slice(0, -1).map(({ start, duration }) => start + duration),
        );
        expect(whole.filter(({ duration }) => duration <= 0)).toEqual([]);
        const used = whole.flatMap(({ source }) => source ?? []);
        const expected = [...starts.keys()].filter(
          (i) => (starts[i] ?? 0) > Math.max(-1, ...starts.slice(0, i)),
        );
        expect(used).toEqual(expected);
        expect((whole.at(-1)?.start ?? 0) + (whole.at(-1)?.duration ?? 0)).toBeGreaterThanOrEqual(
          Math.min(end, origin),
        );
        expect(whole[0]?.start ?? 0).toBeLessThan(2 * F);
      }),
      { numRuns: someRuns(2000, 500) },
    ));

  test('property: a segment does not depend on how far before it its samples begin', () =>
    fc.assert(
      fc.property(scene, fc.nat(40), ({ first, steps, origin, cuts, silence }, skip) => {
        let at = Math.max(0, first);
        const starts = [at, ...steps.map((s) => (at += Math.max(1, s)))];
        const [start = 3 * F, end = start + 9 * F] = [...cuts].sort((a, b) => a - b);
        const from = Math.min(skip, starts.filter((s) => s < start).length - 1);
        const all = frames({ gridOrigin: origin, start, end, isLast: false, silence }, starts);
        const late = frames(
          { gridOrigin: origin, start, end, isLast: false, silence },
          starts.slice(Math.max(0, from)),
        );
        expect(late.map(({ start: s, duration }) => [s, duration])).toEqual(
          all.map(({ start: s, duration }) => [s, duration]),
        );
      }),
    ));
});
