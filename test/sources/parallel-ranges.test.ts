import { describe, expect, test } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { createParallelRanges, type RangedSource } from '../../src/sources/parallel-ranges.ts';
import { createSparseCache } from '../../src/sources/sparse-cache.ts';
import { cutAfter, file, type Handler, paced, patternBytes, sharedLine } from '../helpers/upstream.ts';
import { expectBytes, failure, httpClient, NEVER, read, until, upstream } from './http-fixture.ts';

const MIB = 1024 * 1024;
const bytes = patternBytes(13 * MIB);
/** Bytes a second of one connection. */
const RATE = MIB;
const FAST = 4 * RATE;

async function sourceOf(handler: Handler, wanted: number) {
  const server = await upstream(handler);
  const ranged = httpClient().source({ url: server.url, headers: {} });
  return { server, ranged, source: createParallelRanges().wrap(ranged, () => wanted) };
}

/** Most requests under way at a time. */
function counted(handler: Handler) {
  const seen = { now: 0, most: 0 };
  const counting: Handler = (request, response, entry) => {
    seen.now++;
    seen.most = Math.max(seen.most, seen.now);
    response.on('close', () => {
      seen.now--;
    });
    handler(request, response, entry);
  };
  return { seen, counting };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

describe('a flow that is too slow', () => {
  test('is helped by three others: at least 2.5 times as fast, no byte twice', async () => {
    const { seen, counting } = counted(paced(bytes, RATE));
    const { server, source } = await sourceOf(counting, 5 * RATE);
    const seconds = await timed(async () => {
      expectBytes(await read(source, 7, bytes.length - 5), bytes.subarray(7, bytes.length - 5));
    });
    const alone = bytes.length / RATE;
    const sent = server.requests.reduce((sum, request) => sum + request.sent, 0);
    console.log(
      `4 flows: ${(alone / seconds).toFixed(2)} times as fast, ${(sent / bytes.length).toFixed(3)} × bytes`,
    );
    expect(alone / seconds).toBeGreaterThanOrEqual(2.5);
    expect(sent / bytes.length).toBeLessThanOrEqual(1.05);
    expect(seen.most).toBeLessThanOrEqual(5); // the first one may still be closing
  });

  test('is known the next time: that read is split from its first byte', async () => {
    const { server, source } = await sourceOf(paced(bytes, FAST), 5 * FAST);
    await read(source, 0, 8 * MIB);
    const before = server.requests.length;
    expectBytes(await read(source, 8 * MIB, 12 * MIB), bytes.subarray(8 * MIB, 12 * MIB));
    expect(server.ranges().slice(before)).toEqual(
      [8, 9, 10, 11].map((block) => `bytes=${block * MIB}-${(block + 1) * MIB - 1}`),
    );
  });

  test('is left alone where the line is the limit: several share it', async () => {
    const { server, source } = await sourceOf(sharedLine(bytes, FAST), 20 * FAST);
    await read(source, 0, 9 * MIB);
    expect(server.requests.length, 'it was tried').toBeGreaterThan(4);
    const before = server.requests.length;
    expectBytes(await read(source, 8 * MIB, 12 * MIB), bytes.subarray(8 * MIB, 12 * MIB));
    expect(server.requests.length - before).toBe(1);
  });
});

describe('one connection is enough', () => {
  test.each([
    ['where it brings what is needed', file(bytes), 5 * MIB],
    ['where a slow one does', paced(bytes.subarray(0, 3 * MIB), FAST), FAST / 2],
    ['where nobody says what is needed', paced(bytes.subarray(0, 3 * MIB), FAST), 0],
    ['for what is short', paced(bytes.subarray(0, 3 * MIB - 1), FAST), 100 * MIB],
  ] as const)('%s', async (_name, handler, wanted) => {
    const { server, source } = await sourceOf(handler, wanted);
    const whole = await read(source, 0, bytes.length);
    expectBytes(whole, bytes.subarray(0, whole.length));
    expect(server.requests.length).toBe(1);
    expect(server.connections()).toBe(1);
  });

  test('while the reader is the slow one', async () => {
    const { server, source } = await sourceOf(file(bytes), 20 * MIB);
    for await (const _ of source.read({ start: 0, end: bytes.length }, NEVER))
      await new Promise((resolve) => setTimeout(resolve, 4));
    expect(server.requests.length).toBe(1);
  });

  test('from a server without ranges', async () => {
    const { server, source } = await sourceOf((_request, response) => {
      response.writeHead(200);
      for (let at = 0; at < 4 * MIB; at += MIB)
        setTimeout(() => response.write(bytes.subarray(at, at + MIB)), at / 10_000);
      setTimeout(() => response.end(), 500);
    }, 100 * MIB);
    expectBytes(await read(source, 0, 4 * MIB), bytes.subarray(0, 4 * MIB));
    expect(server.requests.length).toBe(1);
  });
});

describe('split reads', () => {
  test('a second one of the same source goes on by one connection', async () => {
    const { seen, counting } = counted(paced(bytes, FAST));
    const { source } = await sourceOf(counting, 5 * FAST);
    const [a, b] = await Promise.all([read(source, 0, 6 * MIB), read(source, 6 * MIB, 9 * MIB)]);
    expectBytes(a, bytes.subarray(0, 6 * MIB));
    expectBytes(b, bytes.subarray(6 * MIB, 9 * MIB));
    expect(seen.most).toBeLessThanOrEqual(6);
  });

  test('leaving ends all their requests within a second, below a cache too', async () => {
    const { server, source } = await sourceOf(paced(bytes, FAST), 5 * FAST);
    const cached = createSparseCache({ maxBytes: 32 * MIB }).wrap(source);
    const leaver = new AbortController();
    const reading = failureOf(cached.read({ start: 0, end: bytes.length }, leaver.signal));
    await until(() => server.requests.length >= 4, 3000);
    leaver.abort(new Error('left'));
    expect(String(await reading)).toContain('left');
    await until(() => server.requests.every(({ closedAt }) => closedAt !== null));
    const { length } = server.requests;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.requests.length).toBe(length);
  });

  test('a broken transfer goes on in its block', async () => {
    const slow = paced(bytes, FAST);
    const broken = cutAfter(bytes, 400_000, { etag: '"paced"' });
    let turn = 0;
    const { source } = await sourceOf((request, response, seen) => {
      (turn++ % 2 === 1 ? broken : slow)(request, response, seen);
    }, 5 * FAST);
    expectBytes(await read(source, 0, 6 * MIB), bytes.subarray(0, 6 * MIB));
  });

  test('an error reaches the reader at its place, and ends the others', async () => {
    const slow = paced(bytes, FAST);
    const { seen, counting } = counted((request, response, entry) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0]);
      if (start < 4 * MIB) slow(request, response, entry);
      else response.writeHead(404).end();
    });
    const { source } = await sourceOf(counting, 5 * FAST);
    let length = 0;
    const reading = async () => {
      for await (const chunk of source.read({ start: 0, end: bytes.length }, NEVER)) length += chunk.length;
    };
    expect(await failure(reading())).toMatchObject({ code: 'not-found' });
    expect(length).toBeGreaterThanOrEqual(3 * MIB);
    await until(() => seen.now === 0);
  });

  test('never hold more than six blocks ahead of a reader that has stopped', async () => {
    const { server, source } = await sourceOf(paced(bytes, 2 * RATE), 50 * RATE);
    await read(source, 0, 6 * MIB);
    const before = server.requests.length;
    const iterator = source.read({ start: 0, end: bytes.length }, NEVER)[Symbol.asyncIterator]();
    await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(server.requests.length - before).toBe(6);
    await iterator.return?.(undefined);
  });

  test('are few at a time, whatever the sources', async () => {
    const ranges = createParallelRanges();
    const open = Array.from({ length: 12 }, () => fakeSource());
    const readers = open.map(({ source }) => ranges.wrap(source, () => 1e9));
    const leaver = new AbortController();
    const reading = readers.map((source) =>
      failureOf(source.read({ start: 0, end: 64 * MIB }, leaver.signal)),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(open.filter(({ most }) => most() > 1).length).toBe(8);
    leaver.abort(new MediaError('upstream', 'left'));
    await Promise.all(reading);
  });
});

/** What a read fails with, as soon as it does. */
async function failureOf(chunks: AsyncIterable<Uint8Array>): Promise<unknown> {
  try {
    for await (const _ of chunks);
    return null;
  } catch (error) {
    return error;
  }
}

/** Brings 256 KiB every 20 ms on each read. */
function fakeSource() {
  let now = 0;
  let most = 0;
  const source: RangedSource = {
    size: 64 * MIB,
    answersRanges: true,
    async *read({ start, end }, signal) {
      most = Math.max(most, ++now);
      try {
        for (let at = start; at < end; at += MIB / 4) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          signal.throwIfAborted();
          yield bytes.subarray(0, Math.min(end - at, MIB / 4));
        }
      } finally {
        now--;
      }
    },
  };
  return { source, most: () => most };
}
