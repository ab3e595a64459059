import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { type ServedApp, serveApp } from '../serve-app.ts';

let upstream: Upstream;
let app: ServedApp;
let now = Date.now();
let type = 'application/xml';

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    if (request.url === '/none') return void response.writeHead(404).end();
    if (request.url === '/large') return void response.writeHead(200).end(Buffer.alloc(33 * 2 ** 20));
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(`<tv>${request.headers.authorization ?? ''}</tv>`);
  });
  app = await serveApp({ env: { API_PASSWORD: 'word' }, now: () => now });
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  type = 'application/xml';
});

const guide = (name: string, more = '') =>
  app.ask(`/proxy/epg?api_password=word&d=${encodeURIComponent(`${upstream.url}/${name}`)}${more}`);
const told = async (name: string, more = '') => {
  const { text, headers } = await guide(name, more);
  return [text, headers['x-epg-cache'], headers['cache-control']];
};

describe('a guide', () => {
  it('is fetched once an hour', async () => {
    expect(await told('a')).toEqual(['<tv></tv>', 'MISS', 'public, max-age=3600']);
    now += 3_599_000;
    expect(await told('a')).toEqual(['<tv></tv>', 'HIT', 'public, max-age=3600']);
    now += 2000;
    expect(await told('a')).toEqual(['<tv></tv>', 'MISS', 'public, max-age=3600']);
    expect(upstream.requests).toHaveLength(2);
  });

  it('is fetched as often as a request says', async () => {
    await told('b');
    now += 60_000;
    expect((await told('b', '&cache_ttl=61'))[1]).toBe('HIT');
    expect(await told('b', '&cache_ttl=60')).toEqual(['<tv></tv>', 'MISS', 'public, max-age=60']);
    expect(await told('b', '&cache_ttl=0')).toEqual(['<tv></tv>', 'MISS', 'no-store']);
    expect((await guide('b', '&cache_ttl=soon')).status).toBe(422);
  });

  it('of who sends other headers is another one', async () => {
    const of = async (who: string) => (await told('c', `&h_authorization=${who}`)).slice(0, 2);
    expect(await of('one')).toEqual(['<tv>one</tv>', 'MISS']);
    expect(await of('two')).toEqual(['<tv>two</tv>', 'MISS']);
    expect(await of('one')).toEqual(['<tv>one</tv>', 'HIT']);
  });

  it.each([
    ['application/xml', 'application/xml'],
    ['text/xml; charset=latin1', 'text/xml; charset=latin1'],
    ['application/gzip', 'application/gzip'],
    ['application/octet-stream', 'application/xml; charset=utf-8'],
  ])('sent as %s is %s, fetched or kept, and runs nothing', async (sent, given) => {
    type = sent;
    for (const cache of ['MISS', 'HIT']) {
      const { headers } = await guide(`type-${sent}`);
      expect(headers).toMatchObject({
        'content-type': given,
        'x-epg-cache': cache,
        'content-security-policy': 'sandbox',
        'x-content-type-options': 'nosniff',
        'access-control-allow-origin': '*',
      });
    }
  });

  it('is told of by HEAD', async () => {
    const path = `/proxy/epg?api_password=word&d=${encodeURIComponent(`${upstream.url}/d`)}`;
    expect((await app.ask(path, { method: 'HEAD' })).headers['x-epg-cache']).toBe('MISS');
    await app.ask(path);
    const { headers, body } = await app.ask(path, { method: 'HEAD' });
    expect([headers['x-epg-cache'], headers['content-length'], body.length]).toEqual(['HIT', '9', 0]);
  });

  it('that is too large, or not there, is not kept', async () => {
    for (const cache of ['MISS', 'MISS']) expect((await guide('large')).headers['x-epg-cache']).toBe(cache);
    for (const status of [404, 404]) expect((await guide('none')).status).toBe(status);
    expect(upstream.requests).toHaveLength(4);
  });

  it('is for who has the password', async () => {
    expect((await app.ask(`/proxy/epg?d=${upstream.url}/a`)).status).toBe(403);
    expect(upstream.requests).toEqual([]);
  });
});

it('of a private place is kept for no page of another site', async () => {
  const own = await serveApp({ flags: { 'allow-private': true } });
  const path = `/proxy/epg?d=${upstream.url}/private`;
  const foreign = { headers: { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' } };
  expect((await own.ask(path)).status).toBe(200);
  expect((await own.ask(path, foreign)).status).toBe(403);
  await own.close();
});
