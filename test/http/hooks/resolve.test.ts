import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Hooks, ResolveAsking } from '../../../src/http/hooks/hooks.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../../helpers/upstream.ts';
import {
  masterPath,
  nth,
  openTitle,
  rendition,
  type ServedApp,
  type ServeOptions,
  serveApp,
} from '../serve-app.ts';

const film = fixture('bframes-aac');
const movie = fixture('progressive');
const roots = fileURLToPath(new URL('../../../fixtures', import.meta.url));

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream(file(film));
});
afterAll(() => upstream.close());

let app: ServedApp | undefined;
afterEach(() => app?.close());

/** Why the hook was asked, each time. */
let asked: ResolveAsking['why'][] = [];
beforeEach(() => {
  asked = [];
  upstream.requests.length = 0;
  upstream.answer(file(film));
});

async function serve(resolve: NonNullable<Hooks['resolve']>, more: ServeOptions = {}): Promise<ServedApp> {
  const hook: typeof resolve = (id, asking) => {
    asked.push(asking.why);
    return resolve(id, asking);
  };
  app = await serveApp({ hooks: { resolve: hook }, ...more });
  return app;
}

const byName = (id: string) => (id === 'film 1' ? { url: `${upstream.url}/one.mkv` } : null);

const codeIn = (text: string): unknown => {
  const { code, error } = JSON.parse(text) as { code?: string; error?: { code: string } };
  return error?.code ?? code;
};

/** All that a player loads of a title. */
async function play(path: string, served: ServedApp): Promise<Buffer[]> {
  const title = await openTitle(served, path);
  const addresses = [...title.media.values()].flatMap(({ init, segments }) => [init, ...segments]);
  return Promise.all(
    addresses.map(async (address) => {
      const answer = await served.ask(address);
      expect(answer.status).toBe(200);
      return answer.body;
    }),
  );
}

describe('a name', () => {
  it('plays the same bytes as its address, and is all that addresses hold', async () => {
    const served = await serve(byName);
    const parts = await play(masterPath('film 1'), served);
    expect(parts.length).toBeGreaterThan(4);
    expect(parts).toEqual(await play(masterPath(`${upstream.url}/one.mkv`), served));
    expect(asked).toEqual(['unknown']);
  });

  it.each([
    ['/probe?d=film+1', 'application/json'],
    ['/remux.mp4?d=film%201', 'video/mp4'],
    ['/hlsv2/probe?mediaURL=film%201', 'application/json'],
    ['/hlsv2/7/master.m3u8?mediaURL=film%201', 'application/vnd.apple.mpegurl'],
    ['/proxy/stream?d=film%201', 'video/x-matroska'],
    ['/proxy/stream?transcode=true&d=film%201', 'video/mp4'],
    ['/file?d=film%201', 'video/x-matroska'],
    ['/receiver?d=film%201', 'application/json'],
  ])('%s', async (path, type) => {
    const served = await serve(byName);
    const answer = await served.ask(path);
    expect([answer.status, answer.headers['content-type']?.split(';')[0]]).toEqual([200, type]);
    expect(answer.body.length).toBeGreaterThan(100);
    if (path === '/proxy/stream?d=film%201') expect(answer.body).toEqual(Buffer.from(film));
  });

  it('/faststart.mp4', async () => {
    upstream.answer(file(movie));
    const served = await serve(byName);
    const answer = await served.ask('/faststart.mp4?d=film%201', { headers: { range: 'bytes=0-99' } });
    expect([answer.status, answer.headers['content-range']]).toEqual([206, `bytes 0-99/${movie.length}`]);
  });

  it('is one of a served folder', async () => {
    const served = await serve(() => ({ url: 'root:films/bframes-aac.mkv' }), {
      flags: { root: [`films=${roots}`] },
    });
    const { master } = await openTitle(served, masterPath('film 1'));
    expect(master.status).toBe(200);
    // What pages of other sites may not read by its address they may not by its name.
    const foreign = await served.ask(masterPath('film 2'), { headers: { origin: 'https://a.example' } });
    expect([foreign.status, codeIn(foreign.text)]).toEqual([403, 'unauthorized']);
    const passed = await served.ask('/proxy/stream?d=film');
    expect([passed.status, codeIn(passed.text)]).toEqual([501, 'not-offered']);
  });

  it('is asked for with the headers that the hook gives, and no others', async () => {
    let headers: unknown;
    const served = await serve((_, asking) => {
      headers = asking.headers;
      return { url: `${upstream.url}/one.mkv`, headers: { 'X-Pass': 'from the hook' } };
    });
    await served.ask('/probe?d=film&h_cookie=a%3Db');
    await served.ask('/proxy/stream?d=film&h_cookie=a%3Db');
    expect(headers).toEqual({ cookie: 'a=b' });
    const sent = upstream.requests.map((request) => [request.headers['x-pass'], request.headers.cookie]);
    expect(new Set(sent.map(String))).toEqual(new Set(['from the hook,']));
  });

  it.each([
    '/hls/master.m3u8?d=film+2',
    '/probe?d=film+2',
    '/proxy/stream?d=film+2',
    '/hlsv2/probe?mediaURL=film+2',
  ])('%s: there is no such thing', async (path) => {
    const served = await serve(byName);
    const answer = await served.ask(path);
    expect([answer.status, codeIn(answer.text)]).toEqual([404, 'not-found']);
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    ['/hls/master.m3u8?d=film+2', 400],
    ['/probe?d=ftp://a.example/film', 400],
    ['/hlsv2/probe?mediaURL=film+2', 400],
    // As mediaflow-proxy answers.
    ['/proxy/stream?d=film+2', 422],
  ])('%s: without a hook it is what it always was', async (path, status) => {
    app = await serveApp();
    const answer = await app.ask(path);
    expect([answer.status, codeIn(answer.text)]).toEqual([status, 'bad-request']);
  });

  it('is nothing to the address policy: what the hook says is held to it', async () => {
    const served = await serve(() => ({ url: `${upstream.url}/one.mkv` }), { flags: {} });
    for (const path of ['/probe?d=film', '/hls/master.m3u8?d=film', '/proxy/stream?d=film']) {
      const answer = await served.ask(path);
      expect([answer.status, codeIn(answer.text)], path).toEqual([403, 'forbidden-address']);
    }
    expect(upstream.requests).toEqual([]);
  });

  it('whose hook fails is answered with one code, and nothing of why', async () => {
    const served = await serve(() => {
      throw new Error('password is 123');
    });
    for (const path of ['/probe?d=film', '/hls/master.m3u8?d=film', '/proxy/stream?d=film']) {
      const answer = await served.ask(path);
      expect([answer.status, codeIn(answer.text)], path).toEqual([502, 'upstream']);
      expect(answer.text).not.toContain('123');
    }
    expect(served.log.map(({ message }) => message)).toEqual(Array(3).fill('the hook resolve failed'));
  });
});

