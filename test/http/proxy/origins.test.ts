import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/app.ts';
import { readConfig } from '../../../src/config.ts';
import type { Relay } from '../../../src/core/relay.ts';
import { numbered } from '../../../src/http/xtream/own-provider.ts';
import { openProxy } from '../../../src/open-proxy.ts';
import { portableDeps } from '../../../src/portable-deps.ts';
import { parseChannelList } from '../../../src/proxy/channel-list.ts';
import { type Handler, startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { nth, type Question, type ServedApp, serveApp } from '../serve-app.ts';
import {
  answerFiles,
  askRoute as ask,
  corsNames as cors,
  FILES,
  linksIn,
  openScene,
  type ProxyScene,
  type Routes,
} from './proxy-addresses.ts';

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream(answerFiles);
});
afterAll(() => upstream.close());
beforeEach(() => upstream.answer(answerFiles));

describe('Host', () => {
  let app: ServedApp;
  let routes: Routes;
  beforeAll(async () => {
    const flags = { allow: ['127.0.0.1'], 'public-url': 'https://media.example.org/sluice' };
    const scene = await openScene(upstream, flags);
    app = scene.app;
    routes = { ...scene.routes, ...scene.tools };
  });
  afterAll(() => app.close());

  it.for([
    'rebound.example',
    'rebound.example:8080',
    '127.0.0.1.rebound.example',
    'localhost.rebound.example',
    'xlocalhost',
    'media.example.org.rebound.example',
    '127.0.0.1.nip.io:8080',
  ])('%s is refused by every route, and nothing goes upstream', async (host) => {
    upstream.requests.length = 0;
    for (const [name, route] of Object.entries(routes))
      for (const each of [route, { path: route.path, question: { method: 'OPTIONS' } }]) {
        const answer = await ask(app, each, { headers: { host } });
        expect([answer.status, cors(answer)], `${each.question?.method ?? 'GET'} ${name}`).toEqual([403, []]);
        expect(answer.text).not.toContain('pass');
      }
    expect(upstream.requests).toEqual([]);
  });

  it.for([
    '127.0.0.1:8080',
    '192.168.1.20',
    '[fe80::1]:8080',
    'localhost',
    'media.example.org',
  ])('%s is answered by every route', async (host) => {
    for (const [name, route] of Object.entries(routes))
      expect((await ask(app, route, { headers: { host } })).status, name).toBe(200);
  });

  it.for(['[rebound.example]', 'a@127.0.0.1', '[::1].rebound.example'])('%s is none', async (host) => {
    for (const [name, route] of Object.entries(routes)) {
      const answer = await ask(app, route, { headers: { host } });
      expect([400, 403], name).toContain(answer.status);
      expect(cors(answer), name).toEqual([]);
    }
  });

  it('what a proxy that nobody trusts says of it does not count', async () => {
    const headers = { 'x-forwarded-host': 'rebound.example', forwarded: 'host=rebound.example' };
    for (const [name, route] of Object.entries(routes)) {
      expect((await ask(app, route, { headers })).status, name).toBe(200);
      const hostile = { host: 'rebound.example', 'x-forwarded-host': '127.0.0.1' };
      expect((await ask(app, route, { headers: hostile })).status, name).toBe(403);
    }
  });
});

/** What browsers send for pages of other sites. */
const FOREIGN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a page of another site': { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
  'a page of another site by image, frame or link': { 'sec-fetch-site': 'cross-site' },
  'a page of another port of this machine': { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' },
  'a sandboxed page': { origin: 'null', 'sec-fetch-site': 'cross-site' },
  'an old browser that sends only Origin': { origin: 'https://elsewhere.example', host: '192.168.1.20:8080' },
  'an old browser and a sandboxed page': { origin: 'null', host: '192.168.1.20:8080' },
  'a page that looks as if it were here': { origin: 'http://192.168.1.20', host: '192.168.1.20:8080' },
};

/** What the own page, the address bar and players send. */
const OWN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'the own page': { 'sec-fetch-site': 'same-origin' },
  'the own page in an old browser': { origin: 'http://192.168.1.20:8080', host: '192.168.1.20:8080' },
  'the address bar': { 'sec-fetch-site': 'none' },
  'a player': {},
};

