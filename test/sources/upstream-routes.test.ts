import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { UpstreamRoute } from '../../src/core/upstreams.ts';
import { readUpstreams } from '../../src/settings/upstreams.ts';
import { findWay } from '../../src/sources/upstream-routes.ts';
import { file, type Handler, patternBytes, type Upstream } from '../helpers/upstream.ts';
import {
  expectBytes,
  failure,
  httpClient,
  localLookup,
  NEVER,
  read,
  until,
  upstream,
} from './http-fixture.ts';

const bytes = patternBytes(300_000);

const routes = (entries: readonly unknown[]): readonly UpstreamRoute[] =>
  readUpstreams({
    file: { name: 'test', text: JSON.stringify(entries) },
    transport: { proxyUrl: null, proxiesAll: false, routes: null, verifiesTls: true },
  });

describe('a route is for', () => {
  const ROWS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['*', ['http://a.example/', 'https://[2606:4700::1]:8443/x'], []],
    ['example.org', ['http://example.org/', 'https://EXAMPLE.org.:8443/x'], ['http://www.example.org/']],
    ['*.example.org', ['http://a.b.example.org/'], ['http://example.org/', 'http://badexample.org/']],
    ['*example.org', ['http://a.example.org/', 'http://example.org/'], ['http://badexample.org/']],
    ['example.org:8443', ['https://example.org:8443/'], ['https://example.org/']],
    ['example.org:443', ['https://example.org/', 'https://example.org:443/'], ['http://example.org/']],
    ['*:8080', ['http://a.example:8080/'], ['http://a.example/']],
    ['https://*', ['https://a.example/'], ['http://a.example/']],
    ['http://*', ['http://a.example/'], ['https://a.example/']],
    [
      'https://example.org',
      ['https://example.org/a?b', 'https://example.org:8443/'],
      ['http://example.org/'],
    ],
    ['https://example.org/', ['https://example.org/a'], []],
    [
      'https://example.org/path/*',
      ['https://example.org/path/', 'https://example.org/path/a/b?c=d', 'https://example.org/x/../path/a'],
      ['https://example.org/path', 'https://example.org/other?/path/', 'https://example.org/path/../a'],
    ],
    [
      'example.org/*.mkv',
      ['http://example.org/a/b.mkv'],
      ['http://example.org/a.mkv.mp4', 'http://example.org/amkv'],
    ],
    ['example.org/a b*', ['http://example.org/a%20b.mkv'], []],
    ['bücher.example', ['http://xn--bcher-kva.example/', 'http://BÜCHER.example/'], []],
    ['93.184.216.34', ['http://1572395042/'], ['http://93.184.216.35/']],
    ['[2606:4700::1]:8443', ['https://[2606:4700:0::1]:8443/'], ['https://[2606:4700::1]/']],
  ];
  test.each(ROWS)('%s', (match, fits, others) => {
    const [route] = routes([{ match: match.replace(' ', '%20') }]);
    const wayOf = findWay(route ? [route] : []);
    const fitting = (url: string) => wayOf(new URL(url)).name === '0';
    expect(fits.filter((url) => !fitting(url))).toEqual([]);
    expect(others.filter(fitting)).toEqual([]);
  });

  test('the first that matches is all that holds', () => {
    const wayOf = findWay(
      routes([
        { match: 'a.example', userAgent: 'first' },
        { match: '*.example', userAgent: 'second', concurrency: 2 },
        { match: 'a.example', verifyTls: false },
      ]),
    );
    expect(wayOf(new URL('http://a.example/'))).toMatchObject({
      headers: { 'user-agent': 'first' },
      verifyTls: true,
      concurrency: null,
    });
    expect(wayOf(new URL('http://b.example/'))).toMatchObject({
      headers: { 'user-agent': 'second' },
      concurrency: 2,
    });
    expect(wayOf(new URL('http://c.other/'))).toMatchObject({ headers: {}, proxy: null, verifyTls: true });
  });
});

