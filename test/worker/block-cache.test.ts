import { setMaxListeners } from 'node:events';
import { LRUCache } from 'lru-cache';
import { afterEach, describe, expect, it } from 'vitest';
import { readRange } from '../../src/core/bytes.ts';
import { BLOCK } from '../../src/edge/block-cache.ts';
import { type HttpPlace, httpPlace } from '../../src/edge/http-place.ts';
import { RequestScope } from '../../src/edge/request-scope.ts';
import { Subrequests } from '../../src/edge/subrequests.ts';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { expectBytes, failure } from '../sources/http-fixture.ts';
import { fakeCache } from './fake-cache.ts';

/** Three blocks and a half, none like another. */
const SIZE = 3.5 * BLOCK;

const servers: Upstream[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function noise(size: number): Uint8Array {
  const words = new Uint32Array(size / 4);
  for (let i = 0, x = 1; i < words.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    words[i] = x;
  }
  return new Uint8Array(words.buffer);
}

/** An upstream, a cache, and requests that read by means of both. */
async function shelf(bytes: Uint8Array, headers: Record<string, string> = { etag: '"1"' }) {
  const upstream = await startUpstream(file(bytes, { headers }));
  servers.push(upstream);
  const fake = fakeCache();
  /** As another isolate has it: nothing is known yet. */
  const coldPlace = () =>
    httpPlace(
      { url: `${upstream.url}/film`, headers: {} },
      {
        policy: addressPolicy({ allow: ['127.0.0.1'], allowPrivate: false }),
        memory: new LRUCache<string, Uint8Array>({ maxSize: BLOCK, sizeCalculation: ({ length }) => length }),
        cache: fake.cache,
        secret: 'secret',
      },
    );
  return { upstream, fake, coldPlace };
}

/** One request; `done` waits for all that it does behind its answer. */
function request(place: HttpPlace, most = 1000) {
  const background: Promise<unknown>[] = [];
  const { signal } = new AbortController();
  setMaxListeners(64, signal);
  const subrequests = new Subrequests(most);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const scope = new RequestScope(
    { waitUntil: (work) => background.push(work) },
    { subrequests, signal, log },
  );
  const source = scope.sourceOf(place);
  return {
    subrequests,
    source,
    read: (start: number, end: number) => readRange(source, { start, end }, signal),
    done: async () => {
      for (let n = 0; n < background.length; n++) await background[n];
    },
  };
}

describe('blocks', () => {
  const film = noise(SIZE);

  it.each([
    [0, 10],
    [0, SIZE],
    [BLOCK - 1, BLOCK + 1],
    [BLOCK, 2 * BLOCK],
    [2 * BLOCK + 5, SIZE],
    [SIZE - 1, SIZE + 1000],
    [SIZE, SIZE + 10],
  ])('bytes %i to %i are the file’s, from upstream and from the cache', async (start, end) => {
    const { coldPlace } = await shelf(film);
    const place = coldPlace();
    const first = request(place);
    expectBytes(await first.read(start, end), film.subarray(start, end));
    await first.done();
    expectBytes(await request(place).read(start, end), film.subarray(start, end));
  });

  it('that are missing side by side are fetched by one request', async () => {
    const { upstream, coldPlace } = await shelf(film);
    await request(coldPlace()).read(5, SIZE - 5);
    expect(upstream.ranges()).toEqual(['bytes=0-4194303']);
  });

  it('that are kept cost no request, in the next one and in another isolate', async () => {
    const { upstream, coldPlace, fake } = await shelf(film);
    const place = coldPlace();
    const first = request(place);
    await first.read(0, SIZE);
    await first.done();
    expect(fake.held.size).toBe(4);
    await request(place).read(0, SIZE);
    expect(upstream.requests.length).toBe(1);
    // What knows nothing yet asks once, whether the file is still the same.
    const elsewhere = coldPlace();
    const look = request(elsewhere);
    await look.read(0, 100);
    await look.done();
    expectBytes(await request(elsewhere).read(BLOCK, SIZE), film.subarray(BLOCK));
    expect(upstream.ranges().slice(1)).toEqual(['bytes=0-1048575']);
  });

  it('between others that are kept are fetched alone', async () => {
    const { upstream, coldPlace, fake } = await shelf(film);
    const place = coldPlace();
    const first = request(place);
    await first.read(0, SIZE);
    await first.done();
    for (const url of fake.held.keys()) if (url.endsWith('/1')) fake.held.delete(url);
    expectBytes(await request(place).read(0, SIZE), film);
    expect(upstream.ranges().slice(1)).toEqual(['bytes=1048576-2097151']);
  });

  it('begun by who leaves are filled behind his back', async () => {
    const { upstream, coldPlace, fake } = await shelf(film);
    const place = coldPlace();
    const first = request(place);
    await first.read(0, 1000);
    await first.done();
    expect(fake.held.size).toBe(1);
    const next = request(place);
    for await (const _ of next.source.read({ start: BLOCK, end: SIZE }, new AbortController().signal)) break;
    await next.done();
    expect([...fake.held.keys()].map((url) => url.split('/').at(-1))).toEqual(['0', '1']);
    expect(upstream.requests.length).toBe(2);
  });

  it.each([
    ['another ETag', { etag: '"2"' }],
    ['another size', { etag: '"1"' }],
  ])('of a file with %s are others', async (what, headers) => {
    const { upstream, coldPlace } = await shelf(film);
    const first = request(coldPlace());
    await first.read(0, SIZE);
    await first.done();
    const other = what === 'another size' ? noise(SIZE - 4) : noise(SIZE).fill(1, 2 * BLOCK);
    upstream.answer(file(other, { headers }));
    const place = coldPlace();
    await request(place).read(0, 100);
    expectBytes(await request(place).read(2 * BLOCK, 3 * BLOCK), other.subarray(2 * BLOCK, 3 * BLOCK));
  });

  it('are not to be had by who does not know the secret', async () => {
    const { coldPlace, fake } = await shelf(film);
    const first = request(coldPlace());
    await first.read(0, SIZE);
    await first.done();
    for (const url of fake.held.keys())
      expect(url).toMatch(/^https:\/\/blocks\.sluice\.invalid\/[\da-f]{32}\/\d$/);
  });
});

describe('subrequests', () => {
  const film = noise(26 * BLOCK);

  it('stay within what is allowed, though as many blocks are read twice', async () => {
    const { upstream, coldPlace, fake } = await shelf(film);
    const place = coldPlace();
    for (const part of ['first', 'second']) {
      const calls = fake.calls() + upstream.requests.length;
      const one = request(place, 36);
      expectBytes(await one.read(0, film.length), film);
      await one.done();
      const made = fake.calls() + upstream.requests.length - calls;
      expect({ part, isWithin: made <= 36, left: one.subrequests.left }).toEqual({
        part,
        isWithin: true,
        left: 36 - made,
      });
    }
    // Only what the first one could not keep was fetched again.
    expect(upstream.ranges().slice(1)).toEqual([expect.stringMatching(/^bytes=\d{8}-\d+$/)]);
  });

  it('are refused by a clear error when there are none left', async () => {
    const { coldPlace } = await shelf(film);
    const one = request(coldPlace(), 10);
    const reading = async () => {
      for (let n = 0; n < 13; n++) await one.read(2 * n * BLOCK, 2 * n * BLOCK + 10);
    };
    const { code, message } = await failure(reading());
    expect({ code, message }).toEqual({
      code: 'limit',
      message: expect.stringMatching(/SLUICE_SUBREQUESTS/),
    });
  });

  it('are six at a time', async () => {
    const { upstream, coldPlace } = await shelf(film);
    let open = 0;
    let most = 0;
    const answer = file(film, { headers: { etag: '"1"' } });
    upstream.answer((incoming, response, seen) => {
      most = Math.max(most, ++open);
      response.on('close', () => open--);
      setTimeout(() => answer(incoming, response, seen), 10);
    });
    const one = request(coldPlace());
    await Promise.all(
      Array.from({ length: 13 }, async (_, n) => {
        const start = 2 * n * BLOCK;
        expectBytes(await one.read(start, start + 1000), film.subarray(start, start + 1000));
      }),
    );
    await one.done();
    expect(most).toBe(6);
  });
});
