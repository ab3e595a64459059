import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../src/edge/settings.ts';
import { fixture, fixturePath } from '../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { type Answer, ask, masterPath } from '../http/serve-app.ts';
import { type Bundle, bundleWorker, type Edge, type EdgeOptions, startEdge } from './edge.ts';
import { type NodeApp, startNode } from './node-app.ts';

const SECRET = 'the same on both';
/** Bytes with gzip: of the code; the platform's limit for all is 3 MB on the free plan. */
const CODE_BUDGET = 300_000;
const WHOLE_BUDGET = 1_500_000;

let bundle: Bundle;
let upstream: Upstream;
let worker: Edge;
let node: NodeApp;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  bundle = await bundleWorker();
  upstream = await startUpstream((request, response, seen) => {
    const { pathname } = new URL(request.url ?? '', 'http://upstream');
    file(readFileSync(fixturePath(pathname.slice(1))), { headers: { etag: '"1"' } })(request, response, seen);
  });
  open.push(upstream);
  [worker, node] = await Promise.all([edge(ORDINARY), startNode(SECRET)]);
  open.push(node);
}, 60_000);
afterAll(async () => {
  const failures: unknown[] = [];
  for (const one of open.reverse()) await one.close().catch((error: unknown) => failures.push(error));
  expect(failures).toEqual([]);
}, 60_000);

async function edge(
  bindings: Readonly<Record<string, string>>,
  more: EdgeOptions['more'] = {},
): Promise<Edge> {
  const started = await startEdge({ bundle, bindings, more });
  open.push(started);
  return started;
}

const ORDINARY = { SLUICE_SECRET: SECRET, SLUICE_ALLOW: '127.0.0.1' };

