import { describe, expect, test } from 'vitest';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { file, type Handler, patternBytes, type SeenRequest } from '../helpers/upstream.ts';
import { expectBytes, failure, httpClient, localLookup, read, upstream } from './http-fixture.ts';

const bytes = patternBytes(300_000);
const other = patternBytes(300_000, 2);

const redirect =
  (to: string | (() => string), status = 302): Handler =>
  (_request, response) => {
    response.writeHead(status, { location: typeof to === 'string' ? to : to() }).end('moved');
  };

const SECRETS = {
  Authorization: 'Bearer secret',
  Cookie: 'session=secret',
  'Proxy-Authorization': 'Basic secret',
  'X-Api-Key': 'secret',
  'User-Agent': 'Player/1',
  Referer: 'http://page.example/',
};

const sent = ({ headers }: SeenRequest) => ({
  authorization: headers.authorization,
  cookie: headers.cookie,
  key: headers['x-api-key'],
  proxy: headers['proxy-authorization'],
  agent: headers['user-agent'],
  referer: headers.referer,
});

const everything = {
  authorization: 'Bearer secret',
  cookie: 'session=secret',
  key: 'secret',
  proxy: 'Basic secret',
  agent: 'Player/1',
  referer: 'http://page.example/',
};
const harmless = {
  authorization: undefined,
  cookie: undefined,
  key: undefined,
  proxy: undefined,
  agent: 'Player/1',
  referer: 'http://page.example/',
};