describe('a private upstream that --allow-private opened', () => {
  let app: ServedApp;
  let routes: Routes;
  let keyed: ProxyScene['keyed'];
  beforeAll(async () => {
    ({ app, routes, keyed } = await openScene(upstream, { 'allow-private': true }));
  });
  afterAll(() => app.close());

  it.for(Object.entries(FOREIGN))('is refused to %s by every route, and not asked', async ([, headers]) => {
    upstream.requests.length = 0;
    for (const [name, route] of Object.entries(routes))
      for (const more of [{}, { method: 'HEAD' }, { headers: { range: 'bytes=0-9' } }] as Question[]) {
        const answer = await ask(app, route, { ...more, headers: { ...headers, ...more.headers } });
        expect([answer.status, cors(answer)], `${name} ${JSON.stringify(more)}`).toEqual([403, []]);
        if (answer.text) expect(JSON.parse(answer.text)).toMatchObject({ code: 'unauthorized' });
      }
    expect(upstream.requests).toEqual([]);
  });

  it('nor are conditions a way to its answers', async () => {
    const headers = { ...FOREIGN['a page of another site'], 'if-none-match': '"o"' };
    upstream.answer((_, response) => void response.writeHead(304, { etag: '"o"' }).end());
    for (const name of ['stream', 'sealed segment', 'sealed key', 'segment by its URL']) {
      const answer = await ask(app, routes[name] ?? { path: '' }, { headers });
      expect([answer.status, cors(answer)], name).toEqual([403, []]);
    }
  });

  it.for(Object.entries(OWN))('is open to %s', async ([, headers]) => {
    for (const [name, route] of Object.entries(routes)) {
      const answer = await ask(app, route, { headers });
      expect(answer.status, name).toBe(200);
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    }
  });

  it.for(Object.entries(FOREIGN))('is open to %s that has the key, and to what it leads to', async ([
    ,
    headers,
  ]) => {
    for (const [name, route] of Object.entries(await keyed())) {
      const answer = await ask(app, route, { headers });
      expect([answer.status, answer.headers['access-control-allow-origin']], name).toEqual([200, '*']);
    }
    const wrong = `${routes.stream?.path}&key=${app.accessKey.slice(1)}`;
    expect((await app.ask(wrong, { headers })).status).toBe(403);
  });

  it('what it answers besides is not told to a page of another site', async () => {
    const headers = FOREIGN['a page of another site'] ?? {};
    const answers: readonly Handler[] = [
      (_, response) => void response.writeHead(404).end(),
      (_, response) => void response.writeHead(401, { 'www-authenticate': 'Basic' }).end(),
      (_, response) => void response.writeHead(416, { 'content-range': 'bytes */5' }).end(),
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>secret'),
      (_, response) => void response.destroy(),
    ];
    for (const answer of answers) {
      upstream.answer(answer);
      for (const name of ['stream', 'manifest', 'segment by its URL', 'sealed key', 'token']) {
        const given = await ask(app, routes[name] ?? { path: '' }, { headers });
        expect([given.status >= 400, cors(given)], name).toEqual([true, []]);
        expect(given.text).not.toContain('secret');
      }
    }
  });

  it('a redirect to it from a named one counts as private', async () => {
    const hop = await startUpstream((request, response) => {
      response.writeHead(302, { location: `${upstream.url}${request.url}` }).end();
    });
    const both = await serveApp({ flags: { allow: [`127.0.0.1:${hop.port}`], 'allow-private': true } });
    for (const path of ['stream?d=', 'hls/manifest.m3u8?d=', 'hls/segment.ts?d=']) {
      const address = `/proxy/${path}${encodeURIComponent(`${hop.url}/master.m3u8`)}`;
      const answer = await both.ask(address, { headers: FOREIGN['a page of another site'] ?? {} });
      expect([answer.status, cors(answer)], path).toEqual([403, []]);
      expect((await both.ask(address)).status).toBe(200);
    }
    await Promise.all([both.close(), hop.close()]);
  });
});

describe('the own channels, as players of IPTV ask for them', () => {
  const servers: ServedApp[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((each) => each.close())));

  /** A server with a camera at home, and the addresses that a login has there. */
  async function openOwn(env: Readonly<Record<string, string>>) {
    const list = parseChannelList(`#EXTM3U\n#EXTINF:-1,Camera\n${upstream.url}/0.ts\n`);
    const guide = {
      etag: '"guide"',
      zippedBytes: 0,
      async *chunks() {
        yield [Buffer.from('<tv/>')];
      },
      programmes: () => [],
    };
    const app = await serveApp({
      env,
      flags: { 'allow-private': true },
      channels: { list: async () => list },
      guide: { edition: async () => guide },
    });
    servers.push(app);
    const [{ id } = { id: 0 }] = numbered(list);
    const paths = (password: string) => [
      ...['player_api.php', 'get.php', 'xmltv.php'].map(
        (script) => `/${script}?username=x&password=${password}`,
      ),
      `/player_api.php?username=x&password=${password}&action=get_live_streams`,
      `/live/x/${password}/${id}.ts`,
      `/sluice/${password}/${id}`,
    ];
    return { app, paths };
  }

  it.for(Object.entries(FOREIGN))('are not for %s without the key', async ([, headers]) => {
    const { app, paths } = await openOwn({});
    upstream.requests.length = 0;
    for (const path of paths('y'))
      for (const method of ['GET', 'HEAD']) {
        const answer = await app.ask(path, { method, headers });
        expect([answer.status, cors(answer)], `${method} ${path}`).toEqual([403, []]);
      }
    expect(upstream.requests).toEqual([]);
    for (const path of paths(app.accessKey)) {
      const answer = await app.ask(path, { headers });
      expect([answer.status, answer.headers['access-control-allow-origin']], path).toEqual([200, '*']);
    }
  });

  it.for(Object.entries(OWN))('are for %s, whatever the password where there is none', async ([
    ,
    headers,
  ]) => {
    const { app, paths } = await openOwn({});
    for (const path of paths('y')) {
      const answer = await app.ask(path, { headers });
      expect(answer.status, path).toBe(200);
      if (path.includes('.php')) expect(cors(answer), path).toEqual([]);
    }
  });

  it('are for a page of another site that knows the password', async () => {
    const { app, paths } = await openOwn({ API_PASSWORD: 'word' });
    const headers = FOREIGN['a page of another site'] ?? {};
    for (const path of paths('word')) {
      const answer = await app.ask(path, { headers });
      expect([answer.status, answer.headers['access-control-allow-origin']], path).toEqual([200, '*']);
    }
    for (const path of paths('other')) expect((await app.ask(path, { headers })).status).toBe(403);
  });
});

