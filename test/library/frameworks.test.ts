import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type RequestHandler } from 'express';
import fastify from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSluice, type Sluice, type SluiceSettings } from '../../src/sluice.ts';
import { fixture } from '../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { example } from './examples.ts';

interface Running {
  readonly server: Server;
  readonly sluice: Sluice;
}

const film = fixture('bframes-aac');
const folder = mkdtempSync(join(tmpdir(), 'sluice-frameworks-'));
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream(file(film));
});
afterAll(async () => {
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.answer(file(film));
});

const AsyncFunction = (async () => undefined).constructor as new (
  ...parts: readonly string[]
) => (...given: readonly unknown[]) => Promise<void>;

/** Runs the example of the README, but for the names of modules, its port and what it plays. */
async function run(
  name: 'express' | 'fastify',
  exchanged: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const uploads = join(folder, name);
  const text = example(name, { 'https://storage.example': upstream.url, '3000': '0', ...exchanged });
  let sluice: Sluice | undefined;
  let server: Server | undefined;
  const open: typeof openSluice = async (settings) => {
    const more = { secret: 'kept', ffmpeg: null, uploads, allow: ['127.0.0.1'] };
    const { prepare, ...rest } = await openSluice({ ...more, ...settings });
    sluice = {
      ...rest,
      prepare(given) {
        server = given;
        prepare(given);
      },
    };
    return sluice;
  };
  const body = text.replaceAll(/^import .*$/gm, '');
  await new AsyncFunction('express', 'fastify', 'openSluice', body)(express, fastify, open);
  if (!server || !sluice) throw new Error('The example prepares no server');
  if (!server.listening) await once(server, 'listening');
  return { server, sluice };
}

describe.each(['express', 'fastify'] as const)('below %s', (name) => {
  let running: Running | undefined;
  afterEach(async () => {
    if (!running) return;
    const { server, sluice } = running;
    running = undefined;
    await sluice.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const start = async (exchanged?: Readonly<Record<string, string>>): Promise<string> => {
    running = await run(name, exchanged);
    return `http://127.0.0.1:${(running.server.address() as AddressInfo).port}`;
  };

  it('is an example of a few lines', () => {
    const lines = example(name).trim().split('\n');
    expect(lines.length - lines.indexOf('') - 1).toBeLessThanOrEqual(11);
  });

  it('plays a film by its name, and leaves the rest to the host', async () => {
    const url = await start();
    expect(await (await fetch(url)).text()).toContain('/media/?d=7');
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
    const master = new URL('/media/hls/master.m3u8?d=7', url);
    const answer = await fetch(master);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'application/vnd.apple.mpegurl',
    ]);
    const text = await answer.text();
    expect(text).not.toContain('storage');
    const list = new URL(/^(?!#).+$/m.exec(text)?.[0] ?? '', master);
    expect(list.pathname).toMatch(/^\/media\/hls\//);
    const names = [...(await (await fetch(list)).text()).matchAll(/URI="([^"]+)"|^(?!#).+$/gm)];
    expect(names.length).toBeGreaterThan(2);
    for (const [line, map] of names) {
      const part = await fetch(new URL(map ?? line, list));
      expect([part.status, part.headers.get('content-type')]).toEqual([200, 'video/mp4']);
      expect((await part.arrayBuffer()).byteLength).toBeGreaterThan(500);
    }
  });

  it('has its page, sends on to it, and says in its own way what is not there', async () => {
    const url = await start();
    const page = await fetch(`${url}/media/`);
    expect([page.status, (await page.text()).includes('id="stage"')]).toEqual([200, true]);
    const moved = await fetch(`${url}/media?d=7`, { redirect: 'manual' });
    if (name === 'express') {
      expect(moved.status).toBe(302);
      expect(new URL(moved.headers.get('location') ?? '', `${url}/media`).href).toBe(`${url}/media/?d=7`);
    }
    const nothing = await fetch(`${url}/media/nothing/here`);
    expect([nothing.status, (await nothing.json()).error.code]).toEqual([404, 'not-found']);
    const unknown = await fetch(`${url}/media/probe?d=8`);
    expect([unknown.status, (await unknown.json()).error.code]).toEqual([404, 'not-found']);
  });

  it('asks no address that its settings forbid', async () => {
    const url = await start({ 'openSluice({': 'openSluice({ allow: [],' });
    const answer = await fetch(`${url}/media/probe?d=7`);
    expect([answer.status, (await answer.json()).error.code]).toEqual([403, 'forbidden-address']);
    const foreign = await fetch(`${url}/media/probe?d=7`, { headers: { host: 'rebound.example' } });
    expect(foreign.status).toBe(403);
    expect(upstream.requests).toEqual([]);
  });

  it('ends what nobody waits for', async () => {
    const url = await start();
    upstream.answer((request, response, seen) => {
      // The end of the file does not come.
      if (request.headers.range === 'bytes=0-99') return file(film)(request, response, seen);
      response.writeHead(206, {
        'content-length': String(film.length),
        'content-range': `bytes 0-${film.length - 1}/${film.length}`,
      });
      response.write(film.subarray(0, 100));
    });
    const leaving = new AbortController();
    const left = fetch(`${url}/media/probe?d=7`, { signal: leaving.signal }).catch(
      (error: Error) => error.name,
    );
    await expect.poll(() => upstream.requests.length).toBe(1);
    leaving.abort();
    expect(await left).toBe('AbortError');
    await expect.poll(() => upstream.requests[0]?.closedAt).toBeTypeOf('number');
  });

  it('takes bodies, also those that a parser of the host has read', async () => {
    const url = await start(
      name === 'express'
        ? { 'const app = express();': 'const app = express(); app.use(express.json());' }
        : {},
    );
    const urls = [{ endpoint: '/proxy/stream', destination_url: 'https://a.example/film.mkv' }];
    const made = await fetch(`${url}/media/generate_urls`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ mediaflow_proxy_url: `${url}/media`, urls }),
    });
    expect([made.status, await made.text()]).toEqual([200, expect.stringContaining('a.example')]);
    const sent = await fetch(`${url}/media/uploads`, { method: 'POST', body: Buffer.from(film) });
    expect(sent.status).toBe(201);
    const { url: place } = (await sent.json()) as { url: string };
    expect(place).toMatch(/^\/media\/hls\/master\.m3u8\?d=upload:/);
    expect((await fetch(new URL(place, url))).status).toBe(200);
  });
});

