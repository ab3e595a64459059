import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { equalBytes } from '../../src/core/bytes.ts';
import type { Sequence } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { LiveBudget } from '../../src/pipeline/live/budget.ts';
import { LiveStream } from '../../src/pipeline/live/live-stream.ts';
import { endlessFilm } from './endless-film.ts';
import { wholeSegment } from './live-input.ts';
import { type CountedSequence, counted, OPTIONS, readLive } from './live-serve.ts';
import { NEVER } from './serve.ts';

/** 2.5 MB a second: the window holds 25 s. */
const RICH = { pictureBytes: 100_000 };
const MEGABYTE = 1024 * 1024;

const opened: LiveStream[] = [];
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeEach(() => void process.on('unhandledRejection', note));
afterEach(async () => {
  for (const live of opened.splice(0)) live.close();
  await settled();
  vi.useRealTimers();
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0), 'no rejection goes unhandled').toEqual([]);
});

const turn = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const settled = async () => {
  vi.useRealTimers();
  await turn(20);
};

async function open(
  sequence: Sequence,
  onIdle = () => undefined,
  budget = new LiveBudget(),
): Promise<LiveStream> {
  const live = await LiveStream.open({ sequence, options: OPTIONS, budget }, { onIdle }, NEVER);
  opened.push(live);
  return live;
}

/** Until nothing more is pulled. */
async function quiet({ state }: CountedSequence): Promise<number> {
  for (let before = -1; before !== state.pulled; ) {
    before = state.pulled;
    await turn(50);
  }
  return state.pulled;
}

