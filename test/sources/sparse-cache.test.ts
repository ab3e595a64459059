import { describe, expect, test } from 'vitest';
import { ByteQueue } from '../../src/core/bytes.ts';
import type { ByteRange, Source } from '../../src/core/contracts.ts';
import { createSparseCache } from '../../src/sources/sparse-cache.ts';
import { file, patternBytes } from '../helpers/upstream.ts';
import { expectBytes, httpClient, NEVER, read, until, upstream } from './http-fixture.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const bytes = patternBytes(24 * MIB);

interface Asked extends ByteRange {
  aborted: boolean;
  delivered: number;
}

interface FakeOptions {
  readonly chunk?: number;
  /** Milliseconds before each chunk. */
  readonly delay?: number;
  readonly size?: number | null;
  /** Thrown by the upstream read number n, instead of its byte at this place. */
  fail?(read: number, position: number): Error | null;
}

/** An upstream that notes what is read of it. */
function fake({ chunk = 64 * KIB, delay = 0, size = bytes.length, fail }: FakeOptions = {}) {
  const asked: Asked[] = [];
  const source: Source = {
    size,
    async *read({ start, end }, signal) {
      const entry: Asked = { start, end, aborted: false, delivered: 0 };
      const turn = asked.push(entry) - 1;
      signal.addEventListener('abort', () => {
        entry.aborted = true;
      });
      for (let at = start; at < Math.min(end, bytes.length); at += chunk) {
        await new Promise((resolve) => setTimeout(resolve, delay));
        signal.throwIfAborted();
        const error = fail?.(turn, at);
        if (error) throw error;
        const part = bytes.slice(at, Math.min(at + chunk, end, bytes.length));
        entry.delivered += part.length;
        yield part;
      }
    },
  };
  return { source, asked, ranges: () => asked.map(({ start, end }) => [start, end]) };
}

const cacheOf = (upstreamSource: Source, maxBytes = 64 * MIB) => {
  const cache = createSparseCache({ maxBytes });
  return { cache, source: cache.wrap(upstreamSource) };
};

async function readInto(source: Source, { start, end }: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
  const out = new Uint8Array(end - start);
  let at = 0;
  for await (const chunk of source.read({ start, end }, signal)) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out.subarray(0, at);
}

describe('what is held', () => {
  test('is not fetched again, and counted as allocated', async () => {
    const { source: upstreamSource, ranges } = fake();
    const { cache, source } = cacheOf(upstreamSource);
    expect(source.size).toBe(bytes.length);
    expectBytes(await read(source, 5, 16 * KIB + 5), bytes.subarray(5, 16 * KIB + 5));
    expectBytes(await read(source, 100, 5000), bytes.subarray(100, 5000));
    expect(ranges()).toEqual([[5, 16 * KIB + 5]]);
    expect(cache.stats()).toMatchObject({
      bytes: 16 * KIB,
      extents: 1,
      fetches: 1,
      activeFetches: 0,
      hitBytes: 4900,
    });
  });

  test('chunks of one extent are views that follow each other in memory', async () => {
    const { source } = cacheOf(fake().source);
    for (let pass = 0; pass < 2; pass++) {
      const buffers = new Set<ArrayBufferLike>();
      const queue = new ByteQueue(0);
      for await (const chunk of source.read({ start: 0, end: 3 * MIB }, NEVER)) {
        buffers.add(chunk.buffer);
        queue.push(chunk);
      }
      expect(buffers.size).toBe(3);
      expect(queue.peek(MIB).buffer.byteLength).toBe(MIB); // joined without a copy
      expectBytes(queue.peek(3 * MIB), bytes.subarray(0, 3 * MIB));
    }
  });

  test('a read across several pieces asks only for what lies between', async () => {
    const { source: upstreamSource, ranges } = fake();
    const { source } = cacheOf(upstreamSource);
    await read(source, 100, 200);
    await read(source, 300, 400);
    await read(source, 400, 450);
    expectBytes(await read(source, 0, 500), bytes.subarray(0, 500));
    expect(ranges().slice(3)).toEqual([
      [0, 100],
      [200, 300],
      [450, 500],
    ]);
  });

  test('forget drops it', async () => {
    const { source: upstreamSource, ranges } = fake();
    const { cache, source } = cacheOf(upstreamSource);
    await read(source, 0, 100);
    cache.forget(source);
    expect(cache.stats().bytes).toBe(0);
    await read(source, 0, 100);
    expect(ranges().length).toBe(2);
  });

  test('sources do not mix, and share one budget', async () => {
    const cache = createSparseCache({ maxBytes: 8 * MIB });
    const shifted: Source = {
      size: null,
      read: ({ start, end }, signal) => fake().source.read({ start: start + 1, end: end + 1 }, signal),
    };
    const [a, b] = [cache.wrap(fake().source), cache.wrap(shifted)];
    for (let at = 0; at < 12 * MIB; at += MIB) {
      expectBytes(await read(a, at, at + MIB), bytes.subarray(at, at + MIB));
      expectBytes(await read(b, at, at + MIB), bytes.subarray(at + 1, at + 1 + MIB));
    }
    expect(cache.stats().bytes).toBe(8 * MIB);
  });
});

