import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { TranscodeJob, TranscodeOptions } from '../../src/core/transcoding.ts';
import { type AudioPool, createAudioPool, type PoolOptions } from '../../src/threads/audio-pool.ts';
import { pcmJob, transcodeWhole, wanted } from './sound-jobs.ts';
import { DEED, moduleOf, STAND_IN_ENTRY } from './stand-in.ts';

/** Milliseconds in which even a busy machine starts a thread. */
const SILENCE = 1500;

const pools: AudioPool[] = [];

function open(options: Partial<PoolOptions> = {}): AudioPool {
  const pool = createAudioPool({ size: 1, lambda: 120, entry: STAND_IN_ENTRY, ...options });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

/** A job for the stand-in; `mark` comes back as its only byte. */
const order = (deed: keyof typeof DEED, mark = 0): TranscodeJob => ({
  ...pcmJob(1),
  first: DEED[deed],
  end: mark,
});

const ask = async (pool: AudioPool, job: TranscodeJob, options?: TranscodeOptions): Promise<number[]> =>
  (await transcodeWhole(pool, job, options)).flatMap((packet) => [...packet]);

/** Asks until `controller` aborts. */
const askUntil = (pool: AudioPool, job: TranscodeJob, { signal }: AbortController) =>
  ask(pool, job, wanted({ signal }));

const code = (expected: string) => expect.objectContaining({ name: 'MediaError', code: expected });

describe('the queue of the audio pool', () => {
  it('answers many at once, each its own', async () => {
    const pool = open({ size: 3 });
    const marks = Array.from({ length: 60 }, (_, i) => i);
    const answers = await Promise.all(marks.map((mark) => ask(pool, order('answer', mark))));
    expect(answers).toEqual(marks.map((mark) => [mark]));
  });

  it('takes what somebody waits for first, asked when there is room', async () => {
    const pool = open();
    const done: number[] = [];
    const wishes = new Set<number>();
    const asked = [1, 2, 3, 4].map(async (mark) => {
      await ask(pool, order('answerLate', mark), wanted({ isUrgent: () => wishes.has(mark) }));
      done.push(mark);
    });
    wishes.add(3);
    await Promise.all(asked);
    expect(done).toEqual([1, 3, 2, 4]);
  });

  it('refuses what would wait for too long, and only that', async () => {
    const pool = open();
    const ends = Array.from({ length: 101 }, () => new AbortController());
    const outcomes = Promise.allSettled(ends.map((end) => askUntil(pool, order('hold'), end)));
    await expect(ask(pool, order('answer'))).rejects.toEqual(code('busy'));
    const reason = new Error('Enough');
    for (const end of ends) end.abort(reason);
    expect(await outcomes).toEqual(ends.map(() => ({ status: 'rejected', reason })));
    expect(await ask(pool, order('answer', 5))).toEqual([5]);
  });

  it('gives up a waiting job alone', async () => {
    const pool = open();
    const end = new AbortController();
    const running = ask(pool, order('answerLate', 1));
    const given = askUntil(pool, order('answer', 2), end);
    const waiting = ask(pool, order('answer', 3));
    end.abort(new Error('Enough'));
    await expect(given).rejects.toThrow('Enough');
    expect(await Promise.all([running, waiting])).toEqual([[1], [3]]);
  });

  it('stops a running job and goes on with the same thread', async () => {
    const pool = open();
    const [before] = await ask(pool, order('tell'));
    const end = new AbortController();
    const stopped = askUntil(pool, order('hold'), end);
    const next = ask(pool, order('tell'));
    end.abort(new Error('Enough'));
    await expect(stopped).rejects.toThrow('Enough');
    expect(await next).toEqual([before]);
  });

  it('does nothing for a signal that has aborted', async () => {
    const pool = open({ entry: moduleOf('process.exit(1)') });
    const end = new AbortController();
    end.abort(new Error('Enough'));
    await expect(askUntil(pool, order('answer'), end)).rejects.toThrow('Enough');
  });

  it('stops a job whose reader leaves', async () => {
    const pool = open();
    const [before] = await ask(pool, order('tell'));
    for await (const _ of pool.transcode(order('stall'), wanted())) break;
    expect(await ask(pool, order('tell'))).toEqual([before]);
  });

  it('tells a failure as the thread told it', async () => {
    const pool = open();
    await expect(ask(pool, order('fail'))).rejects.toEqual(code('corrupt'));
    expect(await ask(pool, order('answer', 1))).toEqual([1]);
  });

  it('fails a job that cannot be sent, and no other', async () => {
    const pool = open();
    const odd = { ...order('answer'), odd: () => undefined };
    await expect(ask(pool, odd)).rejects.toThrow(/clone/);
    expect(await ask(pool, order('answer', 1))).toEqual([1]);
  });
});

describe('threads of the audio pool', () => {
  it.each([
    'exit',
    'throw',
    'reject',
    'hang',
    'stall',
  ] as const)('are replaced when one does %s: its job fails, the waiting ones do not', async (deed) => {
    const pool = open({ silence: SILENCE });
    const [before] = await ask(pool, order('tell'));
    const [lost, next] = await Promise.allSettled([ask(pool, order(deed)), ask(pool, order('tell'))]);
    expect(lost).toEqual({ status: 'rejected', reason: code('busy') });
    if (next.status === 'rejected') throw next.reason;
    expect(next.value).not.toEqual([before]);
  });

  it('that do not hear that they should stop are replaced too', async () => {
    const pool = open({ silence: SILENCE });
    const end = new AbortController();
    const hung = askUntil(pool, order('hang'), end);
    await pause(50);
    end.abort(new Error('Enough'));
    await expect(hung).rejects.toThrow('Enough');
    expect(await ask(pool, order('answer', 1))).toEqual([1]);
  });

  it.each([
    ['is not there', new URL('./no-such-worker.js', import.meta.url)],
    ['cannot be read', moduleOf('this is no JavaScript')],
    ['throws', moduleOf('throw new Error("A bug")')],
    ['ends at once', moduleOf('process.exit(0)')],
    ['has nothing to do', moduleOf('')],
    ['is nothing that a thread can run', new URL('http://127.0.0.1/worker.js')],
  ])('whose code %s fail every job, once each', async (_, entry) => {
    const pool = open({ entry, size: 2 });
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => ask(pool, order('answer'))));
    expect(outcomes).toEqual(outcomes.map(() => ({ status: 'rejected', reason: code('not-offered') })));
  });

  it('are kept while there is work, and end when there was none for a while', async () => {
    const pool = open({ idle: 1000 });
    const [first] = await ask(pool, order('tell'));
    await pause(100);
    expect(await ask(pool, order('tell'))).toEqual([first]);
    await pause(2000);
    expect(await ask(pool, order('tell'))).not.toEqual([first]);
  });

  it('that end are given nothing more to do', async () => {
    const pool = open({ idle: 1, size: 2 });
    for (let i = 0; i < 20; i++) {
      expect(await ask(pool, order('answer', i))).toEqual([i]);
      await pause(i % 4);
    }
  });
});

describe('closing the audio pool', () => {
  it('fails work under way and waiting, ends the threads, and takes nothing more', async () => {
    const pool = open({ size: 2 });
    const deeds = ['hold', 'hang', 'answer'] as const;
    const outcomes = Promise.allSettled(deeds.map((deed) => ask(pool, order(deed))));
    await pause(50);
    await pool.close();
    expect(await outcomes).toEqual(deeds.map(() => ({ status: 'rejected', reason: code('busy') })));
    await expect(ask(pool, order('answer'))).rejects.toEqual(code('busy'));
  });

  it('may be done twice, and with nothing begun', async () => {
    const pool = open();
    await pool.close();
    await pool.close();
  });
});