describe('an endless input', () => {
  test('waits when nobody takes its segments, goes on when somebody does', async () => {
    const input = counted(() => endlessFilm(RICH));
    const live = await open(input);
    const ahead = await quiet(input);
    expect(ahead).toBeLessThan(LIMITS.liveWindow);
    await wholeSegment(live, 'v0', 4, NEVER);
    const later = await quiet(input);
    expect(later).toBeGreaterThan(ahead);
    expect(later).toBeLessThan(ahead + LIMITS.liveWindow);
    expect(live.progress()).toMatchObject({ isEnded: false, failure: null });
  });

  test('200 MB pass through bounded memory, each pulled once', async () => {
    const input = counted(() => endlessFilm(RICH));
    const live = await open(input);
    let given = 0;
    for (let n = 0; given < 200 * MEGABYTE; n++) {
      given += (await wholeSegment(live, 'v0', n, NEVER)).length;
      expect(input.state.pulled - given).toBeLessThan(LIMITS.liveWindow);
    }
    expect(input.state.opened).toBe(1);
    expect(live.progress().isFromStart).toBe(false);
  });

  test('what is poor in bytes is read a minute ahead', async () => {
    const input = counted(() => endlessFilm());
    const live = await open(input);
    await quiet(input);
    const { ends } = live.progress();
    const seconds = ((ends.at(-1) ?? 0) - (ends[0] ?? 0)) / live.title.timeline.timescale;
    expect(seconds).toBeGreaterThanOrEqual(60);
    expect(seconds).toBeLessThan(75);
  });

  test('two viewers share one input', async () => {
    const input = counted(() => endlessFilm(RICH));
    const live = await open(input);
    for (let n = 0; n < 8; n++) {
      const [a, b] = await Promise.all([
        wholeSegment(live, 'v0', n, NEVER),
        wholeSegment(live, 'v0', n, NEVER),
      ]);
      expect(equalBytes(a, b)).toBe(true);
    }
    expect(input.state.opened).toBe(1);
  });

  test('a hundred viewers too', async () => {
    const input = counted(() => endlessFilm());
    const live = await open(input);
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, i) => wholeSegment(live, i % 2 ? 'v0' : 'a1-copy', i >> 5, NEVER)),
    );
    expect(all.every((bytes) => bytes.length > 0)).toBe(true);
    expect(input.state.opened).toBe(1);
  });

  test('who asks for what is held no more gets the same bytes from a second pass, which pauses too', async () => {
    const input = counted(() => endlessFilm(RICH));
    const live = await open(input);
    const first: Uint8Array[] = [];
    for (let n = 0; n < 20; n++) first.push(await wholeSegment(live, 'v0', n, NEVER));
    expect(live.progress().isFromStart).toBe(false);
    for (let n = 0; n < 5; n++)
      expect(
        equalBytes(await wholeSegment(live, 'v0', n, NEVER), first[n] ?? new Uint8Array()),
        `segment ${n}`,
      ).toBe(true);
    expect(input.state.opened).toBe(2);
    const before = await quiet(input);
    await turn(100);
    expect(input.state.pulled).toBe(before);
    // Still within reach of those who watch the newest.
    expect((await wholeSegment(live, 'v0', 20, NEVER)).length).toBeGreaterThan(0);
  });

  test('viewers at two places that are both held no more: one is told to wait', async () => {
    const input = counted(() => endlessFilm(RICH));
    const live = await open(input);
    for (let n = 0; n < 40; n++) await wholeSegment(live, 'v0', n, NEVER);
    await wholeSegment(live, 'v0', 25, NEVER);
    await expect(wholeSegment(live, 'v0', 0, NEVER)).rejects.toMatchObject({
      code: 'busy',
      retryAfter: expect.any(Number),
    });
    expect(input.state.opened).toBe(2);
  });

  test('an input that is another one by then: not found, and the others go on', async () => {
    let opening = 0;
    const input = counted(() => endlessFilm({ ...RICH, pictureBytes: RICH.pictureBytes + 7 * opening++ }));
    const live = await open(input);
    for (let n = 0; n < 20; n++) await wholeSegment(live, 'v0', n, NEVER);
    await expect(wholeSegment(live, 'v0', 0, NEVER)).rejects.toMatchObject({ code: 'not-found' });
    await expect(wholeSegment(live, 'v0', 1, NEVER)).rejects.toMatchObject({ code: 'not-found' });
    expect(input.state.opened).toBe(2);
    expect((await wholeSegment(live, 'v0', 20, NEVER)).length).toBeGreaterThan(0);
  });

  test('number 10^9 while others watch does not make it run away', async () => {
    const input = counted(() => endlessFilm(RICH));
    const live = await open(input);
    await wholeSegment(live, 'v0', 0, NEVER);
    const before = await quiet(input);
    await expect(wholeSegment(live, 'v0', 1e9, NEVER)).rejects.toMatchObject({ code: 'not-found' });
    expect(await quiet(input)).toBe(before);
  });

  test('a rendition that does not exist', async () => {
    const live = await open(counted(() => endlessFilm()));
    await expect(wholeSegment(live, 'v9', 0, NEVER)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('rich segments', () => {
  test('80 Mbit/s with a GOP of 17 s: cut by bytes, none larger than half of the window', async () => {
    const read = await readLive(counted(() => endlessFilm({ pictureBytes: 400_000, gop: 17, seconds: 20 })));
    expect(read.error).toBeNull();
    expect(Math.max(...read.segments.map(({ size }) => size))).toBeLessThan(LIMITS.liveWindow / 2 + MEGABYTE);
    const pictures = read.segments.reduce((sum, { size }) => sum + size, 0);
    expect(pictures).toBeGreaterThan(20 * 25 * 400_000);
  });

  test('one viewer gets each of them from one input', async () => {
    const input = counted(() => endlessFilm({ pictureBytes: 400_000, gop: 17, seconds: 30 }));
    const live = await open(input);
    for (let n = 0; n < 8; n++) await wholeSegment(live, 'v0', n, NEVER);
    expect(input.state.opened).toBe(1);
  });
});

describe('letting go', () => {
  test('close ends the input, and whoever waits is not given a piece of a segment', async () => {
    // It stops for good within a segment.
    let hasEnded = false;
    const input: Sequence = {
      size: 1,
      async *open(signal) {
        try {
          yield* endlessFilm({ seconds: 9, pictureBytes: 20_000 });
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        } finally {
          hasEnded = true;
        }
      },
    };
    const live = await open(input);
    await turn(50);
    const { length } = live.progress().ends;
    const waiting = wholeSegment(live, 'v0', length, NEVER).then(
      (bytes) => bytes.length,
      (error: unknown) => error,
    );
    await turn(20);
    live.close();
    await turn(20);
    expect(hasEnded).toBe(true);
    expect(await waiting).toBeInstanceOf(MediaError);
    await expect(wholeSegment(live, 'v0', 0, NEVER)).rejects.toMatchObject({ code: 'busy' });
  });

  test('the generator of the input is ended at once, of both passes', async () => {
    const input = counted(() => endlessFilm(RICH));
    const live = await open(input);
    for (let n = 0; n < 20; n++) await wholeSegment(live, 'v0', n, NEVER);
    await wholeSegment(live, 'v0', 0, NEVER);
    expect(input.state.running).toBe(2);
    live.close();
    await turn(20);
    expect(input.state.running).toBe(0);
  });

  test('a viewer who leaves while the title opens ends the input', async () => {
    const controller = new AbortController();
    let isEnded = false;
    const input: Sequence = {
      size: 1,
      async *open(signal) {
        try {
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
          );
          yield new Uint8Array(1);
        } finally {
          isEnded = true;
        }
      },
    };
    const budget = new LiveBudget();
    const opening = LiveStream.open(
      { sequence: input, options: OPTIONS, budget },
      { onIdle: () => undefined },
      controller.signal,
    );
    setTimeout(() => controller.abort(new Error('left')), 10);
    await expect(opening).rejects.toThrow('left');
    expect(isEnded).toBe(true);
    expect(budget.share).toBe(LIMITS.liveWindow);
  });

  test('a viewer who leaves while a segment is made gets the reason; the title stays', async () => {
    const input = counted(async function* () {
      yield* endlessFilm({ seconds: 9, pictureBytes: 20_000 });
      await turn(400);
    });
    const live = await open(input);
    await turn(50);
    const controller = new AbortController();
    const { length } = live.progress().ends;
    const waiting = wholeSegment(live, 'v0', length, controller.signal);
    setTimeout(() => controller.abort(new Error('left')), 10);
    await expect(waiting).rejects.toThrow('left');
    expect((await wholeSegment(live, 'v0', 0, NEVER)).length).toBeGreaterThan(0);
  });

  test('after a while without a request it is let go, told once, and its memory is free', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const idle = vi.fn(() => undefined);
    const budget = new LiveBudget();
    const input = counted(() => endlessFilm());
    const live = await open(input, idle, budget);
    await vi.advanceTimersByTimeAsync(LIMITS.liveIdle - 1000);
    live.progress();
    await vi.advanceTimersByTimeAsync(LIMITS.liveIdle - 1000);
    expect(idle).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1001);
    expect(idle).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
    await settled();
    expect(input.state.running).toBe(0);
    live.close();
    expect(idle).toHaveBeenCalledTimes(1);
  });

  test('as many passes as there may be; one more is told to come again', async () => {
    const budget = new LiveBudget();
    for (let i = 0; i < LIMITS.livePasses; i++)
      await open(
        counted(() => endlessFilm()),
        () => undefined,
        budget,
      );
    await expect(
      open(
        counted(() => endlessFilm()),
        () => undefined,
        budget,
      ),
    ).rejects.toMatchObject({ code: 'busy' });
    opened.pop()?.close();
    await open(
      counted(() => endlessFilm()),
      () => undefined,
      budget,
    );
  });
});