describe('an upstream that refuses what the hook said', () => {
  /** Each link is good until the next one is made. */
  let links = 0;
  const signed = () => ({ url: `${upstream.url}/${++links}.mkv` });
  const answerLatest = (status: number): void =>
    upstream.answer((request, response, seen) => {
      if (request.url === `/${links}.mkv`) file(film)(request, response, seen);
      else response.writeHead(status).end();
    });
  beforeEach(() => {
    links = 0;
  });

  it.each([401, 403, 404, 410])('%i: the hook is asked again, and playing goes on', async (status) => {
    answerLatest(status);
    const served = await serve(signed);
    const title = await openTitle(served, masterPath('film'));
    const whole = await play(masterPath('film'), served);
    // A link that somebody else has made since.
    links++;
    const { segments } = rendition(title, 'v0');
    const first = await served.ask('/proxy/stream?d=film');
    expect([first.status, first.body.length]).toEqual([200, film.length]);
    expect(asked).toEqual(['unknown', 'refused']);
    expect((await served.ask(nth(segments, -1))).status).toBe(200);
    expect(await play(masterPath('film'), served)).toEqual(whole);
  });

  it('in the middle of a film that nothing is held of: the next byte comes from the new place', async () => {
    answerLatest(403);
    const served = await serve(signed);
    const plain = await served.ask('/probe?d=film');
    links++;
    // Another selection of tracks is another title: its bytes are asked for anew, with the old link at first.
    const other = await served.ask('/probe?d=film&audio=none');
    expect([plain.status, other.status]).toEqual([200, 200]);
    expect(asked).toEqual(['unknown', 'refused']);
  });

  it('for good: what it says is passed on, and the hook is not asked for ever', async () => {
    upstream.answer((_, response) => response.writeHead(403).end());
    const served = await serve(signed);
    const answer = await served.ask('/probe?d=film');
    expect([answer.status, codeIn(answer.text)]).toEqual([403, 'upstream']);
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it('and a hook that says the same again', async () => {
    upstream.answer((_, response) => response.writeHead(404).end());
    const served = await serve(() => ({ url: `${upstream.url}/one.mkv` }));
    const answer = await served.ask('/probe?d=film');
    expect([answer.status, codeIn(answer.text)]).toEqual([404, 'not-found']);
    expect(asked).toEqual(['unknown', 'refused']);
  });

  it('and another film at the new place: an error, no splice; then it is opened anew', async () => {
    const clock = { now: Date.now() };
    const served = await serve((_, { why }) => ({ url: `${upstream.url}/${why}.mkv`, ttl: 60 }), {
      now: () => clock.now,
    });
    const title = await openTitle(served, masterPath('film'));
    upstream.answer(file(fixture('two-languages')));
    clock.now += 61_000;
    const { segments } = rendition(title, 'v0');
    const answer = await served.ask(nth(segments, -1));
    expect([answer.status, codeIn(answer.text)]).toEqual([410, 'changed']);
    const again = await openTitle(served, masterPath('film'));
    expect([...again.media.keys()]).not.toEqual([...title.media.keys()]);
  });
});

it('aborts the hook when nobody waits any more', async () => {
  const aborted = new Promise<void>((resolve) => {
    void serve(
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            resolve();
            reject(signal.reason);
          });
        }),
    ).then((served) => {
      const leaving = AbortSignal.timeout(200);
      fetch(new URL('/probe?d=film', served.url), { signal: leaving }).catch(() => undefined);
    });
  });
  await aborted;
  expect(asked).toEqual(['unknown']);
});

