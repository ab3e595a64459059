import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from './serve-app.ts';

const LOCAL = masterPath('root:demo/no-audio.mkv');
const FOREIGN = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' } as const;

async function withApp(
  options: Parameters<typeof serveApp>[0],
  check: (app: ServedApp) => Promise<void>,
): Promise<void> {
  const app = await serveApp(options);
  try {
    await check(app);
  } finally {
    await app.close();
  }
}

describe('Host', () => {
  let app: ServedApp;
  beforeAll(async () => {
    app = await serveApp({ flags: { 'public-url': 'https://Media.example.org/sluice', host: 'nas.lan' } });
  });
  afterAll(() => app.close());

  it.for([
    '127.0.0.1',
    '127.0.0.1:8080',
    '192.168.1.20:8080',
    '[::1]:8080',
    '[fe80::1]',
    'localhost',
    'LOCALHOST:8080',
    'sluice.localhost:8080',
    'media.example.org',
    'MEDIA.example.org:443',
    'nas.lan:8080',
  ])('%s is answered', async (host) => {
    expect((await app.ask('/healthz', { headers: { host } })).status).toBe(200);
  });

  it.for([
    'rebound.example',
    'rebound.example:8080',
    '127.0.0.1.rebound.example',
    'localhost.rebound.example',
    'xlocalhost',
    'media.example.org.rebound.example',
    '127.0.0.1.nip.io:8080',
  ])('%s is refused on every path', async (host) => {
    for (const path of ['/healthz', '/', LOCAL, '/probe?d=root:demo/demo.mkv', '/none']) {
      const { status, text, headers } = await app.ask(path, { headers: { host } });
      expect(status, path).toBe(403);
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'unauthorized' } });
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(text).toContain('--public-url');
    }
    expect((await app.ask('/', { method: 'OPTIONS', headers: { host } })).status).toBe(403);
  });
});

describe('the host that a proxy names', () => {
  const FORWARDED = { 'x-forwarded-host': 'rebound.example', 'x-forwarded-for': '203.0.113.7' };

  it.for([
    [[], { 'x-forwarded-host': 'media.example.org' }, 'nowhere.example', 403],
    [[], FORWARDED, '127.0.0.1', 200],
    [['127.0.0.1'], FORWARDED, '127.0.0.1', 403],
    [['127.0.0.1'], { ...FORWARDED, 'x-forwarded-host': 'media.example.org' }, 'inner', 200],
    [['10.0.0.0/8'], { ...FORWARDED, 'x-forwarded-host': 'media.example.org' }, 'inner', 403],
  ] as const)('trusting %j, with %j, at %s: %d', ([trusted, headers, host, status]) =>
    withApp({ flags: { 'public-url': 'https://media.example.org', 'trust-proxy': trusted } }, async (app) => {
      expect((await app.ask('/healthz', { headers: { ...headers, host } })).status).toBe(status);
    }));

  it('is the one whose pages are own', () =>
    withApp({ flags: { 'public-url': 'https://media.example.org', 'trust-proxy': ['*'] } }, async (app) => {
      const headers = { 'x-forwarded-host': '192.168.1.5:8443', origin: 'https://192.168.1.5:8443' };
      expect((await app.ask(LOCAL, { headers })).status).toBe(200);
      const { origin, ...without } = headers;
      expect((await app.ask(LOCAL, { headers: { ...without, origin: app.url } })).status).toBe(403);
    }));
});

describe('a Host that is none', () => {
  it.for(['a@127.0.0.1', '1.2.3.4.5', '[::1].rebound.example', '[rebound.example]'])('%s', (host) =>
    withApp({}, async (app) => {
      const { status, headers } = await app.ask(LOCAL, { headers: { host } });
      expect([400, 403]).toContain(status);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }));
});