/** Every address of a title: playlists, init segments and segments, as paths. */
async function everyPath(server: { readonly url: string }, master: string): Promise<string[]> {
  const base = new URL(master, server.url);
  const { text } = await ask(base);
  const lists = [...text.matchAll(/^(?!#).+$|URI="([^"]+)"/gm)].map(([whole, uri]) => uri ?? whole);
  const paths = [master];
  for (const list of new Set(lists)) {
    const url = new URL(list, base);
    const inner = await ask(url);
    const names = [...inner.text.matchAll(/^(?!#).+$|URI="([^"]+)"/gm)].map(([whole, uri]) => uri ?? whole);
    paths.push(url.pathname, ...names.map((name) => new URL(name, url).pathname));
  }
  return paths;
}

function expectSame(path: string, here: Answer, there: Answer): void {
  const name = path.split('/').slice(-2).join('/');
  expect({ name, status: here.status, type: here.headers['content-type'] }).toEqual({
    name,
    status: there.status,
    type: there.headers['content-type'],
  });
  expect(here.status, `${name}: ${here.status === 200 ? '' : here.text}`).toBe(200);
  expect(here.body.equals(there.body), `${name}: ${here.body.length} and ${there.body.length} bytes`).toBe(
    true,
  );
}

describe('the bundle', () => {
  it('is small and needs nothing of Node', () => {
    const code = gzipSync(bundle.script).length;
    const whole = bundle.wasm.reduce((sum, { bytes }) => sum + gzipSync(bytes).length, code);
    console.log(
      `worker: ${code} bytes with gzip of ${CODE_BUDGET}, with WebAssembly ${whole} of ${WHOLE_BUDGET}`,
    );
    expect(code).toBeLessThan(CODE_BUDGET);
    expect(whole).toBeLessThan(WHOLE_BUDGET);
    expect(bundle.script).not.toMatch(/["'](node:|undici)/);
  });
});

describe('answers as Node does, byte for byte', { timeout: 60_000 }, () => {
  let encoding: Edge;
  let nodeEncoding: NodeApp;
  beforeAll(async () => {
    [encoding, nodeEncoding] = await Promise.all([
      edge({ ...ORDINARY, SLUICE_AAC: 'on' }),
      startNode(SECRET, { encodesSound: true }),
    ]);
    open.push(nodeEncoding);
  }, 60_000);

  it.each([
    ['bframes-aac', 'Matroska'],
    ['hevc-hdr10', 'HEVC and FLAC'],
    ['audio-only', 'sound alone'],
    ['transport', 'a transport stream'],
    ['transport-192', 'a transport stream of 192 bytes a packet'],
    ['progressive', 'MP4'],
    ['fragmented', 'MP4 in fragments'],
  ])('%s: %s', async (name) => {
    const paths = await everyPath(node, masterPath(`${upstream.url}/${name}`));
    expect(paths.length).toBeGreaterThan(4);
    for (const path of paths)
      expectSame(path, await ask(new URL(path, worker.url)), await ask(new URL(path, node.url)));
  });

  it.each([
    ['ac3', 'a1-aac', 'AC-3'],
    ['av1-eac3', 'a1-aac', 'E-AC-3 5.1'],
    ['alac-flac-mp3', 'a1-aac', 'ALAC'],
  ])('%s: %s is made of %s', async (name, rendition) => {
    const all = await everyPath(encoding, masterPath(`${upstream.url}/${name}`, '&audio=1'));
    const paths = all.filter((path) => path.includes(`/${rendition}/`));
    expect(paths.length).toBeGreaterThan(3);
    for (const path of paths)
      expectSame(path, await ask(new URL(path, encoding.url)), await ask(new URL(path, nodeEncoding.url)));
  });

  it('the film as one MP4', async () => {
    const path = `/remux.mp4?d=${encodeURIComponent(`${upstream.url}/bframes-aac`)}&start=3`;
    expectSame(path, await ask(new URL(path, worker.url)), await ask(new URL(path, node.url)));
  });

  it('playlists are compressed once, for who takes that', async () => {
    const url = new URL(masterPath(`${upstream.url}/bframes-aac`), worker.url);
    const plain = await ask(url);
    const zipped = await ask(url, { headers: { 'accept-encoding': 'gzip' } });
    expect([plain.headers['content-encoding'], zipped.headers['content-encoding']]).toEqual([
      undefined,
      'gzip',
    ]);
    expect(gunzipSync(zipped.body).toString()).toBe(plain.text);
  });

  it('says which decoders it cannot load', async () => {
    const { text } = await ask(new URL(`/probe?d=${upstream.url}/alac-flac-mp3`, encoding.url));
    const { tracks } = JSON.parse(text) as { tracks: { sourceCodec: string; forms: string[] }[] };
    const forms = Object.fromEntries(tracks.map(({ sourceCodec, forms: all }) => [sourceCodec, all.length]));
    expect(forms).toMatchObject({ A_ALAC: 2, A_FLAC: 2, 'A_MPEG/L3': 1 });
  });

  it.each([2, 6])('%i at a time, for a title that nobody has opened', async (count) => {
    const master = masterPath(`${upstream.url}/bframes-aac?viewers=${count}`);
    const paths = await everyPath(node, master);
    // Six of them are the first that this isolate gets.
    const fresh = count === 6 ? await edge(ORDINARY) : worker;
    const asked = Array.from({ length: count }, (_, i) => paths[i % paths.length] ?? master);
    const answers = await Promise.all(asked.map((path) => ask(new URL(path, fresh.url))));
    for (const [i, path] of asked.entries())
      expectSame(path, answers[i] as Answer, await ask(new URL(path, node.url)));
  });

  it.each([2, 6])('%i segments at a time', async (count) => {
    const paths = await everyPath(node, masterPath(`${upstream.url}/bframes-aac?segments=${count}`));
    const segments = paths.filter((path) => path.endsWith('.m4s')).slice(0, count);
    const answers = await Promise.all(segments.map((path) => ask(new URL(path, worker.url))));
    for (const [i, path] of segments.entries())
      expectSame(path, answers[i] as Answer, await ask(new URL(path, node.url)));
  });
});

describe('blocks', { timeout: 30_000 }, () => {
  it('that one isolate has read cost another one no request', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-edge-cache-'));
    try {
      const path = masterPath(`${upstream.url}/demo?isolates=2`);
      const first = await startEdge({ bundle, bindings: ORDINARY, more: { cachePersist: folder } });
      open.push(first);
      const { text } = await ask(new URL(path, first.url));
      const files = () => readdirSync(folder, { recursive: true, withFileTypes: true });
      const kept = () => files().filter((file) => file.isFile() && file.parentPath.endsWith('blobs'));
      await expect.poll(() => kept().length, { timeout: 5000 }).toBe(2);
      await first.close();
      const before = upstream.requests.length;
      const second = await startEdge({ bundle, bindings: ORDINARY, more: { cachePersist: folder } });
      open.push(second);
      expect((await ask(new URL(path, second.url))).text).toBe(text);
      await second.close();
      // The first one says whether the file is still the same.
      expect(upstream.ranges().slice(before)).toEqual(['bytes=0-1048575']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a client that leaves', { timeout: 30_000 }, () => {
  it('ends its upstream requests within a second, and nobody else’s', async () => {
    const slow = await startUpstream((request, response) => {
      const bytes = readFileSync(fixturePath('bframes-aac'));
      response.writeHead(206, {
        'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}`,
        'content-length': bytes.length,
        etag: '"1"',
      });
      response.write(bytes.subarray(0, 20_000));
      // The rest comes for who waits.
      const timer = setTimeout(() => response.end(bytes.subarray(20_000)), 2500);
      request.on('close', () => clearTimeout(timer));
    });
    open.push(slow);
    const path = masterPath(`${slow.url}/film`);
    const leaves = get(new URL(path, worker.url), { agent: false });
    leaves.on('error', () => undefined);
    // Who leaves is who came first: the other one must not have waited for its work.
    await expect.poll(() => slow.requests.length, { timeout: 2000 }).toBe(1);
    const stays = ask(new URL(path, worker.url));
    await expect.poll(() => slow.requests.length, { timeout: 2000 }).toBe(2);
    const left = performance.now();
    // A connection that is only half closed may still wait for its answer.
    leaves.socket?.resetAndDestroy();
    await expect
      .poll(() => slow.requests.filter(({ closedAt }) => closedAt !== null).length, { timeout: 1500 })
      .toBe(1);
    expect(performance.now() - left).toBeLessThan(1000);
    expect((await stays).status).toBe(200);
  });
});

describe('refuses', { timeout: 30_000 }, () => {
  let strict: Edge;
  beforeAll(async () => {
    strict = await edge({ SLUICE_SECRET: SECRET });
  }, 60_000);

  it.each([
    'http://127.0.0.1/a.mkv',
    'http://2130706433/a.mkv',
    'http://0x7f.1/a.mkv',
    'http://0177.0.0.1/a.mkv',
    'http://[::1]/a.mkv',
    'http://[::ffff:10.0.0.1]/a.mkv',
    'http://[64:ff9b::a00:1]/a.mkv',
    'http://169.254.169.254/latest',
    'http://metadata.google.internal/a',
    'http://localhost:8080/a.mkv',
    'http://some.localhost/a.mkv',
    'http://LOCALHOST./a.mkv',
    'http://nas/a.mkv',
    'http://nas.local/a.mkv',
    'http://router.lan/a.mkv',
    'http://10.0.0.1.nip.io/a.mkv',
    'http://app-192-168-1-4.sslip.io/a.mkv',
  ])('%s, which is private', async (url) => {
    const { status, text } = await ask(new URL(masterPath(url), strict.url));
    expect({ status, code: JSON.parse(text).error.code }).toEqual({ status: 403, code: 'forbidden-address' });
    expect(text).toContain('SLUICE_ALLOW=');
  });

  it.each([
    ['root:films/a.mkv', 'not-found', /no folders/],
    ['upload:abc', 'not-found', /no folders/],
    ['ftp://example.org/a', 'bad-request', /http or https/],
    ['r2:FILMS/a.mkv', 'not-found', /no bucket/],
  ])('%s: %s', async (url, code, message) => {
    const { text } = await ask(new URL(masterPath(url), strict.url));
    expect(JSON.parse(text).error).toEqual({ code, message: expect.stringMatching(message) });
  });

  it('to redirect into a private network', async () => {
    const sly = await startUpstream((_, response) => {
      response.writeHead(302, { location: 'http://10.0.0.1/a.mkv' }).end();
    });
    open.push(sly);
    const { status, text } = await ask(new URL(masterPath(`${sly.url}/a`), worker.url));
    expect({ status, code: JSON.parse(text).error.code }).toEqual({ status: 403, code: 'forbidden-address' });
  });

  it('to start without a secret, and says how to set one', async () => {
    const bare = await edge({});
    const { status, text } = await ask(new URL('/', bare.url));
    expect({ status, message: JSON.parse(text).error.message }).toEqual({
      status: 503,
      message: expect.stringMatching(/wrangler secret put SLUICE_SECRET/),
    });
  });

  it.each([
    ['SLUICE_SUBREQUESTS', 'many'],
    ['SLUICE_SUBREQUESTS', '5'],
    ['SLUICE_AAC', 'maybe'],
    ['SLUICE_AAC_QUALITY', '5000'],
    ['SLUICE_PUBLIC_URL', 'media.example.org'],
  ])('the setting %s=%s by name', (name, value) => {
    const read = () => readSettings({ SLUICE_SECRET: SECRET, [name]: value });
    expect(read).toThrow(name === 'SLUICE_PUBLIC_URL' ? /public-url/ : name);
  });
});

describe('a bucket', { timeout: 30_000 }, () => {
  const FILM = 'r2:FILMS/shelf/film.mkv';
  const buckets = { r2Buckets: { FILMS: 'films', MINE: 'mine' } };
  let bucketed: Edge;
  beforeAll(async () => {
    bucketed = await edge({ SLUICE_SECRET: SECRET, SLUICE_R2_PUBLIC: 'FILMS' }, buckets);
    await put('FILMS', 'shelf/film.mkv', fixture('bframes-aac'));
    await put('FILMS', 'changing.mkv', fixture('bframes-aac'));
    await put('MINE', 'film.mkv', fixture('bframes-aac'));
  }, 60_000);

  async function put(name: string, key: string, bytes: Uint8Array): Promise<void> {
    const bucket: unknown = await bucketed.miniflare.getR2Bucket(name);
    await (bucket as { put(key: string, value: Blob): Promise<unknown> }).put(
      key,
      new Blob([new Uint8Array(bytes)]),
    );
  }

  it('is read by ranges, as the same film is from elsewhere', async () => {
    const [there, here] = await Promise.all([
      everyPath(node, masterPath(`${upstream.url}/bframes-aac`)),
      everyPath(bucketed, masterPath(FILM)),
    ]);
    expect(here.length).toBe(there.length);
    for (const [i, path] of here.entries())
      if (/\.(mp4|m4s)$/.test(path))
        expectSame(
          path,
          await ask(new URL(path, bucketed.url)),
          await ask(new URL(there[i] ?? '', node.url)),
        );
  });

  it('that changes is an error, not a splice', async () => {
    const paths = await everyPath(bucketed, masterPath('r2:FILMS/changing.mkv'));
    const segment = paths.find((path) => path.endsWith('v0/1.m4s')) ?? '';
    await put('FILMS', 'changing.mkv', fixture('bframes-aac').fill(7, 5000, 6000));
    expect((await ask(new URL(segment, bucketed.url))).status).toBe(410);
  });

  it('is open to nobody unless it is said so', async () => {
    const { status, text } = await ask(new URL(masterPath('r2:MINE/film.mkv'), bucketed.url));
    expect({ status, message: JSON.parse(text).error.message }).toEqual({
      status: 403,
      message: expect.stringMatching(/API_PASSWORD.*SLUICE_R2_PUBLIC=MINE/),
    });
  });

  it('has no such object', async () => {
    expect((await ask(new URL(masterPath('r2:FILMS/none'), bucketed.url))).status).toBe(404);
  });

  it('is open to who has the password, under the name that was given', async () => {
    const SLUICE_PUBLIC_URL = 'https://media.example.org';
    const guarded = await edge({ SLUICE_SECRET: SECRET, API_PASSWORD: 'sesame', SLUICE_PUBLIC_URL }, buckets);
    const status = async (more: string, host: string) =>
      (await ask(new URL(masterPath('r2:MINE/none', more), guarded.url), { headers: { host } })).status;
    expect([
      await status('', 'media.example.org'),
      await status('&api_password=sesame', 'media.example.org'),
      await status('&api_password=sesame', 'other.example.org'),
    ]).toEqual([403, 404, 403]);
  });
});