describe('sharing', () => {
  test('readers of the same bytes cause one request', async () => {
    const server = await upstream(file(bytes));
    const { source } = cacheOf(httpClient().source({ url: server.url, headers: {} }));
    const reads = Array.from({ length: 20 }, (_, i) => read(source, i, 2 * MIB));
    for (const [i, got] of (await Promise.all(reads)).entries()) expectBytes(got, bytes.subarray(i, 2 * MIB));
    expect(server.ranges()).toEqual([`bytes=0-${2 * MIB - 1}`]);
    await read(source, 2 * MIB, 3 * MIB);
    expect(server.connections()).toBe(1); // the finished transfer left its connection usable
  });

  test('a reader that needs more than a fetch brings starts another for the rest', async () => {
    const { source: upstreamSource, ranges } = fake({ delay: 1 });
    const { source } = cacheOf(upstreamSource);
    const [a, b] = await Promise.all([read(source, 0, MIB), read(source, MIB / 2, 2 * MIB)]);
    expectBytes(a, bytes.subarray(0, MIB));
    expectBytes(b, bytes.subarray(MIB / 2, 2 * MIB));
    expect(ranges()).toEqual([
      [0, MIB],
      [MIB, 2 * MIB],
    ]);
  });

  test('a reader that needs less takes its part and the rest goes on', async () => {
    const { source: upstreamSource, ranges } = fake({ delay: 1 });
    const { source } = cacheOf(upstreamSource);
    const long = read(source, 0, 2 * MIB);
    expectBytes(await read(source, 1000, 100_000), bytes.subarray(1000, 100_000));
    expectBytes(await long, bytes.subarray(0, 2 * MIB));
    expect(ranges()).toEqual([[0, 2 * MIB]]);
  });

  test('a seek far ahead of a fetch does not wait for it, and no byte is asked for twice', async () => {
    const { source: upstreamSource, asked, ranges } = fake({ delay: 2 });
    const { source } = cacheOf(upstreamSource);
    const all = read(source, 0, 20 * MIB);
    await until(() => (asked[0]?.delivered ?? 0) > 0);
    expectBytes(await read(source, 16 * MIB, 18 * MIB), bytes.subarray(16 * MIB, 18 * MIB));
    expect(asked[0]?.delivered).toBeLessThan(8 * MIB);
    expectBytes(await all, bytes.subarray(0, 20 * MIB));
    expect(ranges()[1]).toEqual([16 * MIB, 18 * MIB]);
    expect(asked.reduce((sum, { delivered }) => sum + delivered, 0)).toBeLessThanOrEqual(20 * MIB + 64 * KIB);
  });

  test('the holes of one read are fetched at once, four at most', async () => {
    const { source: upstreamSource, asked, ranges } = fake({ delay: 20 });
    const { source } = cacheOf(upstreamSource);
    for (let at = 0; at < 6; at++) await read(source, at * 1000 + 500, at * 1000 + 1000);
    const before = asked.length;
    const reading = read(source, 0, 6000);
    expect(asked.length - before).toBe(4);
    expectBytes(await reading, bytes.subarray(0, 6000));
    expect(ranges().slice(before)).toEqual([0, 1, 2, 3, 4, 5].map((at) => [at * 1000, at * 1000 + 500]));
  });

  test('a fetch waits when it is 8 MiB ahead of its fastest reader', async () => {
    const { source: upstreamSource, asked } = fake({ chunk: 256 * KIB });
    const { source } = cacheOf(upstreamSource);
    const slow = source.read({ start: 0, end: 24 * MIB }, NEVER)[Symbol.asyncIterator]();
    await slow.next();
    await new Promise((resolve) => setTimeout(resolve, 150));
    const held = asked[0]?.delivered ?? 0;
    expect(held).toBeGreaterThan(8 * MIB);
    expect(held).toBeLessThan(9 * MIB);
    expectBytes(await read(source, 12 * MIB, 13 * MIB), bytes.subarray(12 * MIB, 13 * MIB)); // a faster one
    expect(asked.length).toBe(1);
    await slow.return?.();
    expect(asked[0]?.aborted).toBe(true);
  });
});