describe('an upstream that --allow names', () => {
  let app: ServedApp;
  let routes: Routes;
  let tools: Routes;
  beforeAll(async () => {
    ({ app, routes, tools } = await openScene(upstream));
  });
  afterAll(() => app.close());

  it.for(Object.entries({ ...FOREIGN, ...OWN }))('is open to %s, without credentials', async ([
    ,
    headers,
  ]) => {
    for (const [name, route] of Object.entries(routes))
      for (const method of ['GET', 'HEAD']) {
        const answer = await ask(app, route, { method, headers });
        expect([answer.status, answer.headers['access-control-allow-origin']], `${method} ${name}`).toEqual([
          200,
          '*',
        ]);
        expect(answer.headers['access-control-allow-credentials'], name).toBeUndefined();
      }
  });

  it('but asks everybody for the password where an address is not sealed', async () => {
    const sealed = /^\/proxy\/hls\/[\w-]{40,}\/|[?&]media=|^\/_token_/;
    for (const [name, { path }] of Object.entries(routes)) {
      const bare = path.replace(/api_password=[^&]*&/, '');
      for (const headers of Object.values({ ...FOREIGN, ...OWN }))
        expect((await app.ask(bare, { headers })).status, name).toBe(sealed.test(path) ? 200 : 403);
    }
  });

  it('no page of another site reads the addresses that are made here', async () => {
    const headers = { ...FOREIGN['a page of another site'], 'content-type': 'text/plain' };
    for (const name of ['making of addresses', 'making of many', 'base64', 'own address']) {
      const answer = await ask(app, tools[name] ?? { path: '' }, { headers });
      expect([answer.status, cors(answer)], name).toEqual([200, []]);
    }
  });

  it('preflights grant no private network, no credentials and no method that writes', async () => {
    const headers = {
      origin: 'https://elsewhere.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,range,x-other',
      'access-control-request-private-network': 'true',
    };
    for (const [name, { path }] of Object.entries({ ...routes, ...tools })) {
      const answer = await app.ask(path, { method: 'OPTIONS', headers });
      expect([answer.status, answer.text], name).toEqual([204, '']);
      expect(answer.headers['access-control-allow-methods'], name).toBe('GET, HEAD, OPTIONS');
      expect(answer.headers['access-control-allow-headers']?.toLowerCase(), name).toMatch(/\brange\b/);
      expect(answer.headers['access-control-allow-headers'], name).not.toMatch(/content-type|x-other|\*/i);
      expect(answer.headers['access-control-allow-private-network'], name).toBeUndefined();
      expect(answer.headers['access-control-allow-credentials'], name).toBeUndefined();
    }
  });
});

/** The app with an upstream at a public address, which is nobody else's. */
async function publicApp() {
  const relay: Relay = {
    async relay({ url }, { range }) {
      const body = Buffer.from(FILES[new URL(url).pathname] ?? '');
      const chunks = [body];
      return {
        status: range === null ? 200 : 206,
        access: 'public',
        url,
        length: body.length,
        contentRange: range === null ? null : `bytes 0-${body.length - 1}/${body.length}`,
        header: () => null,
        next: async () => chunks.shift() ?? null,
        close: () => undefined,
      };
    },
  };
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const config = readConfig({}, {});
  const deps = await portableDeps({
    config,
    secret: 'any',
    openSource: () => Promise.reject(new Error('no titles here')),
    asset: async () => null,
    log: silent,
    transcoder: null,
    packetBytes: 2 ** 20,
    transcriptBytes: 2 ** 20,
  });
  const proxy = await openProxy({ config, relay: async () => relay, secret: 'any', now: Date.now });
  return createApp({ ...deps, proxy }, Date.now);
}