describe('headers', () => {
  /** What a server at 127.0.0.1 got, by the name that it was asked under. */
  const ask = async (
    server: Upstream,
    entries: readonly unknown[],
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const client = httpClient({ lookup: localLookup, routes: routes(entries), userAgent: 'Default/1' });
    await read(client.source({ url: `http://film.example:${server.port}/a`, headers }), 0, 10);
    return server.requests.map((seen) => ({
      host: seen.headers.host?.split(':')[0],
      agent: seen.headers['user-agent'],
      referer: seen.headers.referer,
      accept: seen.headers.accept,
      key: seen.headers['x-key'],
    }));
  };
  const plain = {
    host: 'film.example',
    agent: 'Default/1',
    referer: undefined,
    accept: '*/*',
    key: undefined,
  };
  const entry = {
    match: 'film.example',
    headers: { Referer: 'https://page.example/', 'X-Key': 'k', Accept: 'video/*' },
    userAgent: 'Route/1',
  };

  test('of a route go to what it matches', async () => {
    const server = await upstream(file(bytes));
    expect(await ask(server, [entry])).toEqual([
      { ...plain, agent: 'Route/1', referer: 'https://page.example/', accept: 'video/*', key: 'k' },
    ]);
  });

  test('of a route go nowhere else', async () => {
    const server = await upstream(file(bytes));
    expect(await ask(server, [{ ...entry, match: 'other.example' }])).toEqual([plain]);
  });

  test('of the request win', async () => {
    const server = await upstream(file(bytes));
    const own = { 'user-agent': 'Player/1', REFERER: 'https://own.example/', 'x-key': 'mine' };
    expect(await ask(server, [entry], own)).toEqual([
      { ...plain, agent: 'Player/1', referer: 'https://own.example/', accept: 'video/*', key: 'mine' },
    ]);
  });

  test('do not follow redirects: each host has its own', async () => {
    const elsewhere: Handler = (request, response, seen) => {
      if (request.url !== '/a') return file(bytes)(request, response, seen);
      response.writeHead(302, { location: `http://cdn.example:${server.port}/b` }).end();
    };
    const server: Upstream = await upstream(elsewhere);
    const cdn = { match: 'cdn.example', headers: { 'X-Key': 'of the CDN' } };
    const [first, second] = await ask(server, [entry, cdn]);
    expect(first).toMatchObject({ host: 'film.example', key: 'k', agent: 'Route/1' });
    expect(second).toEqual({ ...plain, host: 'cdn.example', key: 'of the CDN' });
  });
});

