import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { createLibrary, type OpenedSource } from '../../src/pipeline/library.ts';
import { LiveBudget } from '../../src/pipeline/live/budget.ts';
import { LiveStream } from '../../src/pipeline/live/live-stream.ts';
import { OneWaySource } from '../../src/pipeline/live/one-way-source.ts';
import {
  begin,
  endless,
  failure,
  OPTIONS,
  playAll,
  segmentOf,
  until,
  type Watched,
  watched,
  wholeSegment,
} from './live-input.ts';
import { NEVER } from './serve.ts';

const MEGABYTE = 1024 * 1024;
/** 3 MB a second. */
const LARGE = { seconds: 200, pictureBytes: 120_000 };
/** 250 kB a second. */
const SMALL = { seconds: 300, pictureBytes: 10_000 };

/** Waits until nothing more is taken. */
async function settled(input: Watched): Promise<number> {
  let last = -1;
  const total = () => input.openings.reduce((sum, { taken }) => sum + taken, 0);
  while (total() !== last) {
    last = total();
    await pause(100);
  }
  return last;
}

describe('an input that goes on otherwise when it is read again', () => {
  test('what is held no more is gone', async () => {
    const input = watched((opening) => endless({ ...LARGE, keyEvery: opening === 0 ? 1 : 3 }));
    const live = await begin(input);
    for (let n = 0; n < 10; n++) await wholeSegment(live, 'v0', n, NEVER);
    expect(live.progress().isFromStart).toBe(false);
    expect(await failure(wholeSegment(live, 'v0', 0, NEVER))).toMatchObject({ code: 'not-found' });
    await failure(wholeSegment(live, 'v0', 1, NEVER));
    expect(input.openings, 'it is not tried again').toHaveLength(2);
    live.close();
  });
});

describe('who asks for what', () => {
  test('viewers share one pass', async () => {
    const input = watched(() => endless({ seconds: 60, pictureBytes: 100 }));
    const live = await begin(input);
    const [a, b] = await Promise.all([playAll(live), playAll(live)]);
    expect(a).toEqual(b);
    expect(a.length).toBeGreaterThan(5);
    expect(input.openings).toHaveLength(1);
    live.close();
  });

  test('what comes late is what came in order', async () => {
    const first = await begin(watched(() => endless({ seconds: 120, pictureBytes: 1000 })));
    const inOrder = await playAll(first);
    const late = await begin(watched(() => endless({ seconds: 120, pictureBytes: 1000 })));
    const n = inOrder.length - 1;
    expect(await segmentOf(late, n)).toEqual(inOrder[n]);
    expect(await segmentOf(late, 2)).toEqual(inOrder[2]);
    first.close();
    late.close();
  });

  test('a segment that is not made yet is waited for; none comes behind the last', async () => {
    const live = await begin(watched(() => endless({ seconds: 60, pictureBytes: 100 })));
    expect((await wholeSegment(live, 'v0', 8, NEVER)).length).toBeGreaterThan(0);
    await playAll(live);
    expect(await failure(wholeSegment(live, 'v0', 99, NEVER))).toMatchObject({ code: 'not-found' });
    live.close();
  });

  test('a wait is bounded', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('Time is over')), 20);
      return controller.signal;
    });
    const live = await begin(stopping());
    await pause(200);
    const { length } = live.progress().ends;
    expect(await failure(wholeSegment(live, 'v0', length, NEVER))).toMatchObject({
      code: 'busy',
      retryAfter: 2,
    });
    timeout.mockRestore();
    live.close();
  });

  test('a viewer who leaves ends the wait', async () => {
    const live = await begin(stopping());
    await pause(200);
    const leaver = new AbortController();
    const waiting = wholeSegment(live, 'v0', live.progress().ends.length, leaver.signal);
    leaver.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    live.close();
  });

  test('an input that breaks off: what came can be played to its end, and why is told', async () => {
    const told: unknown[] = [];
    const sequence = watched(function* () {
      yield* endless({ seconds: 33, pictureBytes: 1000 });
      throw new MediaError('upstream', 'The line is dead');
    });
    const live = await LiveStream.open(
      { sequence, options: OPTIONS, budget: new LiveBudget() },
      { onIdle: () => undefined, onBroken: (error) => told.push(error) },
      NEVER,
    );
    const all = await playAll(live);
    expect(live.progress()).toMatchObject({ isEnded: true, failure: 'The line is dead' });
    expect((live.progress().ends.at(-1) ?? 0) / live.title.timeline.timescale).toBeCloseTo(33, 1);
    expect(all.length).toBe(live.progress().ends.length);
    expect(told).toHaveLength(1);
    live.close();
  });
});