describe('leaving and failing', () => {
  test('the last reader to leave ends the fetch; what arrived stays', async () => {
    const { source: upstreamSource, asked, ranges } = fake({ delay: 1 });
    const { cache, source } = cacheOf(upstreamSource);
    const controllers = [new AbortController(), new AbortController()];
    const reads = controllers.map((controller) =>
      readInto(source, { start: 0, end: 4 * MIB }, controller.signal),
    );
    const outcomes = Promise.allSettled(reads);
    await until(() => (asked[0]?.delivered ?? 0) >= 3 * 64 * KIB);
    controllers[0]?.abort(new Error('first'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(asked[0]?.aborted).toBe(false);
    controllers[1]?.abort(new Error('second'));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(asked[0]?.aborted).toBe(true);
    expect(await outcomes).toMatchObject([
      { reason: { message: 'first' } },
      { reason: { message: 'second' } },
    ]);
    expect(cache.stats()).toMatchObject({ activeFetches: 0, extents: 1 });
    expect(cache.stats().bytes).toBeLessThan(MIB); // the unfilled part was given back
    await read(source, 0, 128 * KIB);
    expect(ranges().length).toBe(1);
  });

  test('upstream sees the end of a request nobody waits for', async () => {
    const server = await upstream(file(bytes));
    const { source } = cacheOf(httpClient().source({ url: server.url, headers: {} }));
    for await (const _ of source.read({ start: 0, end: bytes.length }, NEVER)) break;
    await until(() => server.requests[0]?.closedAt !== null);
  });

  test('a reader left alone by the one who fetched gets all its bytes', async () => {
    const { source: upstreamSource, asked } = fake({ delay: 1 });
    const { source } = cacheOf(upstreamSource);
    const leaver = new AbortController();
    const left = readInto(source, { start: 0, end: 2 * MIB }, leaver.signal);
    const stayed = read(source, MIB, 3 * MIB);
    await until(() => (asked[0]?.delivered ?? 0) > 0);
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expectBytes(await stayed, bytes.subarray(MIB, 3 * MIB));
  });

  test('an abort ends the fetch even while the consumer is busy with a chunk', async () => {
    const { source: upstreamSource, asked } = fake();
    const { source } = cacheOf(upstreamSource);
    const controller = new AbortController();
    const reading = source.read({ start: 0, end: MIB }, controller.signal)[Symbol.asyncIterator]();
    await reading.next();
    controller.abort(new Error('gone'));
    expect(asked[0]?.aborted).toBe(true);
    await expect(reading.next()).rejects.toThrow('gone');
  });

  test('an abort before the first byte, and before the read', async () => {
    const { source: upstreamSource, asked } = fake({ delay: 50 });
    const { source } = cacheOf(upstreamSource);
    const controller = new AbortController();
    const reading = readInto(source, { start: 0, end: 100 }, controller.signal);
    controller.abort(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
    expect(asked[0]?.aborted).toBe(true);
    await expect(readInto(source, { start: 0, end: 100 }, controller.signal)).rejects.toThrow('gone');
    expect(asked.length).toBe(1);
  });

  test('an error reaches all who wait for it; a later read tries again', async () => {
    const { source: upstreamSource, asked } = fake({
      delay: 1,
      fail: (turn, at) => (turn === 0 && at >= 256 * KIB ? new Error('broken') : null),
    });
    const { source } = cacheOf(upstreamSource);
    const reads = [0, 1, 2].map((start) => read(source, start, MIB));
    for (const outcome of await Promise.allSettled(reads))
      expect(outcome).toMatchObject({ reason: { message: 'broken' } });
    expectBytes(await read(source, 0, MIB), bytes.subarray(0, MIB));
    expect(asked[1]?.start).toBe(256 * KIB);
  });

  test('the end of a resource of unknown size', async () => {
    const { source: upstreamSource, asked } = fake({ size: null });
    const { source } = cacheOf(upstreamSource);
    expectBytes(await read(source, bytes.length - 10, bytes.length + 10), bytes.subarray(-10));
    expect((await read(source, bytes.length, bytes.length + 10)).length).toBe(0);
    expectBytes(await read(source, bytes.length - 5, Number.POSITIVE_INFINITY), bytes.subarray(-5));
    expect([source.size, asked.length]).toEqual([null, 1]);
  });
});

describe('eviction', () => {
  test('bounds what is held and breaks no reader', async () => {
    const { source: upstreamSource } = fake();
    const { cache, source } = cacheOf(upstreamSource, MIB);
    const watch = setInterval(() => expect(cache.stats().bytes).toBeLessThanOrEqual(MIB), 1);
    const reads = [0, 1, 2, 3].map((i) => read(source, i * MIB, i * MIB + 4 * MIB));
    for (const [i, got] of (await Promise.all(reads)).entries())
      expectBytes(got, bytes.subarray(i * MIB, i * MIB + 4 * MIB));
    clearInterval(watch);
    expect(cache.stats().bytes).toBeLessThanOrEqual(MIB);
  });

  test('even when a single network chunk is larger than the budget', async () => {
    const { source } = cacheOf(fake({ chunk: 256 * KIB }).source, 64 * KIB);
    const reads = [0, 100_000].map((start) => read(source, start, start + MIB));
    const [a, b] = await Promise.all(reads);
    expectBytes(a ?? new Uint8Array(0), bytes.subarray(0, MIB));
    expectBytes(b ?? new Uint8Array(0), bytes.subarray(100_000, 100_000 + MIB));
  });

  test('takes what was read longest ago', async () => {
    const { source: upstreamSource, asked } = fake();
    const { source } = cacheOf(upstreamSource, 8 * MIB);
    for (let at = 0; at < 8; at++) await read(source, at * MIB, (at + 1) * MIB);
    await read(source, 0, MIB);
    await read(source, 8 * MIB, 9 * MIB); // takes the place of the second
    const before = asked.length;
    await read(source, 0, MIB);
    expect(asked.length).toBe(before);
    await read(source, MIB, MIB + 1);
    expect(asked.length).toBe(before + 1);
  });
});
