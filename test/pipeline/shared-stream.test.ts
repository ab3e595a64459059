import { expect, test } from 'vitest';
import { SharedStream } from '../../src/pipeline/shared-stream.ts';

/** A producer that gives what it is told to, and ends when it is told to or aborted. */
function byHand() {
  const waiting: { readonly piece: string | Error | null }[] = [];
  let wake: () => void = () => undefined;
  const state = { aborted: null as unknown, started: 0 };
  const push = (piece: string | Error | null) => {
    waiting.push({ piece });
    wake();
  };
  async function* produce(signal: AbortSignal): AsyncGenerator<string> {
    state.started++;
    signal.addEventListener('abort', () => {
      state.aborted = signal.reason;
      wake();
    });
    for (;;) {
      signal.throwIfAborted();
      const next = waiting.shift();
      if (next === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      else if (next.piece === null) return;
      else if (next.piece instanceof Error) throw next.piece;
      else yield next.piece;
    }
  }
  return { stream: new SharedStream(produce), state, push };
}

const NEVER = new AbortController().signal;

async function all(stream: SharedStream<string>, signal = NEVER): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of stream.read(signal)) pieces.push(piece);
  return pieces;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('two readers get all pieces of one producer, whenever they come', async () => {
  const { stream, state, push } = byHand();
  const first = all(stream);
  push('a');
  push('b');
  await turn();
  const second = all(stream);
  push('c');
  push(null);
  expect(await Promise.all([first, second])).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
  ]);
  expect(await stream.settled).toBe(true);
  expect(await all(stream)).toEqual(['a', 'b', 'c']);
  expect(stream.pieces).toEqual(['a', 'b', 'c']);
  expect(state).toEqual({ aborted: null, started: 1 });
  expect(stream.isAbandoned).toBe(false);
});

test('one that leaves disturbs nobody', async () => {
  const { stream, state, push } = byHand();
  const leaving = new AbortController();
  const reason = new Error('left');
  const gone = all(stream, leaving.signal);
  const stays = all(stream);
  push('a');
  await turn();
  leaving.abort(reason);
  await expect(gone).rejects.toBe(reason);
  push('b');
  push(null);
  expect(await stays).toEqual(['a', 'b']);
  expect(state.aborted).toBeNull();
});

test('the last one that leaves ends the producer', async () => {
  const { stream, state, push } = byHand();
  const leaving = new AbortController();
  const readers = [all(stream, leaving.signal), all(stream, leaving.signal)];
  push('a');
  await turn();
  leaving.abort(new Error('left'));
  await Promise.allSettled(readers);
  expect(stream.isAbandoned).toBe(true);
  expect(state.aborted).toMatchObject({ code: 'upstream' });
  expect(await stream.settled).toBe(false);
});

test('one that stops reading in the middle has left', async () => {
  const { stream, push } = byHand();
  push('a');
  push('b');
  for await (const piece of stream.read(NEVER)) {
    expect(piece).toBe('a');
    break;
  }
  expect(stream.isAbandoned).toBe(true);
});

test('an error reaches all, behind the pieces before it, and those who come later', async () => {
  const { stream, push } = byHand();
  const fault = new Error('fault');
  const seen: string[][] = [[], []];
  const readers = seen.map(async (pieces) => {
    for await (const piece of stream.read(NEVER)) pieces.push(piece);
  });
  push('a');
  push(fault);
  for (const reader of readers) await expect(reader).rejects.toBe(fault);
  expect(seen).toEqual([['a'], ['a']]);
  expect(await stream.settled).toBe(false);
  await expect(all(stream)).rejects.toBe(fault);
});

test('somebody who has left does not begin to read', async () => {
  const { stream, push } = byHand();
  const reason = new Error('left');
  await expect(all(stream, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(stream.isAbandoned).toBe(false);
  push(null);
  expect(await all(stream)).toEqual([]);
});

test('without readers it is made to the end, unless it is abandoned; with one it cannot be', async () => {
  const unread = byHand();
  unread.push('a');
  unread.push(null);
  expect(await unread.stream.settled).toBe(true);
  unread.stream.abandon();
  expect(unread.stream.isAbandoned).toBe(false);

  const abandoned = byHand();
  abandoned.stream.abandon();
  expect(abandoned.stream.isAbandoned).toBe(true);
  expect(await abandoned.stream.settled).toBe(false);
  await expect(all(abandoned.stream)).rejects.toMatchObject({ code: 'upstream' });

  const read = byHand();
  const reader = all(read.stream);
  read.stream.abandon();
  expect(read.stream.isAbandoned).toBe(false);
  read.push('a');
  read.push(null);
  expect(await reader).toEqual(['a']);
});