describe('local files', () => {
  let app: ServedApp;
  beforeAll(async () => {
    app = await serveApp();
  });
  afterAll(() => app.close());

  const REFUSED: Readonly<Record<string, Record<string, string>>> = {
    'a page of another site': FOREIGN,
    'a page of another site by navigation or image': { 'sec-fetch-site': 'cross-site' },
    'a page of a sibling domain': { 'sec-fetch-site': 'same-site' },
    'an old browser that sends only Origin': { origin: 'https://elsewhere.example' },
    'a sandboxed page': { origin: 'null' },
    'another port of this machine': { origin: 'http://127.0.0.1:1' },
  };
  it.for(Object.entries(REFUSED))('refused to %s, without CORS headers', async ([, headers]) => {
    const title = await openTitle(app, LOCAL);
    const { playlist, init, segments } = rendition(title, 'v0');
    for (const path of [LOCAL, '/probe?d=root:demo/no-audio.mkv', playlist, init, nth(segments, 0)])
      for (const method of ['GET', 'HEAD']) {
        const answer = await app.ask(path, { method, headers });
        expect(answer.status, `${method} ${path}`).toBe(403);
        expect(answer.headers['access-control-allow-origin'], path).toBeUndefined();
        if (method === 'GET') expect(JSON.parse(answer.text).error.message).toContain('key=');
      }
    const known = (await app.ask(nth(segments, 0), { method: 'HEAD' })).headers.etag ?? '';
    for (const path of [init, nth(segments, 0)]) {
      const etag = path === init ? '*' : known;
      const unchanged = await app.ask(path, { headers: { ...headers, 'if-none-match': etag } });
      expect([unchanged.status, unchanged.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    }
  });

  it('refused before the file is opened: the answer does not tell whether it is there', async () => {
    const answers = await Promise.all(
      ['root:demo/no-audio.mkv', 'root:demo/none.mkv', 'root:none/none.mkv'].map((media) =>
        app.ask(masterPath(media), { headers: FOREIGN }),
      ),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  });

  it('open to this server’s own page, to players and to the address bar, without CORS headers', async () => {
    for (const headers of [
      {},
      { 'sec-fetch-site': 'same-origin', origin: app.url },
      { 'sec-fetch-site': 'none' },
      { origin: app.url },
    ]) {
      const { status, headers: given } = await app.ask(LOCAL, { headers });
      expect(status, JSON.stringify(headers)).toBe(200);
      expect(given['access-control-allow-origin']).toBeUndefined();
      const segment = nth(rendition(await openTitle(app, LOCAL, { headers }), 'v0').segments, 0);
      for (const method of ['GET', 'HEAD'])
        expect(
          (await app.ask(segment, { method, headers })).headers['access-control-allow-origin'],
        ).toBeUndefined();
    }
  });

  it('open to any page that has the key, with CORS headers all the way', async () => {
    const path = `${LOCAL}&key=${app.accessKey}`;
    const title = await openTitle(app, path, { headers: FOREIGN });
    const { playlist, init, segments } = rendition(title, 'v0');
    for (const address of [path, playlist, init, ...segments]) {
      const { status, headers } = await app.ask(address, { headers: FOREIGN });
      expect([status, headers['access-control-allow-origin']], address).toEqual([200, '*']);
    }
    const byHeader = await app.ask(LOCAL, { headers: { ...FOREIGN, 'x-sluice-key': app.accessKey } });
    expect(byHeader.status).toBe(200);
    expect(`${title.master.text}${playlist}`).not.toContain(app.accessKey);
  });

  it.for(['', 'x', 'key'])('a wrong key opens nothing: "%s"', async (key) => {
    for (const wrong of [key, `${app.accessKey}${key}x`, app.accessKey.slice(0, -1)])
      expect((await app.ask(`${LOCAL}&key=${wrong}`, { headers: FOREIGN })).status).toBe(403);
  });
});

describe('upstreams', () => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await startUpstream(file(fixture('no-audio')));
  });
  afterAll(() => upstream.close());

  it('private and opened by --allow-private: for own pages and players, not for pages of other sites', () =>
    withApp({ flags: { 'allow-private': true } }, async (app) => {
      const path = masterPath(`${upstream.url}/film.mkv`);
      for (const headers of [
        FOREIGN,
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
      ]) {
        const { status, headers: given } = await app.ask(path, { headers });
        expect([status, given['access-control-allow-origin']]).toEqual([403, undefined]);
      }
      expect(upstream.requests, 'it was not even asked').toEqual([]);
      const title = await openTitle(app, path, { headers: { 'sec-fetch-site': 'same-origin' } });
      const { init, playlist, segments } = rendition(title, 'v0');
      for (const address of [init, playlist, nth(segments, 0)])
        for (const method of ['GET', 'HEAD'])
          expect((await app.ask(address, { method, headers: FOREIGN })).status, `${method} ${address}`).toBe(
            403,
          );
      expect((await app.ask(`${path}&key=${app.accessKey}`, { headers: FOREIGN })).status).toBe(200);
    }));

  it('a page of another site does not learn what a private upstream answers', () =>
    withApp({ flags: { 'allow-private': true }, timeouts: { backoff: 1 } }, async (app) => {
      const dead = await startUpstream(() => undefined);
      await dead.close();
      const html = await startUpstream(file(Buffer.from('<!doctype html>')));
      for (const url of [dead.url, html.url]) {
        const { headers } = await app.ask(masterPath(`${url}/film.mkv`), { headers: FOREIGN });
        expect(headers['access-control-allow-origin'], url).toBeUndefined();
      }
      await html.close();
    }));

  it('private but named by --allow: open to every page', () =>
    withApp({ flags: { allow: [`127.0.0.1:${upstream.port}`] } }, async (app) => {
      const path = masterPath(`${upstream.url}/film.mkv`);
      const { media } = await openTitle(app, path, { headers: FOREIGN });
      for (const address of [path, nth(media.get('v0')?.segments ?? [], 0)]) {
        const { status, headers } = await app.ask(address, { headers: FOREIGN });
        expect([status, headers['access-control-allow-origin']]).toEqual([200, '*']);
      }
    }));

  it('a redirect from a named host to one that only --allow-private opens counts as private', () =>
    withApp({ flags: { allow: [`127.0.0.1:${upstream.port}`], 'allow-private': true } }, async (app) => {
      const hop = await startUpstream((_, response) => {
        response.writeHead(302, { location: `${upstream.url}/film.mkv` }).end();
      });
      const { status } = await app.ask(masterPath(`${hop.url}/film.mkv`), { headers: FOREIGN });
      expect(status).toBe(403);
      await hop.close();
    }));
});

