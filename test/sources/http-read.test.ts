import { describe, expect, test } from 'vitest';
import { askedRange, cutAfter, file, type Handler, patternBytes } from '../helpers/upstream.ts';
import { expectBytes, failure, httpClient, NEVER, read, until, upstream } from './http-fixture.ts';

const bytes = patternBytes(300_000);

async function sourceOf(handler: Handler, headers: Record<string, string> = {}) {
  const server = await upstream(handler);
  return { server, source: httpClient().source({ url: `${server.url}/film.mkv`, headers }) };
}

describe('reading ranges', () => {
  test('the first request is a GET with Range and identity, and tells the size', async () => {
    const { server, source } = await sourceOf(file(bytes, { headers: { etag: '"v1"' } }));
    expect([source.size, source.access, source.validator]).toEqual([null, null, null]);
    expect(await read(source, 10, 1000)).toEqual(bytes.subarray(10, 1000));
    expect([source.size, source.access, source.validator]).toEqual([300_000, 'private', '"v1"']);
    expect(server.requests).toMatchObject([
      {
        method: 'GET',
        range: 'bytes=10-999',
        headers: { 'accept-encoding': 'identity', 'user-agent': 'Sluice/0.1' },
      },
    ]);
  });

  test('path and query are sent as they were given', async () => {
    const server = await upstream(file(bytes));
    const source = httpClient().source({ url: `${server.url}/a%2Fb%20c/%E4?x=%41&y=a+b#part`, headers: {} });
    await read(source, 0, 1);
    expect(server.requests[0]?.path).toBe('/a%2Fb%20c/%E4?x=%41&y=a+b');
  });

  test('a range ends at the end of the resource; one behind it is empty and costs nothing once the size is known', async () => {
    const { server, source } = await sourceOf(file(bytes));
    expect(await read(source, 299_990, Number.POSITIVE_INFINITY)).toEqual(bytes.subarray(299_990));
    expect(await read(source, 299_999, 400_000)).toEqual(bytes.subarray(299_999));
    expect(await read(source, 300_000, 300_001)).toEqual(new Uint8Array(0));
    expect(server.ranges()).toEqual(['bytes=299990-', 'bytes=299999-299999']);
  });

  test('416 with a total gives the size and no bytes', async () => {
    const { source } = await sourceOf(file(bytes));
    expect(await read(source, 500_000, 500_001)).toEqual(new Uint8Array(0));
    expect(source.size).toBe(300_000);
  });

  test('a server that refuses ranges past the end is asked again within it', async () => {
    const { server, source } = await sourceOf((request, response, seen) => {
      if (seen.range === 'bytes=0-999999')
        response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      else file(bytes)(request, response, seen);
    });
    expectBytes(await read(source, 0, 1_000_000), bytes);
    expect(server.ranges()).toEqual(['bytes=0-999999', 'bytes=0-299999']);
  });

  test('416 for a range that lies inside is an error, not a loop', async () => {
    const { source } = await sourceOf((_request, response) => {
      response.writeHead(416, { 'content-range': 'bytes */1000' }).end();
    });
    expect(await failure(read(source, 0, 10))).toMatchObject({ code: 'upstream', upstreamStatus: 416 });
  });

  test('an empty resource', async () => {
    const { source } = await sourceOf(file(new Uint8Array(0)));
    expect(await read(source, 0, 10)).toEqual(new Uint8Array(0));
    expect(source.size).toBe(0);
  });

  test('a total of * is learnt with one more request, or from a body that ends early', async () => {
    const asked = await sourceOf(file(bytes, { total: '*' }));
    await read(asked.source, 0, 100);
    expect(asked.source.size).toBe(300_000);
    expect(asked.server.ranges()).toEqual(['bytes=0-99', 'bytes=-1']);
    const cut = await sourceOf(file(bytes, { total: '*' }));
    expect((await read(cut.source, 0, 500_000)).length).toBe(300_000);
    expect([cut.source.size, cut.server.requests.length]).toEqual([300_000, 1]);
  });

  test('a total of * that stays unknown does no harm', async () => {
    const { server, source } = await sourceOf((request, response, seen) => {
      if (seen.range === 'bytes=-1') response.writeHead(500).end();
      else file(bytes, { total: '*' })(request, response, seen);
    });
    expect(await read(source, 0, 100)).toEqual(bytes.subarray(0, 100));
    expect(await read(source, 100, 200)).toEqual(bytes.subarray(100, 200));
    expect([source.size, server.requests.length]).toEqual([null, 3]);
  });

  test('a server that gives less than asked is asked for the rest', async () => {
    const { server, source } = await sourceOf((request, response) => {
      const asked = askedRange(request.headers.range, bytes.length);
      if (asked === null || asked === 'beyond') return;
      const end = Math.min(asked.end, asked.start + 100_000);
      response.writeHead(206, { 'content-range': `bytes ${asked.start}-${end - 1}/${bytes.length}` });
      response.end(bytes.subarray(asked.start, end));
    });
    expectBytes(await read(source, 0, 300_000), bytes);
    expect(server.ranges()).toEqual(['bytes=0-299999', 'bytes=100000-299999', 'bytes=200000-299999']);
  });

  test.each([
    ['none', {}],
    ['another start', { 'content-range': 'bytes 1-10/300000' }],
    ['nonsense', { 'content-range': 'bytes 10-5/300000' }],
    ['past its total', { 'content-range': 'bytes 0-10/5' }],
  ])('a 206 whose Content-Range is wrong is refused: %s', async (_name, headers) => {
    const { server, source } = await sourceOf((_request, response) => {
      response.writeHead(206, headers).end('0123456789');
    });
    expect(await failure(read(source, 0, 10))).toMatchObject({ code: 'upstream', upstreamStatus: 206 });
    expect(server.requests.length).toBe(1);
  });

  test('an encoded body is refused', async () => {
    const { source } = await sourceOf(file(bytes, { headers: { 'content-encoding': 'gzip' } }));
    const error = await failure(read(source, 0, 10));
    expect(error).toMatchObject({ code: 'upstream', message: expect.stringContaining('gzip') });
  });

  test.each([
    [401, 'upstream'],
    [403, 'upstream'],
    [404, 'not-found'],
    [410, 'not-found'],
    [418, 'upstream'],
    [204, 'upstream'],
    [304, 'upstream'],
    [300, 'upstream'],
  ])('%i is not retried and becomes %s', async (status, code) => {
    const { server, source } = await sourceOf((_request, response) => {
      response.writeHead(status).end();
    });
    const error = await failure(read(source, 0, 10));
    expect(error).toMatchObject({ code, upstreamStatus: status });
    expect(error.message).not.toContain('film');
    expect(server.requests.length).toBe(1);
  });

  test('bytes after the range are not delivered', async () => {
    const { source } = await sourceOf((_request, response) => {
      response.writeHead(206, { 'content-range': `bytes 0-299999/300000` }).end(bytes);
    });
    expectBytes(await read(source, 0, 70_000), bytes.subarray(0, 70_000));
  });
});