describe('redirects', () => {
  test('to this server itself are not followed, its own addresses are asked', async () => {
    const own = await upstream(file(bytes));
    const elsewhere = await upstream(file(other));
    const client = httpClient({ isOwn: ({ host }) => host === new URL(own.url).host });
    const from = await upstream(redirect(`${own.url}/file?d=loop`));
    expect(await failure(read(client.source({ url: from.url, headers: {} }), 0, 10))).toMatchObject({
      code: 'forbidden-address',
    });
    expect(own.requests).toEqual([]);
    expectBytes(await read(client.source({ url: own.url, headers: {} }), 0, 10), bytes.subarray(0, 10));
    const away = await upstream(redirect(elsewhere.url));
    expectBytes(await read(client.source({ url: away.url, headers: {} }), 0, 10), other.subarray(0, 10));
  });

  test.each([301, 302, 303, 307, 308])('%i is followed and where it leads is kept', async (status) => {
    const target = await upstream(file(bytes));
    const origin = await upstream(redirect(`${target.url}/signed?key=1`, status));
    const source = httpClient().source({ url: origin.url, headers: {} });
    expectBytes(await read(source, 0, 10), bytes.subarray(0, 10));
    expectBytes(await read(source, 10, 20), bytes.subarray(10, 20));
    expect([origin.requests.length, target.requests.length]).toEqual([1, 2]);
    expect(target.requests[0]).toMatchObject({ path: '/signed?key=1', range: 'bytes=0-9' });
  });

  test('credentials stay with the host they were given for', async () => {
    const target = await upstream(file(bytes));
    const origin = await upstream((request, response, seen) => {
      if (request.url === '/') redirect('/second')(request, response, seen);
      else redirect(target.url)(request, response, seen);
    });
    await read(httpClient().source({ url: origin.url, headers: SECRETS }), 0, 10);
    expect(origin.requests.map(sent)).toEqual([everything, everything]);
    expect(target.requests.map(sent)).toEqual([harmless]);
  });

  test('and come back with it', async () => {
    const origin = await upstream((request, response, seen) => {
      if (request.url === '/') redirect(target.url)(request, response, seen);
      else file(bytes)(request, response, seen);
    });
    const target = await upstream(redirect(`${origin.url}/end`));
    await read(httpClient().source({ url: origin.url, headers: SECRETS }), 0, 10);
    expect(origin.requests.map(sent)).toEqual([everything, everything]);
    expect(target.requests.map(sent)).toEqual([harmless]);
  });

  test('user and password in a URL become Basic authorization, and nothing else', async () => {
    const target = await upstream(file(bytes));
    const origin = await upstream(redirect(target.url));
    const url = origin.url.replace('http://', 'http://us%65r:p%C3%A4ss@');
    await read(httpClient().source({ url, headers: {} }), 0, 10);
    expect(origin.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('user:päss').toString('base64')}`,
    );
    expect(target.requests[0]?.headers.authorization).toBeUndefined();
    const given = httpClient().source({ url, headers: { AUTHORIZATION: 'Bearer mine' } });
    await read(given, 0, 10);
    expect(origin.requests[1]?.headers.authorization).toBe('Bearer mine');
  });

  test('a circle ends', async () => {
    const origin = await upstream(redirect('/again'));
    const error = await failure(read(httpClient().source({ url: origin.url, headers: {} }), 0, 10));
    expect(error).toMatchObject({ code: 'upstream', message: expect.stringContaining('10 redirects') });
    expect(origin.requests.length).toBe(11);
  });

  test.each([
    'file:///etc/passwd',
    'ftp://host/',
    'data:,x',
    'http://[bad',
  ])('to %s is refused', async (to) => {
    const origin = await upstream(redirect(to));
    const error = await failure(read(httpClient().source({ url: origin.url, headers: {} }), 0, 10));
    expect(error.code).toBe('upstream');
    expect(origin.requests.length).toBe(1);
  });

  test('a redirect without a Location is an answer without bytes', async () => {
    const origin = await upstream((_request, response) => response.writeHead(302).end());
    const error = await failure(read(httpClient().source({ url: origin.url, headers: {} }), 0, 10));
    expect(error).toMatchObject({ code: 'upstream', upstreamStatus: 302 });
  });
});

describe('a kept URL that goes stale', () => {
  test.each([401, 403, 404, 410, 500, 503])('%i resolves again, once', async (status) => {
    const target = await upstream((request, response, seen) => {
      if (request.url === '/1' && target.requests.length > 1) response.writeHead(status).end();
      else file(bytes, { headers: { etag: '"v"' } })(request, response, seen);
    });
    const origin = await upstream(redirect(() => `${target.url}/${origin.requests.length}`));
    const source = httpClient().source({ url: origin.url, headers: {} });
    await read(source, 0, 100);
    expectBytes(await read(source, 100, 200), bytes.subarray(100, 200));
    expect(target.requests.map(({ path }) => path)).toEqual(['/1', '/1', '/2']);
  });

  test('403 from the fresh URL too is the answer', async () => {
    const target = await upstream(file(bytes));
    const origin = await upstream(redirect(target.url));
    const source = httpClient().source({ url: origin.url, headers: {} });
    await read(source, 0, 100);
    target.answer((_request, response) => response.writeHead(403).end());
    expect(await failure(read(source, 100, 200))).toMatchObject({ code: 'upstream', upstreamStatus: 403 });
    expect([origin.requests.length, target.requests.length]).toEqual([2, 3]);
  });

  test('a dead mirror is left for the next one, whose size and head must be the same', async () => {
    const first = await upstream(file(bytes, { headers: { etag: '"a"' } }));
    const second = await upstream(file(bytes, { headers: { etag: '"b"' } }));
    const origin = await upstream(redirect(() => (origin.requests.length === 1 ? first.url : second.url)));
    const source = httpClient().source({ url: origin.url, headers: {} });
    await read(source, 0, 100_000);
    await first.close();
    expectBytes(await read(source, 200_000, 200_100), bytes.subarray(200_000, 200_100));
    expect(second.ranges()).toEqual(['bytes=200000-200099', 'bytes=0-65535']);
    await read(source, 200_100, 200_200); // proven once is enough
    expect(second.requests.length).toBe(3);
  });

  test.each([
    ['other bytes', file(other, { headers: { etag: '"b"' } })],
    ['another size', file(patternBytes(300_001), { headers: { etag: '"b"' } })],
  ])('a mirror with %s is a changed file', async (_name, handler) => {
    const first = await upstream(file(bytes, { headers: { etag: '"a"' } }));
    const second = await upstream(handler);
    const origin = await upstream(redirect(() => (origin.requests.length === 1 ? first.url : second.url)));
    const source = httpClient().source({ url: origin.url, headers: {} });
    await read(source, 0, 100_000);
    await first.close();
    expect(await failure(read(source, 200_000, 200_100))).toMatchObject({ code: 'changed' });
  });

  test('leaving does not forget the kept URL', async () => {
    const target = await upstream(file(patternBytes(5_000_000)));
    const origin = await upstream(redirect(target.url));
    const source = httpClient().source({ url: origin.url, headers: {} });
    await read(source, 0, 100);
    const controller = new AbortController();
    const reading = source
      .read({ start: 0, end: 5_000_000 }, controller.signal)
      [Symbol.asyncIterator]()
      .next();
    controller.abort(new Error('seek'));
    await expect(reading).rejects.toThrow('seek');
    await read(source, 100, 200);
    expect(origin.requests.length).toBe(1);
  });
});

describe('addresses', () => {
  const closed = addressPolicy({ allow: [], allowPrivate: false });

  test('a literal is refused before anything is sent', async () => {
    const server = await upstream(file(bytes));
    for (const host of ['127.0.0.1', '127.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', 'localhost']) {
      const source = httpClient({ policy: closed }).source({
        url: `http://${host}:${server.port}/`,
        headers: {},
      });
      const error = await failure(read(source, 0, 1));
      expect(error).toMatchObject({ code: 'forbidden-address', message: expect.stringContaining('--allow') });
    }
    expect(server.connections()).toBe(0);
  });

  test('a name is refused when any of its addresses is', async () => {
    const server = await upstream(file(bytes));
    let lookups = 0;
    const lookup = async () => {
      lookups++;
      return [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ];
    };
    const client = httpClient({ policy: closed, lookup });
    const source = client.source({ url: `http://evil.example:${server.port}/`, headers: {} });
    expect(await failure(read(source, 0, 1))).toMatchObject({ code: 'forbidden-address' });
    expect([lookups, server.connections()]).toEqual([1, 0]); // not retried
  });

  test('DNS rebinding: each connection checks the address it is made to', async () => {
    const server = await upstream(file(bytes, { headers: { connection: 'close' } }));
    const allowed = addressPolicy({ allow: ['127.0.0.1'], allowPrivate: false });
    const answers = ['127.0.0.1', '127.0.0.2'];
    const lookup = async () => [{ address: answers.shift() ?? '127.0.0.2', family: 4 }];
    const source = httpClient({ policy: allowed, lookup }).source({
      url: `http://rebind.example:${server.port}/`,
      headers: {},
    });
    await read(source, 0, 10);
    expect(source.access).toBe('named');
    expect(await failure(read(source, 10, 20))).toMatchObject({ code: 'forbidden-address' });
    expect(server.requests.length).toBe(1);
  });

  test('a redirect to a private address is refused, by literal and by name', async () => {
    const target = await upstream(file(bytes));
    for (const host of ['127.0.0.1', 'inside.example']) {
      const origin = await upstream(redirect(`http://${host}:${target.port}/`));
      const policy = addressPolicy({ allow: [`127.0.0.1:${origin.port}`], allowPrivate: false });
      const source = httpClient({ policy, lookup: localLookup }).source({
        url: `http://outside.example:${origin.port}/`,
        headers: {},
      });
      expect(await failure(read(source, 0, 10))).toMatchObject({ code: 'forbidden-address' });
    }
    expect(target.connections()).toBe(0);
  });

  test('access is the least public address on the way', async () => {
    const target = await upstream(file(bytes));
    const origin = await upstream(redirect(target.url));
    const policy = addressPolicy({ allow: [`127.0.0.1:${target.port}`], allowPrivate: true });
    const client = httpClient({ policy, lookup: localLookup });
    const direct = client.source({ url: `http://films.example:${target.port}/`, headers: {} });
    await read(direct, 0, 1);
    await read(direct, 1, 2);
    const redirected = client.source({ url: origin.url, headers: {} });
    await read(redirected, 0, 1);
    expect([direct.access, redirected.access]).toEqual(['named', 'private']);
  });
});