describe('when an input is let go', () => {
  test('when nobody asks for half a minute, and a later viewer begins anew', async () => {
    const input = watched(() => endless(SMALL));
    const library = createLibrary({ packetBytes: MEGABYTE, transcriptBytes: MEGABYTE, transcoder: null });
    const wish = { openSource: async () => openedOf(input), options: OPTIONS };
    const media = await library.open('film', wish, NEVER);
    await settled(input);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    media.live?.progress();
    vi.advanceTimersByTime(LIMITS.liveIdle - 1);
    expect(library.peek('film')).toBe(media);
    vi.advanceTimersByTime(2);
    vi.useRealTimers();
    expect(library.peek('film')).toBeNull();
    await until(() => input.openings[0]?.isOpen === false);
    expect(media.live && (await failure(wholeSegment(media.live, 'v0', 0, NEVER)))).toMatchObject({
      code: 'busy',
    });
    const again = await library.open('film', wish, NEVER);
    expect(again.title.version).toBe(media.title.version);
    library.close();
    await until(() => input.openings[1]?.isOpen === false);
  });

  test('when who opens it leaves', async () => {
    const input = stopping(0);
    const library = createLibrary({ packetBytes: MEGABYTE, transcriptBytes: MEGABYTE, transcoder: null });
    const leaver = new AbortController();
    const wish = { openSource: async () => openedOf(input), options: OPTIONS };
    const opening = library.open('film', wish, leaver.signal);
    await until(() => input.openings.length === 1);
    leaver.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    await until(() => input.openings[0]?.isOpen === false, 1000);
    library.close();
  });

  test('those who open it at the same time open it once', async () => {
    const input = watched(() => endless(SMALL));
    const library = createLibrary({ packetBytes: MEGABYTE, transcriptBytes: MEGABYTE, transcoder: null });
    const wish = { openSource: async () => openedOf(input), options: OPTIONS };
    const [a, b] = await Promise.all([library.open('film', wish, NEVER), library.open('film', wish, NEVER)]);
    expect(a).toBe(b);
    expect(input.openings).toHaveLength(1);
    library.close();
  });

  test('memory is shared by equal parts', () => {
    const budget = new LiveBudget();
    const trims: number[] = [];
    const leaves = Array.from({ length: LIMITS.livePasses }, (_, i) => budget.enter(() => trims.push(i)));
    expect(budget.share * LIMITS.livePasses).toBe(LIMITS.liveWindows);
    expect(trims.filter((i) => i === 0)).toHaveLength(LIMITS.livePasses);
    for (const leave of leaves) leave();
    expect(budget.share).toBe(LIMITS.liveWindow);
  });
});

describe('a sequence as a source', () => {
  const chunks = [0, 1, 2, 3, 4].map((i) => new Uint8Array(10).map((_, k) => 10 * i + k));
  const open = () =>
    new OneWaySource(
      watched(() => chunks),
      NEVER,
    );
  const read = async (source: OneWaySource, start: number, end: number) => {
    const found: number[] = [];
    for await (const chunk of source.read({ start, end }, NEVER)) found.push(...chunk);
    return found;
  };
  const from = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i);

  test.each([
    { reads: [[0, 50]] },
    {
      reads: [
        [0, 5],
        [5, 10],
        [10, 11],
        [11, 50],
      ],
    },
    {
      reads: [
        [0, 25],
        [0, 25],
        [3, 50],
      ],
    },
    {
      reads: [
        [30, 35],
        [0, 5],
        [45, 50],
      ],
    },
    {
      reads: [
        [0, 10],
        [50, 60],
      ],
    },
    {
      reads: [
        [7, 7],
        [0, 90],
      ],
    },
  ])('$reads', async ({ reads }) => {
    const source = open();
    for (const [start = 0, end = 0] of reads)
      expect(await read(source, start, end)).toEqual(from(Math.min(start, 50), Math.min(end, 50)));
  });

  test('forgets what was passed', async () => {
    const source = open();
    expect(await read(source, 0, 25)).toEqual(from(0, 25));
    source.forget();
    expect(await read(source, 25, 41)).toEqual(from(25, 41));
    expect(await read(source, 41, 50)).toEqual(from(41, 50));
    await expect(read(source, 10, 20)).rejects.toMatchObject({ code: 'corrupt' });
  });
});

/** An input that stops after a while without an end. */
function stopping(seconds = 33): Watched {
  const openings: { taken: number; isOpen: boolean }[] = [];
  return {
    openings,
    size: 1,
    async *open(signal) {
      const opening = { taken: 0, isOpen: true };
      openings.push(opening);
      try {
        if (seconds > 0) yield* endless({ seconds, pictureBytes: 1000 });
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      } finally {
        opening.isOpen = false;
      }
    },
  };
}

const openedOf = (sequence: Watched): OpenedSource => ({
  source: {
    size: null,
    // biome-ignore lint/correctness/useYield: it brings nothing
    async *read() {
      throw new MediaError('upstream', 'Too large', { inOrderOnly: true });
    },
  },
  sequence,
  access: () => 'public',
  want: () => undefined,
  isCurrent: async () => true,
});
