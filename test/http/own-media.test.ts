import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTokenBox, type MediaRequest } from '../../src/proxy/token.ts';
import { fixture } from '../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { type ServedApp, serveApp } from './serve-app.ts';

const SECRET = 'a secret of the tests';
const FOREIGN = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };
const LOCAL = 'root:demo/demo.mkv';
let upstream: Upstream;
let app: ServedApp;
/** This machine may be asked nothing: neither the server itself nor the upstream. */
let closed: ServedApp;

beforeAll(async () => {
  upstream = await startUpstream(file(fixture('demo')));
  app = await serveApp({ secret: SECRET });
  closed = await serveApp({ secret: SECRET, flags: { 'public-url': 'https://tv.example.org/sluice/' } });
});
afterAll(async () => {
  await app.close();
  await closed.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

const BARE = { headers: {}, video: null, audio: null, recovery: 'shown', expires: null } as const;
async function seal(url: string, more: Partial<MediaRequest> = {}): Promise<string> {
  const box = await createTokenBox(SECRET, Date.now);
  return box.seal({ ...BARE, url, isTrusted: true, ...more });
}
const probe = (url: string, more = '') => `/hlsv2/probe?mediaURL=${encodeURIComponent(url)}${more}`;
const master = (url: string, more = '') => `/hls/master.m3u8?d=${encodeURIComponent(url)}${more}`;

describe('an own address', () => {
  const port = () => new URL(closed.url).port;
  it.each([
    ['file', async () => `${closed.url}/file/${await seal(LOCAL)}/a%20film.mkv`],
    ['MP4', async () => `${closed.url}/remux.mp4/${await seal(LOCAL)}/film.mp4`],
    ['HLS', async () => `${closed.url}/hls/${await seal(LOCAL)}/master.m3u8`],
    ['rendition', async () => `${closed.url}/hls/${await seal(LOCAL)}/abc/v0/index.m3u8`],
    ['file by d=', async () => `${closed.url}/file?d=${encodeURIComponent(LOCAL)}`],
    ['HLS by d=', async () => `${closed.url}/hls/master.m3u8?d=${encodeURIComponent(LOCAL)}`],
    ['by the public URL', async () => `https://tv.example.org/sluice/file/${await seal(LOCAL)}/film.mkv`],
    ['by localhost', async () => `http://localhost:${port()}/file/${await seal(LOCAL)}/film.mkv`],
    [
      'within one',
      async () =>
        `${closed.url}/file?d=${encodeURIComponent(`${closed.url}/file/${await seal(LOCAL)}/f.mkv`)}`,
    ],
    [
      'within a sealed one',
      async () => `${closed.url}/file/${await seal(`${closed.url}/file/${await seal(LOCAL)}/f.mkv`)}/f.mkv`,
    ],
    ['by another address', async () => `http://192.168.77.77:${port()}/file/${await seal(LOCAL)}/film.mkv`],
  ])('is not asked for over HTTP: %s', async (_, address) => {
    const url = await address();
    for (const path of [probe(url), master(url), `/opensubHash?videoUrl=${encodeURIComponent(url)}`]) {
      const answer = await closed.ask(path);
      expect([answer.status, answer.text.includes('"code"')], path).toEqual([200, false]);
    }
  });

  it('of a film of another server asks that one, with its headers', async () => {
    const token = await seal(`${upstream.url}/film.mkv`, { headers: { 'x-one': '1' } });
    expect((await app.ask(probe(`${app.url}/file/${token}/film.mkv`))).status).toBe(200);
    expect(upstream.requests[0]).toMatchObject({ path: '/film.mkv', headers: { 'x-one': '1' } });
    upstream.requests.length = 0;
    const stream = `${app.url}/proxy/stream?d=${encodeURIComponent(`${upstream.url}/2.mkv`)}&h_x-two=2`;
    expect((await app.ask(probe(stream))).status).toBe(200);
    expect(upstream.requests[0]).toMatchObject({ path: '/2.mkv', headers: { 'x-two': '2' } });
  });

  it('to be passed on is that of what it stands for', async () => {
    const token = await seal(`${upstream.url}/film.mkv`, { headers: { 'x-one': '1' } });
    const own = `${app.url}/file/${token}/film.mkv`;
    const direct = await app.ask(`/proxy/stream?d=${encodeURIComponent(own)}`);
    expect([direct.status, direct.body.equals(fixture('demo'))]).toEqual([200, true]);
    const twice = `${app.url}/proxy/stream?d=${encodeURIComponent(own)}`;
    expect((await app.ask(`/proxy/stream/x.mkv?d=${encodeURIComponent(twice)}`)).status).toBe(200);
    expect(upstream.requests.map(({ path, headers }) => [path, headers['x-one']])).toEqual([
      ['/film.mkv', '1'],
      ['/film.mkv', '1'],
    ]);
    expect(upstream.requests.filter(({ headers }) => headers.host !== new URL(upstream.url).host)).toEqual(
      [],
    );
  });

  it('gives the title of what it stands for, with the tracks that are asked for', async () => {
    const url = `${closed.url}/file/${await seal(LOCAL)}/film.mkv`;
    const { text } = await closed.ask(master(url));
    expect(text).toBe(
      (await closed.ask(`/hls/${await seal(LOCAL)}/master.m3u8`)).text.replaceAll(
        /^(?=[\da-f]{16}\/)|(?<=URI=")(?=[\da-f]{16}\/)/gm,
        `${await seal(LOCAL)}/`,
      ),
    );
    expect((await closed.ask(master(url, '&audio=none'))).text).not.toContain('TYPE=AUDIO');
  });
});

describe('a hook that decides', () => {
  it('is shown what an own address stands for', async () => {
    const seen: (string | null)[] = [];
    const hooks = {
      authorize: async ({ media }: { readonly media: string | null }) => {
        seen.push(media);
        return media !== LOCAL;
      },
    };
    const guarded = await serveApp({ secret: SECRET, hooks });
    const file = `${guarded.url}/file/${await seal(LOCAL)}/film.mkv`;
    for (const path of [probe(file), master(file), file])
      expect((await guarded.ask(path)).status, path).toBe(403);
    expect(seen).toEqual([LOCAL, LOCAL, LOCAL]);
    await guarded.close();
  });

  it('tells what a name in an own address stands for', async () => {
    const seen: (string | null)[] = [];
    const hooks = {
      resolve: (id: string) => (id === 'film 1' ? { url: LOCAL } : null),
      authorize: ({ media }: { readonly media: string | null }) => {
        seen.push(media);
        return true;
      },
    };
    const named = await serveApp({ secret: SECRET, hooks });
    try {
      for (const own of ['/hls/master.m3u8?d=film%201', '/file?d=film%201']) {
        const url = named.url + own;
        for (const path of [probe(url), master(url)]) expect((await named.ask(path)).status, path).toBe(200);
      }
      expect(new Set(seen)).toEqual(new Set(['film 1']));
      expect((await closed.ask(probe(`${closed.url}/file?d=film%201`))).status).toBe(403);
    } finally {
      await named.close();
    }
  });
});

describe('nobody gains anything by it', () => {
  it('what was sealed without the key stays so', async () => {
    const url = async (isTrusted: boolean) =>
      `${closed.url}/file/${await seal(LOCAL, { isTrusted })}/film.mkv`;
    expect((await closed.ask(probe(await url(true)), { headers: FOREIGN })).status).toBe(200);
    expect((await closed.ask(probe(await url(false)), { headers: FOREIGN })).status).toBe(403);
    const keyed = probe(await url(false), `&key=${closed.accessKey}`);
    expect((await closed.ask(keyed, { headers: FOREIGN })).status).toBe(403);
  });

  it('one address lends nothing to another in the same request', async () => {
    const trusted = `${closed.url}/file/${await seal(LOCAL)}/film.mkv`;
    const path = `${probe(LOCAL)}&from=${encodeURIComponent(trusted)}&d=${encodeURIComponent(trusted)}`;
    expect((await closed.ask(path, { headers: FOREIGN })).status).toBe(403);
  });

  it.each([
    ['over', async () => `/file/${await seal(LOCAL, { expires: 1000 })}/film.mkv`],
    ['for somebody else', async () => `/file/${await seal(LOCAL, { client: '10.1.2.3' })}/film.mkv`],
    ['not ours', async () => `/file/${'a'.repeat(60)}/film.mkv`],
    ['nothing', async () => '/healthz'],
    ['another page', async () => '/file?d=ftp://x/y'],
  ])('an address that is %s is refused', async (_, path) => {
    const answer = await closed.ask(probe(`${closed.url}${await path()}`));
    expect(answer.status).toBe(403);
  });

  it('one address within another gives what both allow', async () => {
    const trusted = `${closed.url}/file/${await seal(LOCAL)}/film.mkv`;
    const outer = `${closed.url}/file/${await seal(trusted, { isTrusted: false })}/film.mkv`;
    expect((await closed.ask(probe(outer), { headers: FOREIGN })).status).toBe(403);
    expect((await closed.ask(probe(outer))).status).toBe(200);
  });

  it('other programs at the public host are asked as any others', async () => {
    const { hostname, port } = new URL(upstream.url);
    const flags = { 'public-url': `http://${hostname}:${port}/sluice`, allow: [hostname] };
    const beside = await serveApp({ secret: SECRET, flags });
    for (const path of [`file/${'a'.repeat(60)}/film.mkv`, `file?d=${encodeURIComponent(LOCAL)}`])
      expect((await beside.ask(probe(`${upstream.url}/${path}`))).status, path).toBe(200);
    expect(upstream.requests.length).toBeGreaterThan(1);
    const own = `${upstream.url}/sluice/file/${'a'.repeat(60)}/film.mkv`;
    expect((await beside.ask(probe(own))).status).toBe(403);
    await beside.close();
  });

  it('a server that only looks like this one is asked as any other', async () => {
    const url = `${upstream.url}/file/${await seal(LOCAL)}/film.mkv`;
    expect((await closed.ask(probe(url))).status).toBe(403);
    expect((await app.ask(probe(url))).status).toBe(200);
    expect(upstream.requests.length).toBeGreaterThan(0);
  });
});
