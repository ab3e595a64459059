import { describe, expect, it } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import type { Relay, RelayAsking, RelayedAnswer, RelayRequest } from '../../src/core/relay.ts';
import { type SharedRelay, withSharedBodies } from '../../src/proxy/shared-bodies.ts';

const WHOLE: RelayAsking = { method: 'get', range: null, conditions: {} };
const NEVER = new AbortController().signal;
const MEGABYTE = 2 ** 20;
const request = (url: string): RelayRequest => ({ url, headers: {} });
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** One body on its way, driven by the test. */
interface Transfer {
  readonly url: string;
  readonly asking: RelayAsking;
  readonly signal: AbortSignal;
  push(chunk: Uint8Array | null): void;
  fail(error: unknown): void;
  /** Chunks that were pushed and not taken. */
  waiting(): number;
}

function fakeRelay({ length = null as number | null, cacheControl = null as string | null } = {}) {
  const transfers: Transfer[] = [];
  const relay: Relay = {
    async relay({ url }, asking, signal) {
      const queue: (Uint8Array | null | { error: unknown })[] = [];
      let wake = () => {};
      const put = (item: Uint8Array | null | { error: unknown }) => {
        queue.push(item);
        wake();
      };
      signal.addEventListener('abort', () => put({ error: signal.reason }));
      transfers.push({
        url,
        asking,
        signal,
        push: put,
        fail: (error) => put({ error }),
        waiting: () => queue.length,
      });
      const answer: RelayedAnswer = {
        status: 200,
        access: 'public',
        url,
        length,
        contentRange: null,
        header: (name) => (name === 'cache-control' ? cacheControl : null),
        async next() {
          while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
          const item = queue.shift() ?? null;
          if (item && 'error' in item) throw item.error;
          return item;
        },
        close: () => undefined,
      };
      return answer;
    },
  };
  const nth = (n: number): Transfer => {
    const found = transfers[n];
    if (!found) throw new Error(`There is no transfer ${n} of ${transfers.length}`);
    return found;
  };
  return { relay, transfers, nth };
}

async function readAll(answer: RelayedAnswer): Promise<number[]> {
  const bytes: number[] = [];
  for (let chunk = await answer.next(); chunk; chunk = await answer.next()) bytes.push(...chunk);
  return bytes;
}

const open = (shared: SharedRelay, url = 'http://a/1', signal = NEVER) =>
  shared.relay(request(url), WHOLE, signal);
const options = { maxBytes: 8 * MEGABYTE, maxAge: 60_000 };