describe('API_PASSWORD', () => {
  let app: ServedApp;
  beforeAll(async () => {
    app = await serveApp({ env: { API_PASSWORD: 'open sesame' } });
  });
  afterAll(() => app.close());

  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it('is asked for at /metrics', async () => {
    expect((await app.ask('/metrics')).status).toBe(403);
    const { status, text } = await app.ask('/metrics', {
      headers: { authorization: basic('p:open sesame') },
    });
    expect([status, text]).toEqual([200, expect.stringContaining('sluice_requests_total')]);
  });

  it.for(['/hls/master.m3u8', '/probe'])('is asked for at %s', async (path) => {
    const media = `${path}?d=root:demo/no-audio.mkv`;
    const right: readonly [string, Record<string, string>][] = [
      [`${media}&api_password=open%20sesame`, {}],
      [`${media}&api_password=open+sesame`, {}],
      [media, { 'x-api-password': 'open sesame' }],
      [media, { api_password: 'open sesame' }],
      [media, { authorization: 'Bearer open sesame' }],
      [media, { authorization: 'bearer open sesame' }],
      [media, { authorization: basic(':open sesame') }],
      [media, { authorization: basic('prometheus:open sesame') }],
      [`${media}&api_password=`, { authorization: basic('a:open sesame') }],
    ];
    for (const [address, headers] of right)
      expect((await app.ask(address, { headers })).status, JSON.stringify([address, headers])).toBe(200);
    const wrong: readonly [string, Record<string, string>][] = [
      [media, {}],
      [`${media}&api_password=`, {}],
      [`${media}&api_password=open%20sesam`, {}],
      [`${media}&api_password=open%20sesameopen%20sesame`, {}],
      [media, { authorization: 'Basic open sesame' }],
      [media, { authorization: basic('open sesame') }],
      [media, { authorization: basic('open sesame:') }],
      [media, { authorization: basic('a:b:open sesame') }],
      [media, { authorization: 'Basic' }],
      [media, { authorization: 'open sesame' }],
      [media, { 'x-api-password': 'Open Sesame' }],
      [`${path}`, {}],
    ];
    for (const [address, headers] of wrong) {
      const { status, text } = await app.ask(address, { headers });
      expect([status, JSON.parse(text).error.code], address).toEqual([403, 'unauthorized']);
      expect(text).not.toContain('sesame');
    }
  });

  it('what the master leads to needs none, and does not show it', async () => {
    const title = await openTitle(app, `${LOCAL}&api_password=open%20sesame`);
    const { segments, playlist, init } = rendition(title, 'v0');
    for (const address of [playlist, init, nth(segments, 0)]) {
      expect((await app.ask(address)).status).toBe(200);
      expect(address).not.toContain('sesame');
    }
  });

  it('health and the page need none', async () => {
    expect((await app.ask('/healthz')).status).toBe(200);
    expect((await app.ask('/')).status).toBe(200);
  });
});

describe('the page', () => {
  it('runs nothing but its own scripts', () =>
    withApp({}, async (app) => {
      const { headers, text } = await app.ask('/');
      expect(headers['content-type']).toBe('text/html; charset=UTF-8');
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).toContain("script-src 'self'");
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(text).not.toMatch(/<script(?![^>]*\bsrc="web\/)|\son\w+=/);
      expect((await app.ask('/web/secret')).status).toBe(404);
    }));
});