describe('an upstream at a public address', () => {
  it.for(Object.entries({ ...FOREIGN, ...OWN }))('is open to %s, without credentials', async ([
    ,
    headers,
  ]) => {
    const app = await publicApp();
    const answer = (path: string) =>
      app.request(`http://127.0.0.1${path}`, { headers: { host: '127.0.0.1', ...headers } });
    const manifest = '/proxy/hls/manifest.m3u8?d=https%3A%2F%2Fa.example%2Ftv.m3u8';
    const links = linksIn(await (await answer(manifest)).text(), manifest);
    const stream = '/proxy/stream?d=https%3A%2F%2Fa.example%2Ffilm.mkv';
    for (const path of [stream, manifest, nth(links, 0), nth(links, 1)]) {
      const { status, headers: given } = await answer(path);
      expect([status, given.get('access-control-allow-origin')], path).toEqual([200, '*']);
      expect(given.get('access-control-allow-credentials'), path).toBeNull();
    }
  });
});

describe('what is passed on', () => {
  let app: ServedApp;
  let routes: Routes;
  beforeAll(async () => {
    ({ app, routes } = await openScene(upstream));
  });
  afterAll(() => app.close());

  const PASSED = [
    ...['stream', 'named stream', 'segment by its URL', 'sealed segment', 'sealed key', 'token'],
    ...['guide', 'guide of a provider', 'film of a provider'],
  ];
  const FORGED =
    '&r_content-security-policy=none&r_set-cookie=a%3Db&r_service-worker-allowed=%2F&r_x-content-type-options=x' +
    '&r_access-control-allow-credentials=true&r_clear-site-data=*&r_refresh=0&x_headers=content-security-policy,x-content-type-options';

  it.for([
    'text/html',
    'TEXT/HTML; charset=utf-8',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/xml',
    'application/javascript',
    'text/javascript',
    'multipart/x-mixed-replace; boundary=a',
    'application/pdf',
    'video/mp4, text/html',
    'video/mp4;a=b,text/html',
    'image/png,image/svg+xml',
    'video/',
    'nonsense',
  ])('%s acts in no name of this server', async (type) => {
    upstream.answer((_, response) => {
      const headers = { 'content-type': type, 'set-cookie': 'a=b', 'service-worker-allowed': '/' };
      response.writeHead(200, headers).end('<script>alert(1)</script>');
    });
    for (const name of PASSED)
      for (const more of ['', FORGED]) {
        const path = routes[name]?.path ?? '';
        const answer = await app.ask(`${path}${path.includes('?') ? more : more.replace('&', '?')}`);
        expect([answer.status, answer.headers], name).toMatchObject([
          200,
          { 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' },
        ]);
        for (const header of ['set-cookie', 'service-worker-allowed', 'clear-site-data', 'refresh'])
          expect(answer.headers[header], `${name} ${header}`).toBeUndefined();
        expect(answer.headers['access-control-allow-credentials'], name).toBeUndefined();
      }
  });

  it('has no type that its address gives it and that runs', async () => {
    upstream.answer((_, response) => {
      response.writeHead(200, { 'content-type': 'video/mp4' }).end('<script>alert(1)</script>');
    });
    for (const more of [
      '&r_content-type=text/html',
      '&x_headers=content-type',
      '&rp_content-type=text/html',
    ]) {
      const { headers } = await app.ask(`${routes.stream?.path}${more}`);
      expect(headers).toMatchObject({
        'content-security-policy': 'sandbox',
        'x-content-type-options': 'nosniff',
      });
    }
  });

  it.for([
    'video/mp4',
    'video/mp4; codecs="avc1.4d401e"',
    'audio/x-flac',
    'image/jpeg',
    'application/vnd.apple.mpegurl',
    'binary/octet-stream',
  ])('%s is what it is', async (type) => {
    upstream.answer((_, response) => void response.writeHead(200, { 'content-type': type }).end('bytes'));
    const { headers } = await app.ask(routes['named stream']?.path ?? '');
    expect(headers['content-security-policy']).toBeUndefined();
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it.for([
    { 'service-worker': 'script' },
    { 'sec-fetch-dest': 'serviceworker', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-dest': 'worker', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-dest': 'sharedworker', 'sec-fetch-site': 'same-origin' },
  ] as Record<string, string>[])('is no worker, on no route: %j', async (headers) => {
    upstream.requests.length = 0;
    for (const [name, route] of Object.entries(routes)) {
      const answer = await ask(app, route, { headers });
      expect([answer.status, answer.text], name).toEqual([403, expect.stringContaining('unauthorized')]);
    }
    expect(upstream.requests).toEqual([]);
  });
});
