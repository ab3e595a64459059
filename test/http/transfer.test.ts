import { type IncomingMessage, request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { cutAfter, file, type Handler, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { largeFilm } from './large-film.ts';
import { masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from './serve-app.ts';

/** Rule 25: within a second. */
const GONE_WITHIN = 1000;
const SECRET = 'the same for all';

/** A body in small pieces with a pause between them. */
const slowly =
  (bytes: Uint8Array, pieceSize: number, pause: number): Handler =>
  (asked, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(asked.headers.range ?? '') ?? [];
    const start = Number(from);
    const end = Math.min(bytes.length, to ? Number(to) + 1 : bytes.length);
    response.writeHead(206, {
      'content-length': end - start,
      'content-range': `bytes ${start}-${end - 1}/${bytes.length}`,
      etag: '"film"',
    });
    let at = start;
    const more = () => {
      if (response.destroyed) return;
      response.write(bytes.subarray(at, Math.min(end, at + pieceSize)));
      at += pieceSize;
      if (at < end) setTimeout(more, pause);
      else response.end();
    };
    more();
  };

const later =
  (handler: Handler, milliseconds: number): Handler =>
  (...exchange) =>
    void setTimeout(() => handler(...exchange), milliseconds);

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks and leaves as soon as `when` settles; true when the answer was still under way. */
async function leave(url: string, when: (response: Promise<IncomingMessage>) => Promise<unknown>) {
  const outgoing = request(url, { agent: false });
  outgoing.on('error', () => undefined);
  const response = new Promise<IncomingMessage>((resolve) => {
    outgoing.on('response', resolve);
  });
  outgoing.end();
  await when(response);
  outgoing.destroy();
  return performance.now();
}

/** Waits until no request from `from` on has an open connection; gives when the last one was closed. */
async function allClosed(upstream: Upstream, from: number): Promise<number> {
  await expect
    .poll(() => upstream.requests.slice(from).filter(({ closedAt }) => closedAt === null).length, {
      timeout: 5000,
      interval: 20,
    })
    .toBe(0);
  return Math.max(...upstream.requests.slice(from).map(({ closedAt }) => closedAt ?? 0));
}

describe('a client that leaves', () => {
  let app: ServedApp;
  let upstream: Upstream;
  const film = largeFilm();

  beforeEach(async () => {
    upstream = await startUpstream(file(film, { headers: { etag: '"film"' } }));
    app = await serveApp({ secret: SECRET });
  });
  afterEach(async () => {
    await app.close();
    await upstream.close();
  });

  const leaving: readonly (readonly [string, Parameters<typeof leave>[1]])[] = [
    ['before the first byte', () => wait(150)],
    [
      'in the middle of the body',
      async (response) => {
        const body = await response;
        await new Promise((resolve) => body.once('data', resolve));
      },
    ],
  ];
  it.for(leaving)('a segment, %s: the upstream is let go', async ([, when]) => {
    const title = await openTitle(app, masterPath(`${upstream.url}/film.mkv`));
    const from = upstream.requests.length;
    upstream.answer(slowly(film, 20_000, 50));
    const left = await leave(nth(rendition(title, 'v0').segments, 6), when);
    expect(upstream.requests.length).toBeGreaterThan(from);
    expect((await allClosed(upstream, from)) - left).toBeLessThan(GONE_WITHIN);
    const asked = upstream.requests.length;
    await wait(200);
    expect(upstream.requests.length, 'requests after leaving').toBe(asked);
    expect(app.log, 'a client that leaves is no event').toEqual([]);
  });

  it.for(['/hls/master.m3u8', '/probe'])('%s: planning ends', async (path) => {
    upstream.answer(slowly(film, 2000, 50));
    const left = await leave(`${app.url}${path}?d=${upstream.url}/film.mkv`, () => wait(200));
    expect(upstream.requests.length).toBeGreaterThan(0);
    expect((await allClosed(upstream, 0)) - left).toBeLessThan(GONE_WITHIN);
    expect(app.log).toEqual([]);
    upstream.answer(file(film, { headers: { etag: '"film"' } }));
    expect((await app.ask(masterPath(`${upstream.url}/film.mkv`))).status, 'the next one').toBe(200);
  });

  it('one of two who wait for the same segment: the other one gets it', async () => {
    const title = await openTitle(app, masterPath(`${upstream.url}/film.mkv`));
    const address = nth(rendition(title, 'v0').segments, 6);
    upstream.answer(slowly(film, 50_000, 20));
    const other = app.ask(address);
    await leave(address, () => wait(100));
    const { status, body } = await other;
    upstream.answer(file(film, { headers: { etag: '"film"' } }));
    const fresh = await serveApp({ secret: SECRET });
    expect(status).toBe(200);
    expect(body.equals((await fresh.ask(new URL(address).pathname)).body)).toBe(true);
    await fresh.close();
  });
});

describe('several at once', () => {
  let upstream: Upstream;
  const film = largeFilm();
  beforeAll(async () => {
    upstream = await startUpstream(later(file(film, { headers: { etag: '"film"' } }), 30));
  });
  afterAll(() => upstream.close());

  it('openings share one planning, and ask the upstream as often as one', async () => {
    const alone = await serveApp();
    await alone.ask(masterPath(`${upstream.url}/film.mkv`));
    const asked = upstream.requests.length;
    await alone.close();
    const app = await serveApp();
    const paths = [masterPath(`${upstream.url}/film.mkv`), `/probe?d=${upstream.url}/film.mkv`];
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => app.ask(paths[i % 2] ?? '')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(app.openings()).toBe(1);
    expect(upstream.requests.length).toBe(2 * asked);
    await app.close();
  });

  it('one who leaves does not end the planning of the others', async () => {
    const app = await serveApp();
    const path = masterPath(`${upstream.url}/film.mkv`);
    const leaver = leave(app.url + path, () => wait(20));
    const stayer = app.ask(path);
    await leaver;
    expect((await stayer).status).toBe(200);
    expect(app.openings()).toBe(1);
    await app.close();
  });

  it('the same segment for many costs its bytes once', async () => {
    const app = await serveApp();
    const title = await openTitle(app, masterPath(`${upstream.url}/film.mkv`));
    const from = upstream.requests.length;
    const address = nth(rendition(title, 'v0').segments, 6);
    const bodies = await Promise.all(Array.from({ length: 6 }, () => app.ask(address)));
    for (const { body } of bodies) expect(body.equals(bodies[0]?.body ?? Buffer.alloc(0))).toBe(true);
    expect(upstream.requests.length - from).toBe(1);
    await app.close();
  });
});

describe('an upstream that cuts its connections', () => {
  it.for([
    ['bframes-aac', 5000],
    ['bframes-aac', 39_999],
    ['two-languages', 1000],
    ['large', 70_000],
    ['large', 1_000_000],
  ] as const)('%s after every %i bytes: the same segments', async ([name, length]) => {
    const film = name === 'large' ? largeFilm({ seconds: 12 }) : fixture(name);
    const headers = { etag: '"film"' };
    const upstream = await startUpstream(file(film, { headers }));
    const options = { secret: SECRET, timeouts: { backoff: 1 } };
    const [whole, cut] = await Promise.all([serveApp(options), serveApp(options)]);
    try {
      const path = masterPath(`${upstream.url}/film.mkv`);
      const title = await openTitle(whole, path);
      const addresses = [...title.media.values()].flatMap(({ init, segments }) => [init, ...segments]);
      const expected = new Map<string, Buffer>();
      for (const address of addresses) expected.set(address, (await whole.ask(address)).body);
      upstream.answer(cutAfter(film, length, headers));
      expect((await openTitle(cut, path)).master.text).toBe(title.master.text);
      for (const address of addresses) {
        const { status, body } = await cut.ask(new URL(address).pathname);
        expect(status).toBe(200);
        expect(body.equals(expected.get(address) ?? Buffer.alloc(0)), address).toBe(true);
      }
    } finally {
      await Promise.all([whole.close(), cut.close(), upstream.close()]);
    }
  });

  it('and does not come back: the transfer breaks off, so that nobody takes the segment for whole', async () => {
    const film = largeFilm({ seconds: 12, bytesPerSecond: 2_000_000 });
    const headers = { etag: '"film"' };
    const upstream = await startUpstream(file(film, { headers }));
    const app = await serveApp({ timeouts: { backoff: 1 } });
    try {
      const title = await openTitle(app, masterPath(`${upstream.url}/film.mkv`));
      const from = upstream.requests.length;
      upstream.answer((asked, response, seen) => {
        if (upstream.requests.length === from + 1) cutAfter(film, 5_000_000, headers)(asked, response, seen);
        else asked.socket.destroy();
      });
      await expect(app.ask(nth(rendition(title, 'v0').segments, 2))).rejects.toThrow(
        /aborted|hang up|ECONNRESET/,
      );
      expect(app.log.map(({ level, message }) => `${level}: ${message}`)).toEqual([
        'warn: segment broken off',
      ]);
      expect(JSON.stringify(app.log)).not.toContain('film.mkv');
    } finally {
      await Promise.all([app.close(), upstream.close()]);
    }
  });
});
