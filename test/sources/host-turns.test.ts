import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createHostTurns } from '../../src/sources/host-turns.ts';
import { failure, NEVER } from './http-fixture.ts';

describe('turns', () => {
  test('that come too late are not waited for', async () => {
    const turns = createHostTurns({ atOnce: 1, patience: 20 });
    const end = await turns.take('a', NEVER);
    expect(await failure(turns.take('a', NEVER))).toMatchObject({ code: 'busy', retryAfter: 2 });
    end();
    const next = await turns.take('a', NEVER);
    next();
  });

  test('end once, however often that is said', async () => {
    const turns = createHostTurns({ atOnce: 2, patience: 20 });
    const first = await turns.take('a', NEVER);
    const second = await turns.take('a', NEVER);
    first();
    first();
    const third = await turns.take('a', NEVER);
    expect((await failure(turns.take('a', NEVER))).code).toBe('busy');
    second();
    third();
  });

  test('are not taken by who comes between an end and its successor', async () => {
    const turns = createHostTurns({ atOnce: 1, patience: 1000 });
    const order: string[] = [];
    const first = await turns.take('a', NEVER);
    const second = turns.take('a', NEVER).then((end) => {
      order.push('second');
      return end;
    });
    first();
    const third = turns.take('a', NEVER).then((end) => {
      order.push('third');
      return end;
    });
    (await second)();
    (await third)();
    expect(order).toEqual(['second', 'third']);
  });

  test('leave nothing with the signal that they waited with', async () => {
    const turns = createHostTurns({ atOnce: 1, patience: 20 });
    const { signal } = new AbortController();
    const end = await turns.take('a', signal);
    expect((await failure(turns.take('a', signal))).code).toBe('busy');
    const next = turns.take('a', signal);
    end();
    (await next)();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('of one who has left already are not taken', async () => {
    const turns = createHostTurns({ atOnce: 1, patience: 20 });
    await expect(turns.take('a', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    (await turns.take('a', NEVER))();
  });
});
