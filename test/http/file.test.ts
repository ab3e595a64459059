import { appendFileSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTokenBox, type MediaRequest } from '../../src/proxy/token.ts';
import { fixture } from '../helpers/fixtures.ts';
import { cutAfter, file, inTurn, patternBytes, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { type ServedApp, serveApp } from './serve-app.ts';

const SECRET = 'a secret of the tests';
const PASSWORD = 'word';
const BYTES = patternBytes(100_000);
const NAME = 'Ein Film – größer.mkv';
const folder = mkdtempSync(join(tmpdir(), 'sluice-file-'));
const path = join(folder, NAME);
let upstream: Upstream;
let app: ServedApp;

beforeAll(async () => {
  writeFileSync(path, BYTES);
  upstream = await startUpstream(file(BYTES));
  app = await serveApp({
    flags: { allow: ['127.0.0.1'], root: [`films=${folder}`] },
    env: { API_PASSWORD: PASSWORD },
    secret: SECRET,
    timeouts: { backoff: 1 },
  });
});
afterAll(async () => {
  await app.close();
  await upstream.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.answer(file(BYTES, { headers: { etag: '"f"' } }));
});

const BARE = { headers: {}, video: null, audio: null, recovery: 'shown', expires: null } as const;
async function seal(url: string, more: Partial<MediaRequest> = {}): Promise<string> {
  const box = await createTokenBox(SECRET, Date.now);
  return box.seal({ ...BARE, url, isTrusted: true, ...more });
}
const lasting = async (url: string, more: Partial<MediaRequest> = {}) =>
  `/file/${await seal(url, more)}/${encodeURIComponent(NAME)}`;
const asked = (url: string) => `/file?api_password=${PASSWORD}&d=${encodeURIComponent(url)}`;
const LOCAL = `root:films/${NAME}`;
const remote = () => `${upstream.url}/dir/film.mkv?sig=1`;

describe.each([
  ['a file of a folder', 200, () => lasting(LOCAL)],
  ['a file of a folder by d=', 200, async () => asked(LOCAL)],
  ['a file of a server', 206, () => lasting(remote())],
  ['a file of a server by d=', 206, async () => asked(remote())],
])('%s', (_, otherwise, address) => {
  it.each([
    [undefined, 200, 0, 100_000],
    ['bytes=0-0', 206, 0, 1],
    ['bytes=500-999', 206, 500, 1000],
    ['bytes=99990-', 206, 99_990, 100_000],
    ['bytes=-10', 206, 99_990, 100_000],
    ['bytes=99000-200000', 206, 99_000, 100_000],
  ])('%s: %i', async (range, status, start, end) => {
    const answer = await app.ask(await address(), range ? { headers: { range } } : {});
    expect([answer.status, answer.headers['content-length']]).toEqual([status, String(end - start)]);
    expect(answer.headers['content-range']).toBe(
      status === 206 ? `bytes ${start}-${end - 1}/100000` : undefined,
    );
    expect(answer.body.equals(BYTES.subarray(start, end))).toBe(true);
  });

  it('gives HEAD no ranges', async () => {
    for (const range of ['bytes=0-9', 'bytes=100000-']) {
      const { status, headers } = await app.ask(await address(), { method: 'HEAD', headers: { range } });
      expect([status, headers['content-range'], headers['content-length']]).toEqual([
        200,
        undefined,
        '100000',
      ]);
    }
  });

  it('says what it is, to HEAD as well, and what lies behind its end is 416', async () => {
    const { status, headers, body } = await app.ask(await address(), { method: 'HEAD' });
    expect([status, body.length]).toEqual([200, 0]);
    expect(headers).toMatchObject({
      'content-type': 'video/x-matroska',
      'content-length': '100000',
      'content-disposition': expect.stringMatching(/^inline; filename/),
      'x-content-type-options': 'nosniff',
      etag: expect.stringMatching(/^".+"$/),
    });
    const beyond = await app.ask(await address(), { headers: { range: 'bytes=100000-' } });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */100000']);
  });

  it('its tag joins what belongs together, and nothing else', async () => {
    const url = await address();
    const { etag } = (await app.ask(url, { method: 'HEAD' })).headers;
    const range = 'bytes=10-19';
    const same = await app.ask(url, { headers: { range, 'if-range': String(etag) } });
    expect([same.status, same.body.length]).toEqual([206, 10]);
    const other = await app.ask(url, { headers: { range, 'if-range': '"x"' } });
    // Whether an upstream's tag fits is the upstream's to say: the one here gives every range.
    expect(other.status).toBe(otherwise);
  });
});

describe('a file of a folder', () => {
  it('that has not changed is not sent again', async () => {
    const { etag } = (await app.ask(await lasting(LOCAL))).headers;
    const again = await app.ask(await lasting(LOCAL), { headers: { 'if-none-match': String(etag) } });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  it('that was written over in place has another tag', async () => {
    const url = await lasting(LOCAL);
    const { etag } = (await app.ask(url)).headers;
    const { mtimeMs } = statSync(path);
    utimesSync(path, new Date(), new Date(mtimeMs + 5000));
    const answer = await app.ask(url, { headers: { range: 'bytes=0-9', 'if-range': String(etag) } });
    expect([answer.status, answer.body.length]).toEqual([200, BYTES.length]);
    expect(answer.headers.etag).not.toBe(etag);
  });

  it.each([
    ['video/mp4', 'film.mp4'],
    ['video/mp2t', 'film.ts'],
    ['application/octet-stream', 'page.html'],
  ])('is %s as %s, and nothing that runs', async (type, name) => {
    writeFileSync(join(folder, name), '<script>');
    const answer = await app.ask(`/file/${await seal(`root:films/${name}`)}/${name}`);
    expect(answer.headers).toMatchObject({ 'content-type': type, 'x-content-type-options': 'nosniff' });
    const worker = await app.ask(`/file/${await seal(`root:films/${name}`)}/${name}`, {
      headers: { 'service-worker': 'script' },
    });
    expect(worker.status).toBe(403);
  });

  it.each([
    ['video/x-matroska', () => fixture('demo')],
    ['video/mp4', () => fixture('progressive')],
    ['video/mp2t', () => `G${'.'.repeat(187)}`.repeat(4)],
    ['video/mp2t', () => `timeG${'.'.repeat(187)}`.repeat(4)],
    ['video/x-msvideo', () => 'RIFF....AVI LIST'],
    ['audio/wav', () => 'RIFF....WAVEfmt '],
    ['application/octet-stream', () => 'words'],
    ['application/octet-stream', () => `${'w'.repeat(188)}Good words`],
  ])('without an ending is %s by what is in it', async (type, bytes) => {
    writeFileSync(join(folder, 'film'), bytes());
    const answer = await app.ask(`/file/${await seal('root:films/film')}/film`);
    expect(answer.headers['content-type']).toBe(type);
  });

  it('may be called anything', async () => {
    writeFileSync(join(folder, 'two\nlines.mkv'), 'x');
    const { status, headers } = await app.ask(asked('root:films/two\nlines.mkv'));
    expect([status, headers['content-disposition']]).toEqual([200, 'inline; filename="two_lines.mkv"']);
  });

  it('that grows while it is asked for is answered', async () => {
    const growing = join(folder, 'growing.mkv');
    writeFileSync(growing, BYTES);
    const timer = setInterval(() => appendFileSync(growing, 'more'), 2);
    const url = await lasting('root:films/growing.mkv');
    const statuses: number[] = [];
    for (let i = 0; i < 100; i++) {
      const { status, body } = await app.ask(url, { headers: { range: 'bytes=0-49999' } });
      statuses.push(status);
      if (status === 206) expect(body.equals(BYTES.subarray(0, 50_000))).toBe(true);
    }
    clearInterval(timer);
    // A third of them would not be, if each file were looked at once.
    expect(statuses.filter((status) => status !== 206).length).toBeLessThan(15);
  });

  it('that is empty, missing or outside', async () => {
    writeFileSync(join(folder, 'empty.mkv'), '');
    const empty = await app.ask(await lasting('root:films/empty.mkv'));
    expect([empty.status, empty.headers['content-length']]).toEqual([200, '0']);
    expect((await app.ask(await lasting('root:films/none.mkv'))).status).toBe(404);
    expect((await app.ask(await lasting('root:films/../x.mkv'))).status).toBe(400);
  });

  it('is for pages of other sites only where the address was made with the key', async () => {
    const headers = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };
    const open = await app.ask(await lasting(LOCAL), { headers });
    expect([open.status, open.headers['access-control-allow-origin']]).toEqual([200, '*']);
    const closed = await app.ask(await lasting(LOCAL, { isTrusted: false }), { headers });
    expect([closed.status, closed.headers['access-control-allow-origin']]).toEqual([403, undefined]);
  });
});

describe('a file of a server', () => {
  it('goes on where a connection breaks', async () => {
    const headers = { etag: '"f"' };
    upstream.answer(inTurn(cutAfter(BYTES, 30_000, headers), file(BYTES, { headers })));
    const { body } = await app.ask(await lasting(remote()));
    expect(body.equals(BYTES)).toBe(true);
    expect(upstream.ranges().at(-1)).toBe('bytes=30000-99999');
  });

  it('that knows no ranges comes whole', async () => {
    upstream.answer((_, response) => response.end(BYTES));
    const answer = await app.ask(await lasting(remote()), { headers: { range: 'bytes=0-' } });
    expect([answer.status, answer.headers['content-range']]).toEqual([200, undefined]);
    expect(answer.body.equals(BYTES)).toBe(true);
  });

  it('is asked with its headers', async () => {
    await app.ask(await lasting(remote(), { headers: { 'x-one': '1' } }));
    expect(upstream.requests[0]).toMatchObject({ path: '/dir/film.mkv?sig=1', headers: { 'x-one': '1' } });
  });
});

describe('a file that has a name of a hook', () => {
  it.each([
    ['a server that knows no ranges', () => remote(), 200],
    ['a folder', () => LOCAL, 206],
  ])('is that of %s', async (_, place, status) => {
    upstream.answer((_request, response) => response.end(BYTES));
    const named = await serveApp({
      flags: { allow: ['127.0.0.1'], root: [`films=${folder}`] },
      hooks: { resolve: async (id) => (id === 'film-1' ? { url: place() } : null) },
    });
    const answer = await named.ask('/file?d=film-1', { headers: { range: 'bytes=0-99999' } });
    expect([answer.status, answer.body.equals(BYTES)]).toEqual([status, true]);
    expect((await named.ask('/file?d=film-2')).status).toBe(404);
    await named.close();
  });
});

describe('addresses', () => {
  it('need no password, d= does', async () => {
    expect((await app.ask(await lasting(LOCAL))).status).toBe(200);
    expect((await app.ask(`/file?d=${encodeURIComponent(LOCAL)}`)).status).toBe(403);
  });

  it('that are not ours, over, or for somebody else are refused', async () => {
    for (const url of [
      '/file/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/film.mkv',
      await lasting(LOCAL, { expires: 1000 }),
      await lasting(LOCAL, { client: '10.1.2.3' }),
      `/hls/${await seal(LOCAL, { client: '10.1.2.3' })}/master.m3u8`,
      `/remux.mp4/${await seal(LOCAL, { client: '10.1.2.3' })}/film.mp4`,
    ])
      expect((await app.ask(url)).status, url).toBe(403);
  });

  it('last for HLS and MP4, too', async () => {
    writeFileSync(join(folder, 'demo.mkv'), fixture('demo'));
    const token = await seal('root:films/demo.mkv');
    const master = `/hls/${token}/master.m3u8`;
    const list = await app.ask(master);
    expect([list.status, list.headers['content-type'], list.headers['cache-control']]).toEqual([
      200,
      'application/vnd.apple.mpegurl',
      'private, no-cache',
    ]);
    const uri = /^(?!#).+$/m.exec(list.text)?.[0] ?? '';
    const media = await app.ask(new URL(uri, new URL(master, app.url)).href);
    expect([media.status, media.text]).toEqual([200, expect.stringContaining('#EXT-X-ENDLIST')]);
    const movie = await app.ask(`/remux.mp4/${token}/film.mp4?duration=2`);
    expect([movie.status, movie.body.subarray(4, 8).toString()]).toEqual([200, 'ftyp']);
  });
});
