import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSluice, type Sluice } from '../../src/sluice.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-mounted-'));
const FILM = 'd=root:films/bframes-aac.mkv';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await openSluice({
    roots: new Map([['films', fixtures]]),
    listed: ['films'],
    uploads: join(folder, 'uploads'),
    secret: 'the same for all',
    ffmpeg: null,
  });
});
afterAll(async () => {
  await sluice.close();
  rmSync(folder, { recursive: true, force: true });
});

type Ask = (path: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;

const inProcess =
  (app: Pick<Hono, 'fetch'>): Ask =>
  async (path, headers = {}) =>
    app.fetch(new Request(`http://localhost${path}`, { headers: { host: 'localhost', ...headers } }));

/** A host with an answer of its own for everything else. */
const host = (app: Hono): Hono => {
  app.get('/', (c) => c.text('the host'));
  app.notFound((c) => c.text('nothing of the host', 404));
  return app;
};

/** Where Sluice can stand in another app. */
const PLACES: readonly (readonly [name: string, prefix: string, ask: () => Ask])[] = [
  ['by itself', '', () => inProcess(sluice.app)],
  ['routed', '/media', () => inProcess(host(new Hono()).route('/media', sluice.app))],
  [
    'routed where slashes do not matter',
    '/media',
    () => inProcess(host(new Hono({ strict: false })).route('/media', sluice.app)),
  ],
  [
    'routed below a parameter',
    '/of/ann%20lee/browse',
    () => inProcess(host(new Hono()).route('/of/:user/browse', sluice.app)),
  ],
  [
    'in an app in an app',
    '/a/b',
    () => inProcess(host(new Hono()).route('/a', new Hono().route('/b', sluice.app))),
  ],
  ['mounted', '/media', () => inProcess(host(new Hono()).mount('/media', sluice.app.fetch))],
];

describe.each(PLACES)('%s', (name, prefix, place) => {
  let ask: Ask;
  beforeAll(() => {
    ask = place();
  });

  it('is healthy, tells errors in its own way and leaves the rest to the host', async () => {
    expect(await (await ask(`${prefix}/healthz`)).json()).toEqual({ status: 'ok' });
    const wrong = await ask(`${prefix}/probe?d=nonsense`);
    expect([wrong.status, (await wrong.json()).error.code]).toEqual([400, 'bad-request']);
    const nothing = await ask(`${prefix}/nothing/here`);
    const isOwn = name === 'by itself' || name === 'mounted';
    expect([nothing.status, (await nothing.text()).includes('nothing of the host')]).toEqual([404, !isOwn]);
    if (name !== 'by itself') expect(await (await ask('/')).text()).toBe('the host');
  });

  it('gives the same bytes', async () => {
    const here = await play(ask, prefix);
    expect(here).toEqual(await play(inProcess(sluice.app), ''));
    expect(here.length).toBeGreaterThan(3);
  });

  it('has a page that asks for nothing outside', async () => {
    const page = await ask(`${prefix}/?d=`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const html = await page.text();
    expect(html).toContain('id="stage"');
    const files = links(html, prefix);
    expect(files.map(({ path }) => path)).toContain(`${prefix}/web/player.js`);
    expect(files.filter(({ path }) => !path.startsWith(`${prefix}/`))).toEqual([]);
  });

  it('lists folders whose links lead on', async () => {
    const [, top] = links(await (await ask(`${prefix}/`)).text(), prefix);
    expect(top?.path).toBe(`${prefix}/browse/films/`);
    const list = links(await (await ask(`${prefix}/browse/films/`)).text(), `${prefix}/browse/films`);
    const film = list.find(({ query }) => query.get('d') === 'root:films/bframes-aac.mkv');
    expect(film?.path).toBe(`${prefix}/`);
    expect(new Set(list.map(({ path }) => path))).toEqual(new Set([`${prefix}/`]));
  });
});

describe('the page without its slash', () => {
  const routed = PLACES.filter(([name]) => /routed|an app in/.test(name));
  it.each(routed)('%s: sends on to where it lies', async (_, prefix, place) => {
    const answer = await place()(`${prefix}?d=root%3Afilms%2Fa.mkv&x=1`);
    expect(answer.status).toBe(302);
    const to = new URL(answer.headers.get('location') ?? '', `http://localhost${prefix}`);
    expect(to.href).toBe(`http://localhost${prefix}/?d=root%3Afilms%2Fa.mkv&x=1`);
  });
});

/** Addresses on a page that lies in `folder`. */
const links = (html: string, folder: string) =>
  [...html.matchAll(/(?:href|src|action)="([^"]+)"/g)].flatMap(([, text = '']) => {
    const { pathname, searchParams, protocol } = new URL(
      text.replaceAll('&amp;', '&'),
      `http://localhost${folder}/`,
    );
    return protocol === 'data:' ? [] : [{ path: pathname, query: searchParams }];
  });

/** Hashes of all that a player loads of one rendition, in order; the addresses are followed as they are written. */
async function play(ask: Ask, prefix: string): Promise<string[]> {
  const master = new URL(`http://localhost${prefix}/hls/master.m3u8?${FILM}`);
  const list = new URL(first(await read(ask, master)), master);
  const names = (await read(ask, list)).matchAll(/URI="([^"]+)"|^(?!#).+$/gm);
  const hashes: string[] = [];
  for (const [line, map] of names) {
    const answer = await ask(new URL(map ?? line, list).pathname);
    expect(answer.status).toBe(200);
    const hash = await crypto.subtle.digest('SHA-256', await answer.arrayBuffer());
    hashes.push(Buffer.from(hash).toString('hex'));
  }
  return hashes;
}

const first = (playlist: string): string => /^(?!#).+$/m.exec(playlist)?.[0] ?? '';

async function read(ask: Ask, { pathname, search }: URL): Promise<string> {
  const answer = await ask(pathname + search);
  expect(answer.status).toBe(200);
  return answer.text();
}

describe('uploads', () => {
  it('need a server of Node', async () => {
    const answer = await sluice.app.fetch(
      new Request('http://localhost/uploads', { method: 'POST', body: 'x', headers: { host: 'localhost' } }),
    );
    expect([answer.status, (await answer.json()).error.code]).toEqual([501, 'not-offered']);
  });

  it('are told with the prefix, and play there', async () => {
    const app = new Hono().route('/my/media', sluice.app);
    const server = createAdaptorServer({ fetch: app.fetch }) as Server;
    sluice.prepare(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/my/media/uploads`;
      const film = await sluice.app.fetch(
        new Request(`http://localhost/remux.mp4?${FILM}`, { headers: { host: 'localhost' } }),
      );
      const sent = await fetch(url, { method: 'POST', body: await film.arrayBuffer() });
      const { id, url: place } = (await sent.json()) as { id: string; url: string };
      expect(sent.headers.get('location')).toBe(`/my/media/uploads/${id}`);
      expect(place).toBe(`/my/media/hls/master.m3u8?d=upload:${id}`);
      expect(await (await fetch(`${url}/${id}`)).json()).toMatchObject({ id, url: place });
      const master = await fetch(new URL(place, url));
      expect(await master.text()).toContain('#EXT-X-STREAM-INF');
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
