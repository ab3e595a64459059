import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { UpstreamProxy, UpstreamRoute } from '../../src/core/upstreams.ts';
import { readUpstreams } from '../../src/settings/upstreams.ts';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../helpers/certificate.ts';
import { FORBIDDEN_ADDRESSES, forbiddenLookup, GATE, startTrap } from '../helpers/forbidden-addresses.ts';
import { type ProxyOptions, startHttpProxy, startSocksProxy, type TestProxy } from '../helpers/proxies.ts';
import { file, type Handler, patternBytes } from '../helpers/upstream.ts';
import { cleanUp, expectBytes, failure, httpClient, read, upstream } from './http-fixture.ts';

const bytes = patternBytes(300_000);
const closed = addressPolicy({ allow: [], allowPrivate: false });

const NOTHING_ELSE = { proxyUrl: null, proxiesAll: false, routes: null, verifiesTls: true };

/** As a file says them. */
const routes = (entries: readonly unknown[]): readonly UpstreamRoute[] =>
  readUpstreams({ file: { name: 'test', text: JSON.stringify(entries) }, transport: NOTHING_ELSE });

/** The proxy's URL, with credentials that are in need of percent-encoding. */
const through = (kind: UpstreamProxy['kind'], { port }: TestProxy, userinfo = ''): string =>
  `${kind}://${userinfo}127.0.0.1:${port}`;

async function proxyOf(kind: UpstreamProxy['kind'], options: ProxyOptions = {}): Promise<TestProxy> {
  const isSocks = kind === 'socks5' || kind === 'socks5h';
  const tls = kind === 'https' ? ({ tls: true } as const) : {};
  const proxy = await (isSocks ? startSocksProxy(options) : startHttpProxy({ ...options, ...tls }));
  cleanUp(() => proxy.close());
  return proxy;
}

/** An https server on 127.0.0.1 that shows the test's certificate. */
async function secureUpstream(handler: Handler): Promise<{ readonly port: number }> {
  const seen = { method: '', path: '', headers: {}, range: undefined, closedAt: null, sent: 0 };
  const server = createServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (request, response) =>
    handler(request, response, seen),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port };
}

/** An address that nobody here can reach, but that the proxies of the tests lead elsewhere. */
const publicLookup = async () => [{ address: '93.184.216.34', family: 4 }];

const KINDS = ['http', 'https', 'socks5', 'socks5h'] as const;

/** Kind of the proxy, scheme of the upstream, and what the proxy is asked for. */
const WAYS: readonly (readonly [UpstreamProxy['kind'], 'http' | 'https', string])[] = [
  ['http', 'http', 'GET http://secure.example:*/film?a=%41'],
  ['http', 'https', 'CONNECT secure.example:*'],
  ['https', 'http', 'GET http://secure.example:*/film?a=%41'],
  ['https', 'https', 'CONNECT secure.example:*'],
  ['socks5', 'http', 'socks address 93.184.216.34:*'],
  ['socks5', 'https', 'socks address 93.184.216.34:*'],
  ['socks5h', 'http', 'socks name secure.example:*'],
  ['socks5h', 'https', 'socks name secure.example:*'],
];

describe.each([
  ['without credentials', undefined, ''],
  ['with credentials', 'us er:p@ss:wörd', 'us%20er:p%40ss%3Aw%C3%B6rd@'],
])('%s', (_, credentials, userinfo) => {
  test.each(WAYS)('%s proxy, %s upstream', async (kind, scheme, asked) => {
    const proxy = await proxyOf(kind, credentials === undefined ? {} : { credentials });
    const server = await (scheme === 'http' ? upstream(file(bytes)) : secureUpstream(file(bytes)));
    const client = httpClient({
      policy: closed,
      lookup: publicLookup,
      authorities: [TEST_CERTIFICATE],
      routes: routes([{ match: 'secure.example', proxy: through(kind, proxy, userinfo) }]),
    });
    const url = `${scheme}://secure.example:${server.port}/film?a=%41`;
    const source = client.source({ url, headers: { 'Proxy-Authorization': 'Basic of-the-caller' } });
    expectBytes(await read(source, 0, 100_000), bytes.subarray(0, 100_000));
    expectBytes(await read(source, 200_000, 300_000), bytes.subarray(200_000));
    const expected = asked.replace('*', String(server.port));
    expect(new Set(proxy.asked)).toEqual(new Set([expected]));
    expect(proxy.heads.join('')).not.toContain('of-the-caller');
    expect(proxy.connections()).toBe(1); // which serves both reads
  });
});

