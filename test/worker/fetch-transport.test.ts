import { afterEach, describe, expect, it } from 'vitest';
import { fetchTransport } from '../../src/sources/fetch-transport.ts';
import { httpClient } from '../../src/sources/http-client.ts';
import { HTTP_TIMEOUTS } from '../../src/sources/http-transport.ts';
import { file, type Handler, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { ANY_ADDRESS, expectBytes, failure, QUICK, read, until } from '../sources/http-fixture.ts';

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) ^ (i >> 8));

const servers: Upstream[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function served(handler: Handler): Promise<Upstream> {
  const server = await startUpstream(handler);
  servers.push(server);
  return server;
}

const SHORT = { connect: 50, headers: 100, body: 150, backoff: 2 };

function sourceOf(url: string, { headers = {}, timeouts = QUICK } = {}) {
  const all = { ...HTTP_TIMEOUTS, ...timeouts };
  const transport = fetchTransport({ policy: ANY_ADDRESS, timeouts: all });
  return httpClient({ transport, timeouts: all }).source({ url, headers });
}

describe('HTTP by fetch', () => {
  it('reads ranges, as they are, with the caller’s headers', async () => {
    const upstream = await served(file(bytes));
    const source = sourceOf(`${upstream.url}/a%2fb/%c3%a9?x=%20`, { headers: { 'x-token': '1' } });
    expectBytes(await read(source, 1000, 250_000), bytes.subarray(1000, 250_000));
    expect(source.size).toBe(bytes.length);
    const [seen] = upstream.requests;
    expect(seen?.path).toBe('/a%2fb/%c3%a9?x=%20');
    expect(seen?.headers).toMatchObject({
      range: 'bytes=1000-249999',
      // Node's fetch says so by itself, too.
      'accept-encoding': expect.stringMatching(/^identity(, identity)?$/),
      'x-token': '1',
      'user-agent': expect.stringMatching(/^Sluice/),
    });
  });

  it('follows redirects by hand, and only its own headers go elsewhere', async () => {
    const there = await served(file(bytes));
    const here = await served((_, response) =>
      response.writeHead(302, { location: `${there.url.replace('127.0.0.1', 'localhost')}/b` }).end(),
    );
    const source = sourceOf(`${here.url}/a`, { headers: { cookie: 'secret' } });
    expectBytes(await read(source, 0, 100), bytes.subarray(0, 100));
    expectBytes(await read(source, 100, 200), bytes.subarray(100, 200));
    expect([here.requests.length, there.requests.length]).toEqual([1, 2]);
    expect(there.requests[0]?.headers.cookie).toBeUndefined();
  });

  it('goes on at the byte where a connection was cut', async () => {
    const whole = file(bytes);
    const upstream = await served((request, response, seen) => {
      if (upstream.requests.length > 1) return whole(request, response, seen);
      response.writeHead(206, {
        'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}`,
        'content-length': bytes.length,
      });
      response.write(bytes.subarray(0, 70_000), () => setTimeout(() => response.destroy(), 50));
    });
    expectBytes(await read(sourceOf(`${upstream.url}/a`), 0, bytes.length), bytes);
    expect(upstream.ranges()[1]).toBe('bytes=70000-299999');
  });

  it.each<[string, Handler, RegExp]>([
    ['never answers', () => undefined, /no answer within 150 ms/],
    [
      'stops in the middle',
      (request, response) => {
        const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0]);
        response.writeHead(206, {
          'content-range': `bytes ${from}-999/1000`,
          'content-length': 1000 - from,
        });
        response.write(bytes.subarray(0, from === 0 ? 100 : 0));
        response.flushHeaders();
      },
      /stopped after \d+ bytes/,
    ],
  ])('gives up on a server that %s', async (_, handler, message) => {
    const upstream = await served(handler);
    const error = await failure(read(sourceOf(`${upstream.url}/a`, { timeouts: SHORT }), 0, 1000));
    expect({ code: error.code, message: error.message }).toEqual({
      code: 'upstream-timeout',
      message: expect.stringMatching(message),
    });
    await until(() => upstream.requests.every(({ closedAt }) => closedAt !== null));
  });

  it('ends its connection when the reader leaves, and when it aborts', async () => {
    const upstream = await served((_, response) => {
      response.writeHead(206, { 'content-range': `bytes 0-9999999/10000000`, 'content-length': 10_000_000 });
      response.write(bytes);
    });
    const source = sourceOf(`${upstream.url}/a`);
    const signal = new AbortController().signal;
    for await (const _ of source.read({ start: 0, end: 1e7 }, signal)) break;
    await until(() => upstream.requests[0]?.closedAt !== null);
    const controller = new AbortController();
    const reading = async () => {
      for await (const _ of source.read({ start: 0, end: 1e7 }, controller.signal));
    };
    const failed = reading().catch((error: unknown) => error);
    await until(() => upstream.requests.length === 2);
    controller.abort(new Error('gone'));
    expect(await failed).toEqual(new Error('gone'));
    await until(() => upstream.requests[1]?.closedAt !== null);
  });

  it('refuses encodings that were not asked for, and says what a server answered', async () => {
    const zipped = await served(file(bytes, { headers: { 'content-encoding': 'gzip' } }));
    expect((await failure(read(sourceOf(`${zipped.url}/a`), 0, 10))).message).toMatch(
      /Content-Encoding gzip/,
    );
    const missing = await served((_, response) => response.writeHead(404).end());
    expect((await failure(read(sourceOf(`${missing.url}/a`), 0, 10))).code).toBe('not-found');
    expect((await failure(read(sourceOf('http://127.0.0.1:4/a'), 0, 10))).code).toBe('upstream');
  });

  it('reads what comes without ranges', async () => {
    const upstream = await served((_, response) => response.writeHead(200).end(bytes));
    expectBytes(await read(sourceOf(`${upstream.url}/a`), 5, 500), bytes.subarray(5, 500));
  });
});
