import { describe, expect, test } from 'vitest';
import { concat } from '../../src/core/bytes.ts';
import { cutAfter, file, type Handler, patternBytes } from '../helpers/upstream.ts';
import { expectBytes, failure, httpClient, QUICK, read, upstream } from './http-fixture.ts';

const bytes = patternBytes(300_000);
const other = patternBytes(300_000, 2);

async function sourceOf(handler: Handler, timeouts = QUICK) {
  const server = await upstream(handler);
  return { server, source: httpClient({ timeouts }).source({ url: server.url, headers: {} }) };
}

/** Answers the requests by these handlers in turn, the last one for all that follow. */
function inTurn(...handlers: Handler[]): Handler {
  let turn = 0;
  return (request, response, seen) =>
    handlers[Math.min(turn++, handlers.length - 1)]?.(request, response, seen);
}

const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(code, headers).end();
  };
const reset: Handler = (request) => request.socket.destroy();
const silent: Handler = () => {};

describe('a broken transfer', () => {
  test('goes on at the exact byte, as often as there is progress', async () => {
    const { server, source } = await sourceOf(cutAfter(bytes, 30_000, { etag: '"v1"' }));
    expectBytes(await read(source, 7, 250_007), bytes.subarray(7, 250_007));
    expect(server.ranges().slice(0, 3)).toEqual([
      'bytes=7-250006',
      'bytes=30007-250006',
      'bytes=60007-250006',
    ]);
    expect(server.requests.length).toBe(9);
  });

  test('a body that ends early without an error goes on too', async () => {
    const { source } = await sourceOf(
      inTurn((_request, response) => {
        response.writeHead(206, { 'content-range': 'bytes 0-999/300000' }); // chunked
        response.end(bytes.subarray(0, 500));
      }, file(bytes)),
    );
    expectBytes(await read(source, 0, 1000), bytes.subarray(0, 1000));
  });

  test.each([
    ['ETag', { etag: '"v1"' }, { etag: '"v2"' }],
    [
      'Last-Modified',
      { 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' },
      { 'last-modified': 'Tue, 02 Jan 2024 00:00:00 GMT' },
    ],
    [
      'strong ETag before Last-Modified',
      { etag: '"1"', 'last-modified': 'a' },
      { etag: '"2"', 'last-modified': 'a' },
    ],
  ])('of a file that is another one by its %s is no splice', async (_name, first, second) => {
    const { source } = await sourceOf(inTurn(cutAfter(bytes, 1000, first), file(other, { headers: second })));
    expect(await failure(read(source, 0, 5000))).toMatchObject({ code: 'changed' });
  });

  test('nor is one of another size', async () => {
    const { source } = await sourceOf(inTurn(cutAfter(bytes, 1000), file(patternBytes(300_001))));
    expect(await failure(read(source, 0, 5000))).toMatchObject({ code: 'changed' });
  });

  test('a weak ETag proves nothing either way', async () => {
    const { source } = await sourceOf(
      inTurn(cutAfter(bytes, 1000, { etag: 'W/"1"' }), file(bytes, { headers: { etag: 'W/"2"' } })),
    );
    expectBytes(await read(source, 0, 5000), bytes.subarray(0, 5000));
    expect(source.validator).toBeNull();
  });

  test('a file that changes between two reads is found out', async () => {
    const { server, source } = await sourceOf(file(bytes, { headers: { etag: '"v1"' } }));
    await read(source, 0, 10);
    server.answer(file(other, { headers: { etag: '"v2"' } }));
    expect(await failure(read(source, 10, 20))).toMatchObject({ code: 'changed' });
  });
});

describe('retries', () => {
  test.each([
    ['resets', reset],
    ['500', status(500)],
    ['503 with Retry-After', status(503, { 'retry-after': '0' })],
    ['429', status(429)],
  ])('three failures are forgiven: %s', async (_name, handler) => {
    const { server, source } = await sourceOf(inTurn(handler, handler, handler, file(bytes)));
    expectBytes(await read(source, 0, 100), bytes.subarray(0, 100));
    expect(server.requests.length).toBe(4);
  });

  test.each([
    ['resets', reset, 'upstream', undefined],
    ['502', status(502), 'upstream', 502],
    ['429', status(429, { 'retry-after': '0' }), 'rate', 429],
  ])('the fourth is not: %s', async (_name, handler, code, upstreamStatus) => {
    const { server, source } = await sourceOf(handler);
    expect(await failure(read(source, 0, 100))).toMatchObject({ code, upstreamStatus });
    expect(server.requests.length).toBe(4);
  });

  test('Retry-After is honoured, in seconds and as a date', async () => {
    const date = new Date(1_700_000_000_000);
    const later = new Date(1_700_000_001_000);
    const asDate = { date: date.toUTCString(), 'retry-after': later.toUTCString() };
    const headers: readonly Record<string, string>[] = [{ 'retry-after': '1' }, asDate];
    await Promise.all(
      headers.map(async (each) => {
        const { source } = await sourceOf(inTurn(status(503, each), file(bytes)));
        const start = performance.now();
        await read(source, 0, 1);
        expect(performance.now() - start).toBeGreaterThan(990);
      }),
    );
  });

  test('a final error carries the wait', async () => {
    const { source } = await sourceOf(status(429, { 'retry-after': '0' }));
    expect(await failure(read(source, 0, 100))).toMatchObject({ retryAfter: 0 });
  });

  test('nobody listens', async () => {
    const server = await upstream(silent);
    const source = httpClient().source({ url: server.url, headers: {} });
    await server.close();
    const error = await failure(read(source, 0, 100));
    expect(error).toMatchObject({ code: 'upstream', message: expect.stringContaining('ECONNREFUSED') });
  });

  test('a name that does not exist is not tried again', async () => {
    let lookups = 0;
    const lookup = async () => {
      lookups++;
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    const source = httpClient({ lookup }).source({ url: 'http://nowhere.example/a?token=1', headers: {} });
    const error = await failure(read(source, 0, 100));
    expect(error).toMatchObject({
      code: 'upstream',
      message: expect.stringMatching(/nowhere\.example.*ENOTFOUND/),
    });
    expect(error.message).not.toContain('token');
    expect(lookups).toBe(1);
  });
});

describe('timeouts', () => {
  const short = { connect: 100, headers: 100, body: 100, backoff: 2 };
  const stalled: Handler = (_request, response) => {
    response.writeHead(206, { 'content-range': 'bytes 0-99/100', 'content-length': '100' }).write('');
    response.flushHeaders();
  };

  test.each([
    ['no answer', silent],
    ['no body', stalled],
  ])('%s is upstream-timeout after two attempts', async (_name, handler) => {
    const { server, source } = await sourceOf(handler, short);
    const start = performance.now();
    expect(await failure(read(source, 0, 100))).toMatchObject({ code: 'upstream-timeout' });
    expect(performance.now() - start).toBeLessThan(1500);
    expect(server.requests.length).toBe(2);
  });

  test('a server that sends a little and stalls each time is not asked for ever', async () => {
    const dribbles: Handler = (request, response) => {
      const start = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(206, { 'content-range': `bytes ${start}-99999/100000` }).write(new Uint8Array(100));
    };
    const { server, source } = await sourceOf(dribbles, short);
    expect(await failure(read(source, 0, 100_000))).toMatchObject({ code: 'upstream-timeout' });
    expect(server.requests.length).toBe(2);
  });

  test('a name server that does not answer is upstream-timeout', async () => {
    const lookup = () => new Promise<never>(() => {});
    const source = httpClient({ timeouts: short, lookup }).source({
      url: 'http://slow.example/',
      headers: {},
    });
    expect(await failure(read(source, 0, 100))).toMatchObject({ code: 'upstream-timeout' });
  });

  test('a stall among other failures is upstream', async () => {
    const { source } = await sourceOf(inTurn(silent, status(500), silent), short);
    expect(await failure(read(source, 0, 100))).toMatchObject({ code: 'upstream', upstreamStatus: 500 });
  });

  test('a stall in the middle goes on at the exact byte', async () => {
    const stops: Handler = (_request, response) => {
      response.writeHead(206, { 'content-range': `bytes 0-299999/300000` }).write(bytes.subarray(0, 1234));
    };
    const { server, source } = await sourceOf(inTurn(stops, file(bytes)), short);
    expectBytes(await read(source, 0, 2000), bytes.subarray(0, 2000));
    expect(server.ranges()[1]).toBe('bytes=1234-1999');
  });

  test('a transfer that moves may take longer than any timeout, and a reader may pause longer', async () => {
    const { server, source } = await sourceOf((_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-99999/100000', 'content-length': '100000' });
      let sent = 0;
      const timer = setInterval(() => {
        response.write(bytes.subarray(sent, sent + 10_000));
        sent += 10_000;
        if (sent === 100_000) clearInterval(timer);
      }, 40);
    }, short);
    const got: Uint8Array[] = [];
    for await (const chunk of source.read({ start: 0, end: 100_000 }, new AbortController().signal)) {
      if (got.length === 0) await new Promise((resolve) => setTimeout(resolve, 150));
      got.push(chunk);
    }
    expectBytes(concat(got), bytes.subarray(0, 100_000));
    expect(server.requests.length).toBe(1);
  });

  test('a trickle that carries no media is a silence', async () => {
    const { server, source } = await sourceOf((request, response) => {
      const start = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(206, { 'content-range': `bytes ${start}-299999/300000` });
      const timer = setInterval(() => response.write(new Uint8Array(20)), 10);
      response.on('close', () => clearInterval(timer));
    }, short);
    const start = performance.now();
    expect(await failure(read(source, 0, 300_000))).toMatchObject({
      code: 'upstream-timeout',
      message: expect.stringContaining('trickle'),
    });
    expect(performance.now() - start).toBeLessThan(1000);
    expect(server.requests.length).toBe(2);
  });

  test('a server that stalls at every answer is given up in the time of one read, whichever reads meet it', async () => {
    const stalls: Handler = (request, response) => {
      const start = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(206, { 'content-range': `bytes ${start}-299999/300000` });
      response.write(bytes.subarray(start, start + 30_000));
    };
    const { server, source } = await sourceOf(stalls, short);
    expectBytes(await read(source, 0, 50_000), bytes.subarray(0, 50_000));
    expect(await failure(read(source, 50_000, 90_000))).toMatchObject({ code: 'upstream-timeout' });
    expect(server.requests.length).toBe(3);
  });

  test('reads that meet one silence together count it once', async () => {
    let isSilent = true;
    const { source } = await sourceOf((request, response, seen) => {
      if (!isSilent) file(bytes)(request, response, seen);
    }, short);
    setTimeout(() => {
      isSilent = false;
    }, 60);
    const reads = [0, 1, 2, 3, 4].map((i) => read(source, i * 1000, i * 1000 + 1000));
    for (const [i, part] of (await Promise.all(reads)).entries())
      expectBytes(part, bytes.subarray(i * 1000, i * 1000 + 1000));
  });
});

describe('in bounded time', () => {
  test('a Retry-After longer than a viewer waits is passed on at once', async () => {
    const { server, source } = await sourceOf(status(503, { 'retry-after': '60' }));
    const start = performance.now();
    expect(await failure(read(source, 0, 100))).toMatchObject({ upstreamStatus: 503, retryAfter: 60 });
    expect(performance.now() - start).toBeLessThan(500);
    expect(server.requests.length).toBe(1);
  });

  test('a server whose answers always end after a byte is given up', async () => {
    const { server, source } = await sourceOf(cutAfter(bytes, 1));
    expect(await failure(read(source, 0, 5000))).toMatchObject({ code: 'upstream' });
    expect(server.requests.length).toBe(4);
  });
});