describe('what a proxy is told', () => {
  test('an IPv6 address as its bytes', async () => {
    const proxy = await proxyOf('socks5');
    const server = await upstream(file(bytes));
    const client = httpClient({
      policy: closed,
      routes: routes([{ match: '*', proxy: through('socks5', proxy) }]),
    });
    const source = client.source({ url: `http://[2606:4700::12:ffff]:${server.port}/`, headers: {} });
    expectBytes(await read(source, 0, 10), bytes.subarray(0, 10));
    expect(proxy.asked).toEqual([`socks address 38.6.71.0.0.0.0.0.0.0.0.0.0.18.255.255:${server.port}`]);
  });

  test('IPv4 rather than IPv6', async () => {
    const proxy = await proxyOf('socks5');
    const server = await upstream(file(bytes));
    const client = httpClient({
      policy: closed,
      lookup: async () => [{ address: '2606:4700::1', family: 6 }, ...(await publicLookup())],
      routes: routes([{ match: '*', proxy: through('socks5', proxy) }]),
    });
    await read(client.source({ url: `http://film.example:${server.port}/`, headers: {} }), 0, 10);
    expect(proxy.asked).toEqual([`socks address 93.184.216.34:${server.port}`]);
  });

  test.each(KINDS)('%s: nothing of what is forbidden', async (kind) => {
    const proxy = await proxyOf(kind);
    const trap = await startTrap();
    cleanUp(() => trap.close());
    const client = httpClient({
      policy: addressPolicy({ allow: [GATE], allowPrivate: false }),
      lookup: forbiddenLookup(),
      authorities: [TEST_CERTIFICATE],
      routes: routes([
        { match: GATE, proxy: 'direct' },
        { match: '*', proxy: through(kind, proxy) },
      ]),
    });
    // Where the proxy resolves names, those that say nothing are its own to refuse.
    const silent =
      /(7f000001\.nip|loopback|mapped|nat64|zone|unspecified|home|of-two|gate-and|rebinding).*\.example/;
    const rows = FORBIDDEN_ADDRESSES.filter(
      ({ url, needs }) =>
        (kind === 'socks5' || !silent.test(decodeURIComponent(url(1)))) && needs !== 'rebinding',
    );
    expect(rows.length).toBeGreaterThan(80);
    for (const { name, url } of rows) {
      const error = await failure(read(client.source({ url: url(trap.port), headers: {} }), 0, 10));
      expect({ name, code: error.code }).toEqual({ name, code: 'forbidden-address' });
    }
    expect([proxy.connections(), trap.connections()]).toEqual([0, 0]);
  });

  test('no answer of a name changes where the proxy connects to', async () => {
    const proxy = await proxyOf('socks5');
    const server = await upstream(file(bytes, { headers: { connection: 'close' } }));
    const answers = ['93.184.216.34', '127.0.0.1'];
    const client = httpClient({
      policy: closed,
      lookup: async () => [{ address: answers.shift() ?? '127.0.0.1', family: 4 }],
      routes: routes([{ match: '*', proxy: through('socks5', proxy) }]),
    });
    const source = client.source({ url: `http://film.example:${server.port}/`, headers: {} });
    await read(source, 0, 10);
    expect((await failure(read(source, 10, 20))).code).toBe('forbidden-address');
    expect(proxy.asked).toEqual([`socks address 93.184.216.34:${server.port}`]);
  });
});