describe('a name that moves', () => {
  const FOREIGN = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };
  const flags = { 'allow-private': true, root: [`films=${roots}`] };

  it('to a closed place lends it nothing of the open one: pages of other sites ask it for nothing', async () => {
    const clock = { now: Date.now() };
    const closed = await startUpstream(file(film));
    let url = `${upstream.url}/one.mkv`;
    const served = await serve(() => ({ url, ttl: 60 }), {
      flags: { ...flags, allow: [new URL(upstream.url).host] },
      now: () => clock.now,
    });
    try {
      const { segments } = rendition(await openTitle(served, masterPath('film')), 'v0');
      clock.now += 61_000;
      url = `${closed.url}/two.mkv`;
      const answer = await served.ask(nth(segments, -1), { headers: FOREIGN });
      expect([answer.status, codeIn(answer.text)]).toEqual([410, 'changed']);
      expect(closed.requests).toEqual([]);
      // For this server's own pages it is a film as before, once it is opened again.
      const again = rendition(await openTitle(served, masterPath('film')), 'v0');
      expect((await served.ask(nth(again.segments, -1))).status).toBe(200);
      const foreign = await served.ask(nth(again.segments, 0), { headers: FOREIGN });
      expect([foreign.status, foreign.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    } finally {
      await closed.close();
    }
  });

  it('is not closed to this server’s own pages because another one opened it first', async () => {
    const clock = { now: Date.now() };
    let url = `${upstream.url}/one.mkv`;
    const served = await serve(() => ({ url, ttl: 60 }), {
      flags: { ...flags, allow: [new URL(upstream.url).host] },
      now: () => clock.now,
    });
    expect((await served.ask('/probe?d=film', { headers: FOREIGN })).status).toBe(200);
    const { segments } = rendition(await openTitle(served, masterPath('film')), 'v0');
    clock.now += 61_000;
    url = 'root:films/bframes-aac.mkv';
    expect((await served.ask(nth(segments, -1))).status).toBe(410);
    const again = rendition(await openTitle(served, masterPath('film')), 'v0');
    expect((await served.ask(nth(again.segments, -1))).status).toBe(200);
  });
});

it('a file of a folder that is written over has another tag, by its name as well', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-resolve-'));
  const path = join(folder, 'a.mkv');
  const write = (seconds: number) => {
    writeFileSync(path, film);
    utimesSync(path, seconds, seconds);
  };
  try {
    write(1_000_000);
    const served = await serve(() => ({ url: 'root:mine/a.mkv' }), { flags: { root: [`mine=${folder}`] } });
    const before = (await served.ask('/file?d=film')).headers.etag;
    write(2_000_000);
    const after = (await served.ask('/file?d=film')).headers.etag;
    expect([before, after]).toEqual([expect.any(String), expect.any(String)]);
    expect(after).not.toBe(before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
