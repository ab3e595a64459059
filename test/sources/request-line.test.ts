import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import type { AppEnv } from '../../src/http/deps.ts';
import { readMediaRequest } from '../../src/http/media-request.ts';
import type { MediaRequest } from '../../src/proxy/token.ts';
import { file, type Handler, patternBytes } from '../helpers/upstream.ts';
import { httpClient, localLookup, read, upstream } from './http-fixture.ts';

const bytes = patternBytes(1000);
const ROOT = 'http://HOST';

/** What a URL says after its host, and what of it must stand in the request line. */
const TARGETS: readonly (readonly [given: string, target: string])[] = [
  ['', '/'],
  ['?a=1', '/?a=1'],
  ['/a%2fb%2Fc', '/a%2fb%2Fc'],
  ['/a+b%2Bc%20d', '/a+b%2Bc%20d'],
  ['/a b', '/a%20b'],
  ['/[x|y]{z}^`"<>', '/[x|y]{z}^`"<>'],
  ["/it's?q='1'", "/it's?q='1'"],
  ['/%zz/%/100%', '/%zz/%/100%'],
  ['/%e4%ff', '/%e4%ff'],
  ['/café/映画.mkv', '/caf%C3%A9/%E6%98%A0%E7%94%BB.mkv'],
  ['/caf%C3%A9', '/caf%C3%A9'],
  ['/😀', '/%F0%9F%98%80'],
  ['/x?d=1&d=2&d=http://other/?d=3', '/x?d=1&d=2&d=http://other/?d=3'],
  ['/x;v=1;w=a%3Bb/y;z', '/x;v=1;w=a%3Bb/y;z'],
  ['/x??a=b?c', '/x??a=b?c'],
  ['/x?', '/x?'],
  ['/a/../b/./c', '/a/../b/./c'],
  ['/a/%2e%2e/b', '/a/%2e%2e/b'],
  ['//a///b', '//a///b'],
  ['/a\\b', '/a\\b'],
  ['/x?sig=a/b+c==&e=%2B', '/x?sig=a/b+c==&e=%2B'],
  ['/x#part', '/x'],
  ['/a%23b', '/a%23b'],
  ['/~user/$x,y:z@w!*()', '/~user/$x,y:z@w!*()'],
  ['/a\tb\nc', '/abc'],
];