/** More than a proxy may say before there is a tunnel. */
const ENDLESS = 'a'.repeat(20_000);

describe('a proxy that does not help', () => {
  /** Kind, scheme of the upstream, what the proxy does, what the error says, and how often it is asked. */
  const ROWS: readonly (readonly [UpstreamProxy['kind'], 'http' | 'https', ProxyOptions, RegExp, number])[] =
    [
      ['http', 'http', { credentials: 'a:b' }, /wants a user and password/, 1],
      ['http', 'https', { credentials: 'a:b' }, /wants a user and password/, 1],
      ['https', 'http', { credentials: 'a:b' }, /wants a user and password/, 1],
      ['socks5h', 'http', { credentials: 'a:b' }, /wants a user and password/, 1],
      ['socks5h', 'https', { credentials: 'a:b' }, /wants a user and password/, 1],
      ['http', 'https', { refusal: 403 }, /refused the way \(403\)/, 1],
      ['http', 'https', { refusal: 502 }, /found no way \(502\)/, 4],
      ['http', 'http', { refusal: 502 }, /answered 502/, 4],
      ['socks5', 'http', { refusal: 2 }, /not allowed by its rules/, 1],
      ['socks5', 'http', { refusal: 4 }, /host unreachable/, 4],
      ['socks5', 'http', { refusal: 99 }, /reply 99/, 1],
      ['socks5', 'http', { nonsense: 'HTTP/1.1 400 What\r\n\r\n' }, /does not speak SOCKS 5/, 1],
      ['http', 'https', { nonsense: '\x05\xff\r\n\r\n' }, /does not speak HTTP/, 1],
      ['http', 'https', { nonsense: ENDLESS }, /answers without end/, 1],
    ];
  test.each(ROWS)('%s proxy, %s upstream, %o: %s', async (kind, scheme, options, message, attempts) => {
    const proxy = await proxyOf(kind, options);
    const client = httpClient({
      policy: closed,
      lookup: publicLookup,
      authorities: [TEST_CERTIFICATE],
      routes: routes([{ match: '*', proxy: through(kind, proxy, 'me:hush@') }]),
    });
    const url = `${scheme}://film.example/path?key=1`;
    const error = await failure(read(client.source({ url, headers: {} }), 0, 10));
    expect(error).toMatchObject({ code: 'upstream', message: expect.stringMatching(message) });
    expect(error.message).toMatch(/^film\.example/);
    expect(error.message).not.toMatch(/hush|127\.0\.0\.1|key=1/);
    expect(proxy.connections()).toBe(attempts);
  });

  test.each(KINDS)('%s: silence ends in a timeout', async (kind) => {
    const proxy = await proxyOf(kind, { nonsense: '' });
    const client = httpClient({
      policy: closed,
      lookup: publicLookup,
      authorities: [TEST_CERTIFICATE],
      timeouts: { connect: 100, headers: 100, body: 100, backoff: 1 },
      routes: routes([{ match: '*', proxy: through(kind, proxy) }]),
    });
    const source = client.source({ url: 'https://film.example/', headers: {} });
    expect((await failure(read(source, 0, 10))).code).toBe('upstream-timeout');
  });

  test.each(KINDS)('%s: one that is not there', async (kind) => {
    const proxy = await proxyOf(kind);
    await proxy.close();
    const client = httpClient({
      policy: closed,
      lookup: publicLookup,
      routes: routes([{ match: '*', proxy: through(kind, proxy) }]),
    });
    const error = await failure(read(client.source({ url: 'http://film.example/', headers: {} }), 0, 10));
    expect(error).toMatchObject({ code: 'upstream', message: expect.stringContaining('ECONNREFUSED') });
    expect(error.message).not.toContain('127.0.0.1');
  });

  test('its certificate is verified, whatever the route says of the upstream', async () => {
    const proxy = await proxyOf('https');
    const client = httpClient({
      policy: closed,
      routes: routes([{ match: '*', proxy: through('https', proxy), verifyTls: false }]),
    });
    const error = await failure(read(client.source({ url: 'http://film.example/', headers: {} }), 0, 10));
    expect(error.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(proxy.asked).toEqual([]);
  });

  test('nothing is printed about experiments', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on('warning', onWarning);
    cleanUp(async () => void process.off('warning', onWarning));
    for (const kind of KINDS) {
      const proxy = await proxyOf(kind);
      const server = await upstream(file(bytes));
      const client = httpClient({
        policy: closed,
        lookup: publicLookup,
        authorities: [TEST_CERTIFICATE],
        routes: routes([{ match: '*', proxy: through(kind, proxy) }]),
      });
      await read(client.source({ url: `http://film.example:${server.port}/`, headers: {} }), 0, 10);
    }
    expect(warnings).toEqual([]);
  });
});

