import { expect, test } from 'vitest';
import { Memo } from '../../src/pipeline/memo.ts';
import { NEVER } from './serve.ts';

const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

test('all who ask at the same time share one making, and later ones its result', async () => {
  const memo = new Memo<{ n: number }>(10);
  let made = 0;
  const make = async () => {
    await tick();
    return { n: ++made };
  };
  const [a, b] = await Promise.all([memo.get(1, make, NEVER), memo.get(1, make, NEVER)]);
  expect(a).toBe(b);
  expect(await memo.get(1, make, NEVER)).toBe(a);
  expect(await memo.get(2, make, NEVER)).toEqual({ n: 2 });
});

test('a failure is everybody’s who waits, and forgotten', async () => {
  const memo = new Memo<object>(10);
  const fail = async () => {
    await tick();
    throw new Error('no');
  };
  const both = [memo.get(1, fail, NEVER), memo.get(1, fail, NEVER)];
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await memo.get(1, async () => ({ n: 1 }), NEVER)).toEqual({ n: 1 });
});

test('the work goes on while somebody waits, and is aborted when the last has left', async () => {
  const memo = new Memo<object>(10);
  let shared: AbortSignal | undefined;
  const hang = (signal: AbortSignal) => {
    shared = signal;
    return new Promise<object>(() => {});
  };
  const [first, second] = [new AbortController(), new AbortController()];
  const waiting = [memo.get(1, hang, first.signal), memo.get(1, hang, second.signal)];
  const settled = Promise.allSettled(waiting);
  first.abort();
  await tick();
  expect(shared?.aborted).toBe(false);
  second.abort();
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(shared?.aborted).toBe(true);
  expect(await memo.get(1, async () => ({ n: 1 }), NEVER)).toEqual({ n: 1 });
});