/** The request that the text of a query makes. */
async function requestOf(query: string): Promise<MediaRequest> {
  const app = new Hono<AppEnv>();
  app.get('/', (c) => c.json(readMediaRequest(c, 0)));
  const response = await app.request(`/?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as MediaRequest;
}

describe('the request line', () => {
  test.each(TARGETS)('of a URL that goes on with %j is %s', async (given, target) => {
    const server = await upstream(file(bytes));
    await read(httpClient().source({ url: `${server.url}${given}`, headers: {} }), 0, 1);
    expect(server.requests.map(({ path }) => path)).toEqual([target]);
  });

  test.each(TARGETS)('after a redirect to one that goes on with %j is %s', async (given, target) => {
    const server = await upstream(file(bytes));
    // as bytes: Node lets no others than Latin-1 characters into a header
    const location = Buffer.from(`${server.url}${given.replace(/[\t\n]/g, '')}`).toString('latin1');
    const door = await upstream((_request, response) => {
      response.writeHead(302, { location }).end();
    });
    await read(httpClient().source({ url: door.url, headers: {} }), 0, 1);
    expect(server.requests.map(({ path }) => path)).toEqual([target]);
  });

  const RELATIVE: readonly (readonly [location: string, target: string])[] = [
    ['/x%2f|y?a=[1]', '/x%2f|y?a=[1]'],
    ['z%2f|y', '/a/z%2f|y'],
    ['../z', '/z'],
    ['?b=%zz', '/a/b%7C?b=%zz'],
    ['//HOST/x%2f', '/x%2f'],
    ['\\\\HOST/x%2f', '/x%2f'],
    ['/\\HOST/x%2f', '/x%2f'],
    ['http:z', '/a/z'],
  ];
  test.each(RELATIVE)('a Location %s is understood as browsers do: %s', async (location, target) => {
    const server = await upstream((request, response, seen) => {
      if (request.url !== '/a/b%7C') return file(bytes)(request, response, seen);
      response.writeHead(302, { location: location.replace('HOST', request.headers.host ?? '') }).end();
    });
    await read(httpClient().source({ url: `${server.url}/a/b%7C`, headers: {} }), 0, 1);
    expect(server.requests.at(-1)?.path).toBe(target);
  });
});

describe('d=', () => {
  test.each(
    TARGETS.filter(([given]) => !/[\t\n]/.test(given)),
  )('percent-encoded whole keeps what goes on with %j', async (given) => {
    const url = `${ROOT}${given}`;
    expect((await requestOf(`video=0&d=${encodeURIComponent(url)}&expires=`)).url).toBe(url);
    expect((await requestOf(new URLSearchParams({ d: url }).toString())).url).toBe(url);
  });

  const PASTED: readonly (readonly [given: string, url: string])[] = [
    ['/a%2fb', '/a%2fb'],
    ['/a%20b+c', '/a%20b+c'],
    ['/%zz', '/%zz'],
    ['/%e4%ff', '/%e4%ff'],
    ['/[x|y]', '/[x|y]'],
    ['/x?e=1;s=%26', '/x?e=1;s=%26'],
    ['/x?e=%3d', '/x?e=%3d'],
    // by an encoder that spares ":" and "/": Angular's, Python's quote(safe=":/")
    ['/a%252fb?c=%26', '/a%2fb?c=&'],
    ['/a%3Fx%3D1%26y%3D2', '/a?x=1&y=2'],
    // what follows belongs to this server
    ['/x?e=1&d=2&video=0', '/x?e=1'],
  ];
  test.each(PASTED)('pasted %s means %s', async (given, url) => {
    expect((await requestOf(`d=${ROOT}${given}`)).url).toBe(`${ROOT}${url}`);
  });

  test.each([
    ['h_cookie=a%3D1%3B%20b%3D%22x%2By%22', { cookie: 'a=1; b="x+y"' }],
    ['h_Cookie=a%3D1', { cookie: 'a=1' }],
    ['h_referer=https://page.example/a+b&h_x-key=1', { referer: 'https://page.example/a+b', 'x-key': '1' }],
  ])('headers of %s', async (query, headers) => {
    expect((await requestOf(`d=${ROOT}/x&${query}`)).headers).toEqual(headers);
  });
});

describe('secrets of a request', () => {
  /** Answers its own file, and sends who asks for /away to another origin and back. */
  async function twoHosts() {
    const away = await upstream(file(bytes));
    const home = await upstream((request, response, seen) => {
      if (request.url !== '/away') return file(bytes)(request, response, seen);
      const location = `http://cdn.example:${away.port}/file`;
      response.writeHead(302, { location, 'set-cookie': 'jar=1' }).end();
    });
    return { away, home, client: httpClient({ lookup: localLookup }) };
  }
  const secrets = 'h_cookie=session%3Dsecret&h_authorization=Bearer%20secret&h_x-api-key=secret';

  test('stay at home when a redirect leads away, on the kept address too', async () => {
    const { away, home, client } = await twoHosts();
    const request = await requestOf(`d=${home.url}/away&${secrets}`);
    const source = client.source(request);
    await read(source, 0, 1);
    await read(source, 1, 2);
    expect(home.requests.map(({ headers }) => headers.cookie)).toEqual(['session=secret']);
    expect(away.requests.length).toBe(2);
    for (const { headers } of away.requests) {
      expect(JSON.stringify(headers)).not.toContain('secret');
      expect(headers.cookie).toBeUndefined();
    }
  });

  const CREDENTIALS: readonly (readonly [userinfo: string, sent: string])[] = [
    ['user:pass', 'user:pass'],
    ['user', 'user:'],
    [':pass', ':pass'],
    ['a%40b:p%3Aw%2f', 'a@b:p:w/'],
    ['a:b:c', 'a:b:c'],
    ['käse:%C3%A4', 'käse:ä'],
    ['50%:%zz', '50%:%zz'],
  ];
  test.each(CREDENTIALS)('%s@ is sent as Basic %j, to its host only', async (userinfo, sentText) => {
    const { away, home, client } = await twoHosts();
    const url = home.url.replace('//', `//${userinfo}@`);
    const source = client.source(await requestOf(`d=${encodeURIComponent(`${url}/away`)}`));
    await read(source, 0, 1);
    const basic = `Basic ${Buffer.from(sentText).toString('base64')}`;
    expect(home.requests.map(({ headers }) => headers.authorization)).toEqual([basic]);
    expect(home.requests[0]?.path).toBe('/away');
    expect(away.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('credentials of a Location go to what it names, as long as that is kept', async () => {
    const away = await upstream(file(bytes));
    const door: Handler = (_request, response) => {
      response.writeHead(302, { location: `http://u:p@127.0.0.1:${away.port}/file` }).end();
    };
    const home = await upstream(door);
    const source = httpClient().source({ url: home.url, headers: {} });
    await read(source, 0, 1);
    await read(source, 1, 2);
    const basic = `Basic ${Buffer.from('u:p').toString('base64')}`;
    expect(away.requests.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
    expect(home.requests.length).toBe(1);
  });

  test('a header of the caller wins over the URL', async () => {
    const { home, client } = await twoHosts();
    const url = home.url.replace('//', '//u:p@');
    await read(client.source({ url, headers: { authorization: 'Bearer x' } }), 0, 1);
    expect(home.requests[0]?.headers.authorization).toBe('Bearer x');
  });

  test('no error shows them, nor path and query', async () => {
    const server = await upstream((_request, response) => {
      response.writeHead(403).end();
    });
    const url = `${server.url.replace('//', '//user:hush@')}/hidden?token=hush`;
    const failed = read(httpClient().source({ url, headers: { cookie: 'hush' } }), 0, 1);
    await expect(failed).rejects.toSatisfy((error: Error) => !/hush|user|hidden/.test(String(error.message)));
  });
});