describe('certificates of upstreams', () => {
  const open = addressPolicy({ allow: ['127.0.0.1'], allowPrivate: false });
  const here = async () => [{ address: '127.0.0.1', family: 4 }];

  /** Host, entries of the file, whether the test's authority is trusted, and what comes of it. */
  const ROWS: readonly (readonly [string, readonly unknown[], 'trusted' | 'unknown', string | null])[] = [
    ['secure.example', [], 'trusted', null],
    ['127.0.0.1', [], 'trusted', null],
    ['secure.example', [], 'unknown', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['other.example', [], 'trusted', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['other.example', [{ match: 'other.example', verifyTls: false }], 'unknown', null],
    ['a.other.example', [{ match: '*.other.example', verifyTls: false }], 'unknown', null],
    [
      'other.example',
      [{ match: '*.other.example', verifyTls: false }],
      'unknown',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ],
    [
      'secure.example',
      [{ match: 'other.example', verifyTls: false }],
      'unknown',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ],
    [
      'other.example',
      [{ match: 'https://other.example/elsewhere/*', verifyTls: false }],
      'unknown',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ],
  ];
  test.each(ROWS)('%s with %j, authority %s: %s', async (host, entries, authority, refusal) => {
    const server = await secureUpstream(file(bytes));
    const client = httpClient({
      policy: open,
      lookup: here,
      ...(authority === 'trusted' ? { authorities: [TEST_CERTIFICATE] } : {}),
      routes: routes(entries),
    });
    const got = read(client.source({ url: `https://${host}:${server.port}/`, headers: {} }), 0, 10);
    if (refusal === null) expectBytes(await got, bytes.subarray(0, 10));
    else expect((await failure(got)).message).toContain(refusal);
  });

  test('a connection that was not verified is not used for what must be', async () => {
    const server = await secureUpstream(file(bytes));
    const client = httpClient({
      policy: open,
      lookup: here,
      routes: routes([{ match: 'https://other.example/loose/*', verifyTls: false }]),
    });
    const origin = `https://other.example:${server.port}`;
    await read(client.source({ url: `${origin}/loose/a`, headers: {} }), 0, 10);
    const error = await failure(read(client.source({ url: `${origin}/strict`, headers: {} }), 0, 10));
    expect(error.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test.each(['http', 'socks5h'] as const)('behind a tunnel of %s', async (kind) => {
    const proxy = await proxyOf(kind);
    const server = await secureUpstream(file(bytes));
    const answerOf = (entry: object) => {
      const client = httpClient({
        policy: closed,
        routes: routes([{ match: '*', proxy: through(kind, proxy), ...entry }]),
      });
      return read(client.source({ url: `https://other.example:${server.port}/`, headers: {} }), 0, 10);
    };
    expect((await failure(answerOf({}))).message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expectBytes(await answerOf({ verifyTls: false }), bytes.subarray(0, 10));
  });
});