describe('what cannot be sent', () => {
  const open =
    (url: string, headers: Record<string, string> = {}) =>
    () =>
      httpClient().source({ url, headers });
  const badRequest = expect.objectContaining({ code: 'bad-request' });

  test.each([
    '',
    'film.mkv',
    '/film.mkv',
    'file:///etc/passwd',
    'ftp://a/',
    'javascript:1',
    'http://',
  ])('the URL "%s"', (url) => {
    expect(open(url)).toThrow(badRequest);
  });

  test.each([
    ['X-A', 'a\r\nHost: b'],
    ['X-A', 'a\0'],
    ['X-A', '€'],
    ['X A', 'a'],
    ['X-A\r\n', 'a'],
    ['', 'a'],
  ])('the header %j: %j', (name, value) => {
    expect(open('http://a/', { [name]: value })).toThrow(badRequest);
  });

  test('headers that Sluice decides are ignored', async () => {
    const server = await upstream(file(bytes));
    const headers = {
      Host: 'evil',
      Range: 'bytes=5-',
      'Accept-Encoding': 'gzip',
      Connection: 'close',
      TE: 'x',
      'Content-Length': '5',
    };
    await read(httpClient().source({ url: server.url, headers }), 0, 10);
    expect(server.requests[0]?.headers).toMatchObject({
      host: `127.0.0.1:${server.port}`,
      range: 'bytes=0-9',
      'accept-encoding': 'identity',
      connection: 'keep-alive',
    });
    expect(server.requests[0]?.headers).not.toHaveProperty('content-length');
  });
});