describe('leaving', () => {
  const large = patternBytes(20_000_000);

  test('returning early closes the request within a second', async () => {
    const { server, source } = await sourceOf(file(large));
    for await (const chunk of source.read({ start: 0, end: large.length }, NEVER)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await until(() => server.requests[0]?.closedAt !== null);
  });

  test('aborting rejects with the reason and closes the request, at any moment', async () => {
    const silent: Handler = () => {};
    const stalled: Handler = (_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-99/100', 'content-length': '100' }).write('x');
    };
    for (const handler of [silent, stalled, file(large)]) {
      const { server, source } = await sourceOf(handler);
      const controller = new AbortController();
      const reason = new Error('the viewer left');
      const reading = (async () => {
        for await (const _ of source.read({ start: 0, end: large.length }, controller.signal))
          await new Promise((resolve) => setTimeout(resolve, 20));
      })();
      setTimeout(() => controller.abort(reason), 60);
      await expect(reading).rejects.toBe(reason);
      await until(() => server.requests.every((request) => request.closedAt !== null));
      expect(server.requests.length).toBe(1);
    }
  });

  test('a signal that is aborted already sends nothing', async () => {
    const { server, source } = await sourceOf(file(bytes));
    const reading = source.read({ start: 0, end: 1 }, AbortSignal.abort(new Error('no')));
    await expect(reading[Symbol.asyncIterator]().next()).rejects.toThrow('no');
    expect(server.requests.length).toBe(0);
  });

  test('a short rest is drained and the connection used again', async () => {
    const { server, source } = await sourceOf(file(bytes));
    for (let i = 0; i < 5; i++) {
      for await (const _ of source.read({ start: i, end: i + 40_000 }, NEVER)) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(server.connections()).toBe(1);
  });

  test('a slow reader holds the upstream back instead of memory', async () => {
    let sent = 0;
    const { source } = await sourceOf((_request, response) => {
      response.writeHead(206, { 'content-range': `bytes 0-${large.length - 1}/${large.length}` });
      const send = () => {
        while (sent < large.length) {
          const more = response.write(large.subarray(sent, sent + 65_536));
          sent += 65_536;
          if (!more) return response.once('drain', send);
        }
        return response.end();
      };
      send();
    });
    const reader = source.read({ start: 0, end: large.length }, NEVER)[Symbol.asyncIterator]();
    await reader.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sent).toBeLessThan(15_000_000); // socket buffers of the system, not ours
    let length = 0;
    for (let next = await reader.next(); !next.done; next = await reader.next()) length += next.value.length;
    expect(length).toBeGreaterThan(large.length - 65_537);
  });

  test('no listener stays on the signal', async () => {
    const server = await upstream(cutAfter(bytes, 100_000));
    const source = httpClient().source({ url: server.url, headers: {} });
    const { signal } = new AbortController();
    const listening = new Set<unknown>();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listening.add(args[1]);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listening.delete(args[1]);
      remove(...args);
    };
    let length = 0;
    for await (const chunk of source.read({ start: 0, end: 300_000 }, signal)) length += chunk.length;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(length).toBe(300_000);
    expect(listening.size).toBe(0);
  });
});