describe('below express with a parser that reads all bodies', () => {
  let end: () => Promise<void> = async () => undefined;
  afterEach(() => end());

  async function start(parser: RequestHandler, more: SluiceSettings = {}): Promise<string> {
    const uploads = mkdtempSync(join(folder, 'parsed-'));
    const sluice = await openSluice({ secret: 'kept', ffmpeg: null, uploads, ...more });
    const server = createServer(express().use(parser).use('/media', sluice.listener('/media')));
    sluice.prepare(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    end = async () => {
      await sluice.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/media`;
  }

  const all = { type: () => true, limit: '9mb' };
  const PARSERS = {
    none: (_: unknown, __: unknown, next: () => void) => next(),
    json: express.json(),
    raw: express.raw(all),
    text: express.text(all),
    urlencoded: express.urlencoded({ extended: false }),
  };
  const inForm = () => {
    const form = new FormData();
    form.append('file', new Blob([Buffer.from(film)]), 'a.mkv');
    return form;
  };
  const LOST = [501, 'not-offered'];

  it.each<{ parser: keyof typeof PARSERS; told: readonly [number, unknown] | typeof LOST }>([
    { parser: 'none', told: [201, undefined] },
    { parser: 'json', told: [201, undefined] },
    { parser: 'raw', told: [201, undefined] },
    { parser: 'text', told: LOST },
    { parser: 'urlencoded', told: [201, undefined] },
  ])('$parser: uploads are taken, or refused at once', async ({ parser, told }) => {
    const url = await start(PARSERS[parser]);
    const type = { 'content-type': 'video/x-matroska' };
    const codeIn = async (answer: Response) => {
      const { error } = (await answer.json()) as { error?: { code: string } };
      return [answer.status, error?.code];
    };
    const bodies = [{ body: Buffer.from(film), headers: type }, { body: inForm() }];
    for (const sent of bodies)
      expect(await codeIn(await fetch(`${url}/uploads`, { method: 'POST', ...sent }))).toEqual(told);
    const made = await fetch(`${url}/remux`, { method: 'POST', body: Buffer.from(film), headers: type });
    if (told === LOST) expect(await codeIn(made)).toEqual(LOST);
    else {
      expect([made.status, made.headers.get('content-type')]).toEqual([200, 'video/mp4']);
      expect((await made.arrayBuffer()).byteLength).toBeGreaterThan(1000);
    }
  });

  it.each(Object.keys(PARSERS) as (keyof typeof PARSERS)[])('%s: forms and JSON are read', async (parser) => {
    const url = await start(PARSERS[parser]);
    // Of a provider on this machine, which may not be asked: its user name was read.
    const form = new URLSearchParams({
      username: Buffer.from('http://127.0.0.1:9:bob').toString('base64'),
      password: 'a&b c',
    });
    const asked = await fetch(`${url}/player_api.php`, { method: 'POST', body: form });
    expect([asked.status, ((await asked.json()) as { code: string }).code]).toEqual([
      403,
      'forbidden-address',
    ]);
    const urls = [{ endpoint: '/proxy/stream', destination_url: 'https://a.example/film.mkv' }];
    const made = await fetch(`${url}/generate_urls`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ mediaflow_proxy_url: url, urls }),
    });
    expect([made.status, await made.text()]).toEqual([200, expect.stringContaining('a.example')]);
  });

  it('an upload that says no length and is larger than it may be is refused, whoever has read it', async () => {
    const url = await start(PARSERS.raw, { uploadBytes: 1000 });
    const body = new Blob([Buffer.from(film)]).stream();
    const question = { method: 'POST', body, duplex: 'half' } as const;
    const answer = await fetch(`${url}/remux`, question);
    expect([answer.status, (await answer.json()).error.code]).toEqual([413, 'limit']);
  });
});

it('a listener leaves the host’s own classes alone', async () => {
  const own = [class extends Request {}, class extends Response {}] as const;
  vi.stubGlobal('Request', own[0]);
  vi.stubGlobal('Response', own[1]);
  const sluice = await openSluice({ secret: 'kept', ffmpeg: null });
  try {
    sluice.listener('/media');
    expect([globalThis.Request === own[0], globalThis.Response === own[1]]).toEqual([true, true]);
  } finally {
    vi.unstubAllGlobals();
    await sluice.close();
  }
});