describe('requests at the same time', () => {
  /** A server that answers nobody until it is told to. */
  async function heldUpstream() {
    const held: (() => void)[] = [];
    const now = { count: 0, most: 0 };
    const handler: Handler = (request, response: ServerResponse, seen) => {
      now.count++;
      now.most = Math.max(now.most, now.count);
      response.on('close', () => now.count--);
      held.push(() => file(bytes)(request, response, seen));
    };
    const server = await upstream(handler);
    return { server, held, now };
  }

  const LIMITED = [{ match: '*.example', concurrency: 2 }];
  const PATIENT = { connect: 5000, headers: 5000, body: 5000, backoff: 2 };

  test('are as many as the route says, the others follow in order', async () => {
    const { server, held, now } = await heldUpstream();
    const client = httpClient({ lookup: localLookup, routes: routes(LIMITED), timeouts: PATIENT });
    const reads = Array.from({ length: 8 }, (_, i) =>
      read(client.source({ url: `http://film.example:${server.port}/${i}`, headers: {} }), i, i + 10),
    );
    for (let sent = 2; sent <= 8; sent++) {
      await until(() => server.requests.length === sent);
      held.shift()?.();
    }
    held.shift()?.();
    for (const [i, got] of (await Promise.all(reads)).entries()) expectBytes(got, bytes.subarray(i, i + 10));
    expect(server.requests.map(({ path }) => path)).toEqual(['/0', '/1', '/2', '/3', '/4', '/5', '/6', '/7']);
    expect(now.most).toBe(2);
  });

  test('are counted by host, and not where no route says so', async () => {
    const { server, held } = await heldUpstream();
    const client = httpClient({ lookup: localLookup, routes: routes(LIMITED), timeouts: PATIENT });
    const hosts = ['a.example', 'a.example', 'b.example', 'b.example', '127.0.0.1', '127.0.0.1', '127.0.0.1'];
    const reads = hosts.map((host) =>
      read(client.source({ url: `http://${host}:${server.port}/`, headers: {} }), 0, 10),
    );
    await until(() => held.length === hosts.length);
    for (const answer of held.splice(0)) answer();
    await Promise.all(reads);
  });

  test('wait without a timeout of their own running, and leave when they are aborted', async () => {
    const { server, held } = await heldUpstream();
    const timeouts = { ...PATIENT, headers: 150 };
    const client = httpClient({
      lookup: localLookup,
      routes: routes([{ match: '*', concurrency: 1 }]),
      timeouts,
    });
    const get = (path: string, signal = NEVER) =>
      client.relay(
        { url: `http://film.example:${server.port}/${path}`, headers: {} },
        { method: 'get', range: null, conditions: {} },
        signal,
      );
    const first = get('first');
    await until(() => held.length === 1);
    held.shift()?.();
    const answer = await first; // its body is not read: the turn goes on
    const leaver = new AbortController();
    const left = get('left', leaver.signal);
    const second = get('second');
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await new Promise((resolve) => setTimeout(resolve, 300)); // twice as long as an answer may take
    expect(server.requests.map(({ path }) => path)).toEqual(['/first']);
    answer.close();
    await until(() => held.length === 1);
    held.shift()?.();
    expect((await second).status).toBe(200);
    expect(server.requests.map(({ path }) => path)).toEqual(['/first', '/second']);
  });

  test('give their turn back however they end', async () => {
    const cut: Handler = (_request, response) => response.destroy();
    const silent: Handler = () => {};
    const short: Handler = (_request, response) => {
      response.writeHead(206, { 'content-length': 1000, 'content-range': 'bytes 0-999/1000' }).write('a');
      setTimeout(() => response.destroy(), 5);
    };
    const missing: Handler = (_request, response) => response.writeHead(404).end();
    const server = await upstream(file(bytes));
    const client = httpClient({
      lookup: localLookup,
      routes: routes([{ match: '*', concurrency: 1 }]),
      timeouts: { connect: 500, headers: 50, body: 50, backoff: 1 },
    });
    const get = () => read(client.source({ url: `http://film.example:${server.port}/`, headers: {} }), 0, 10);
    for (const handler of [cut, silent, short, missing]) {
      server.answer(handler);
      await failure(get());
      server.answer(file(bytes));
      expectBytes(await get(), bytes.subarray(0, 10));
    }
    const gone = httpClient({
      routes: routes([{ match: '*', concurrency: 1 }]),
      lookup: async () => {
        throw Object.assign(new Error('no'), { code: 'ENOTFOUND' });
      },
    });
    for (let i = 0; i < 3; i++)
      await failure(read(gone.source({ url: 'http://film.example/', headers: {} }), 0, 10));
  });

  test('give their turn back when they are aborted before they are sent', async () => {
    const server = await upstream(file(bytes));
    const client = httpClient({ lookup: localLookup, routes: routes([{ match: '*', concurrency: 1 }]) });
    const request = { url: `http://film.example:${server.port}/`, headers: {} };
    const asking = { method: 'get', range: null, conditions: {} } as const;
    const leaver = new AbortController();
    const left = client.relay(request, asking, leaver.signal);
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expectBytes(await read(client.source(request), 0, 10), bytes.subarray(0, 10));
    expect(server.requests.length).toBe(1);
  });

  test('are refused when too many wait', async () => {
    const { server } = await heldUpstream();
    const client = httpClient({
      lookup: localLookup,
      routes: routes([{ match: '*', concurrency: 1 }]),
      timeouts: PATIENT,
    });
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const get = () =>
      client.relay(
        { url: `http://film.example:${server.port}/`, headers: {} },
        { method: 'get', range: null, conditions: {} },
        controller.signal,
      );
    const waiting = Array.from({ length: 65 }, get);
    const settled = Promise.allSettled(waiting);
    expect(await failure(get())).toMatchObject({ code: 'busy', retryAfter: 2 });
    controller.abort(new Error('enough'));
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  });
});