describe('bodies that several ask for', () => {
  it('are fetched once: who comes late reads from the beginning', async () => {
    const { relay, nth, transfers } = fakeRelay({ length: 3 });
    const shared = withSharedBodies(relay, options);
    const first = await open(shared);
    nth(0).push(Uint8Array.of(1, 2));
    expect([...((await first.next()) ?? [])]).toEqual([1, 2]);
    const second = await open(shared);
    nth(0).push(Uint8Array.of(3));
    nth(0).push(null);
    expect(await readAll(first)).toEqual([3]);
    expect(await readAll(second)).toEqual([1, 2, 3]);
    expect(await readAll(await open(shared))).toEqual([1, 2, 3]);
    expect(transfers).toHaveLength(1);
  });

  it('ranges, conditions and heads go by themselves', async () => {
    const { relay, transfers } = fakeRelay();
    const shared = withSharedBodies(relay, options);
    const others: RelayAsking[] = [
      { ...WHOLE, range: 'bytes=0-1' },
      { ...WHOLE, conditions: { 'if-none-match': '"a"' } },
      { ...WHOLE, method: 'head' },
    ];
    for (const asking of others) await shared.relay(request('http://a/1'), asking, NEVER);
    await shared.relay({ url: 'http://a/1', headers: { cookie: 'x' } }, WHOLE, NEVER);
    await open(shared);
    expect(transfers.map(({ asking }) => asking)).toEqual([...others, WHOLE, WHOLE]);
  });

  it('end upstream when the last reader leaves, and not before', async () => {
    const { relay, nth, transfers } = fakeRelay();
    const shared = withSharedBodies(relay, options);
    const leaving = new AbortController();
    const first = await open(shared, 'http://a/1', leaving.signal);
    const second = await open(shared);
    leaving.abort(new Error('gone'));
    await expect(first.next()).rejects.toThrow('gone');
    expect(nth(0).signal.aborted).toBe(false);
    second.close();
    expect(nth(0).signal.aborted).toBe(true);
    await settled();
    await open(shared);
    expect(transfers).toHaveLength(2);
  });

  it('a failure reaches all of them and is not kept', async () => {
    const { relay, nth, transfers } = fakeRelay();
    const shared = withSharedBodies(relay, options);
    const readers = [await open(shared), await open(shared)];
    nth(0).push(Uint8Array.of(1));
    nth(0).fail(new MediaError('upstream', 'broken'));
    for (const reader of readers) await expect(readAll(reader)).rejects.toThrow('broken');
    await open(shared);
    expect(transfers).toHaveLength(2);
  });

  it.each([
    ['of unknown length', null, null],
    ['that must not be stored', 3, 'no-store'],
  ])('what is %s is shared while it comes, and not kept', async (_, length, cacheControl) => {
    const { relay, nth, transfers } = fakeRelay({ length, cacheControl });
    const shared = withSharedBodies(relay, options);
    const readers = [await open(shared), await open(shared)];
    nth(0).push(Uint8Array.of(1, 2, 3));
    nth(0).push(null);
    for (const reader of readers) expect(await readAll(reader)).toEqual([1, 2, 3]);
    await settled();
    await open(shared);
    expect(transfers).toHaveLength(2);
  });

  it('what says that it is too long is one reader’s alone, as fast as he takes it', async () => {
    const { relay, nth, transfers } = fakeRelay({ length: 100 * MEGABYTE });
    const shared = withSharedBodies(relay, options);
    const [first] = await Promise.all([open(shared), open(shared)]);
    expect(transfers).toHaveLength(2);
    for (let i = 0; i < 100; i++) nth(0).push(Uint8Array.of(i));
    nth(0).push(null);
    await settled();
    // 16 that are held, and the one that makes it too many.
    expect(nth(0).waiting()).toBe(101 - 17);
    expect(await readAll(first)).toHaveLength(100);
  });

  it('of what turns out to be too long nobody waits for somebody else', async () => {
    const { relay, nth } = fakeRelay();
    const shared = withSharedBodies(relay, options);
    const [fast, slow] = [await open(shared), await open(shared)];
    nth(0).push(new Uint8Array(33 * MEGABYTE));
    for (let i = 0; i < 40; i++) nth(0).push(Uint8Array.of(i));
    nth(0).push(null);
    let length = 0;
    for (let chunk = await fast.next(); chunk; chunk = await fast.next()) length += chunk.length;
    expect(length).toBe(33 * MEGABYTE + 40);
    await expect(readAll(slow)).rejects.toMatchObject({ code: 'busy' });
    expect(await settledReader(shared)).toBe('a transfer of its own');
    async function settledReader(of: SharedRelay) {
      await open(of);
      return nth(1) ? 'a transfer of its own' : '';
    }
  });

  it('what nobody reads is not held back for ever', async () => {
    const { relay, nth, transfers } = fakeRelay({ length: 100 * MEGABYTE });
    const shared = withSharedBodies(relay, options);
    shared.ahead(request('http://a/0'), [request('http://a/1')]);
    await settled();
    for (let i = 0; i < 40; i++) nth(0).push(Uint8Array.of(i));
    await settled();
    expect(nth(0).signal.aborted).toBe(true);
    await open(shared, 'http://a/2');
    expect(transfers).toHaveLength(2);
  });

  it('what is held for readers counts, also when all of it has come', async () => {
    const { relay, nth, transfers } = fakeRelay({ length: 4 * MEGABYTE });
    const shared = withSharedBodies(relay, options);
    const stalled = await Promise.all([open(shared, 'http://a/1'), open(shared, 'http://a/2')]);
    for (const n of [0, 1]) {
      nth(n).push(new Uint8Array(4 * MEGABYTE));
      nth(n).push(null);
    }
    await settled();
    // No room: each has a transfer of its own.
    await open(shared, 'http://a/3');
    await open(shared, 'http://a/3');
    expect(transfers).toHaveLength(4);
    for (const reader of stalled) await reader.next();
    for (const reader of stalled) reader.close();
    await open(shared, 'http://a/4');
    await open(shared, 'http://a/4');
    expect(transfers).toHaveLength(5);
  });

  it('no more is on its way than there is room for', async () => {
    const { relay, transfers } = fakeRelay({ length: 8 * MEGABYTE });
    const shared = withSharedBodies(relay, options);
    await open(shared, 'http://a/1');
    await open(shared, 'http://a/2');
    await open(shared, 'http://a/2');
    expect(transfers.map(({ url }) => url)).toEqual(['http://a/1', 'http://a/2', 'http://a/2']);
  });
});

describe('ahead', () => {
  it('the next ones are fetched one by one, when all of the first is here', async () => {
    const { relay, nth, transfers } = fakeRelay();
    const shared = withSharedBodies(relay, options);
    const first = await open(shared);
    shared.ahead(request('http://a/1'), [request('http://a/2'), request('http://a/3')]);
    const urls = () => transfers.map(({ url }) => url);
    await settled();
    expect(urls()).toEqual(['http://a/1']);
    nth(0).push(null);
    await readAll(first);
    await expect.poll(urls).toEqual(['http://a/1', 'http://a/2']);
    const early = await open(shared, 'http://a/2');
    nth(1).push(Uint8Array.of(2));
    nth(1).push(null);
    expect(await readAll(early)).toEqual([2]);
    await expect.poll(urls).toEqual(['http://a/1', 'http://a/2', 'http://a/3']);
  });

  it('nothing is, when the first was not read to its end', async () => {
    const { relay, transfers } = fakeRelay();
    const shared = withSharedBodies(relay, options);
    const first = await open(shared);
    shared.ahead(request('http://a/1'), [request('http://a/2')]);
    first.close();
    await settled();
    await settled();
    expect(transfers).toHaveLength(1);
  });

  it('closing ends what nobody waits for', async () => {
    const { relay, nth } = fakeRelay();
    const shared = withSharedBodies(relay, options);
    shared.ahead(request('http://a/0'), [request('http://a/1')]);
    await settled();
    shared.close();
    expect(nth(0).signal.aborted).toBe(true);
  });
});
