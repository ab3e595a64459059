import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MediaError } from '../../../src/core/errors.ts';
import type { AskedRequest, Hooks } from '../../../src/http/hooks/hooks.ts';
import { createTicketBox } from '../../../src/proxy/ticket.ts';
import { createTokenBox } from '../../../src/proxy/token.ts';
import { openSluice } from '../../../src/sluice.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from '../serve-app.ts';

const SECRET = 'of the tests';

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream(file(fixture('bframes-aac')));
});
afterAll(() => upstream.close());

let app: ServedApp | undefined;
afterEach(() => app?.close());

let asked: AskedRequest[] = [];
beforeEach(() => {
  asked = [];
  upstream.requests.length = 0;
});

async function serve(authorize: NonNullable<Hooks['authorize']>): Promise<ServedApp> {
  const hook: typeof authorize = (request) => {
    asked.push(request);
    return authorize(request);
  };
  app = await serveApp({ secret: SECRET, hooks: { authorize: hook, resolve: () => null } });
  return app;
}

const film = (): string => `${upstream.url}/film.mkv`;
const codeIn = (text: string): unknown => {
  const { code, error } = JSON.parse(text) as { code?: string; error?: { code: string } };
  return error?.code ?? code;
};
const last = (): AskedRequest => {
  const request = asked.at(-1);
  if (!request) throw new Error('Nothing was asked');
  return request;
};

describe('authorize', () => {
  it('sees what each request is for, segments too', async () => {
    const served = await serve(() => true);
    const { media } = await openTitle(served, masterPath(film()), { headers: { 'x-user': 'ann' } });
    const { init, segments } = rendition({ master: await served.ask('/healthz'), media }, 'v0');
    await served.ask(init);
    await served.ask(nth(segments, 0));
    const kinds = asked.map(({ kind, media }) => [kind, media]);
    expect(new Set(kinds.map(String))).toEqual(
      new Set([`master,${film()}`, `playlist,${film()}`, 'other,', `init,${film()}`, `segment,${film()}`]),
    );
    expect(asked[0]).toMatchObject({ method: 'GET', path: '/hls/master.m3u8', client: '127.0.0.1' });
    expect([asked[0]?.headers.get('x-user'), asked[0]?.query.get('d')]).toEqual(['ann', film()]);
  });

  it.each([
    ['/probe?d=<film>', 'probe'],
    ['/remux.mp4?d=<film>&audio=none', 'film'],
    ['/faststart.mp4?d=<film>', 'film'],
    ['/hlsv2/probe?mediaURL=<film>', 'probe'],
    ['/hlsv2/1/master.m3u8?mediaURL=<film>', 'master'],
    ['/proxy/stream?d=<film>', 'proxy'],
    ['/proxy/stream/name.mkv?d=<film>', 'proxy'],
    ['/proxy/stream?url=<base64>', 'proxy'],
    ['/proxy/d=<origin>/film.mkv', 'proxy'],
    ['/proxy/transcode/playlist.m3u8?d=<film>', 'proxy'],
    ['/proxy/hls/<ticket>/segment.ts', 'proxy'],
    ['/opensubHash?videoUrl=<film>', 'other'],
    ['/subtitles.vtt?from=<film>', 'other'],
    ['/tracks/<film>', 'other'],
    ['/file?d=<film>', 'film'],
    ['/receiver?d=%20<film>', 'other'],
  ])('%s', async (path, kind) => {
    const served = await serve(() => false);
    const tickets = await createTicketBox(SECRET, Date.now);
    const rest = { headers: {}, answers: {}, removed: [], playlist: {}, variables: {}, isTrusted: false };
    const address = path
      .replace('<film>', encodeURIComponent(film()))
      .replace('<base64>', Buffer.from(film()).toString('base64url'))
      .replace('<origin>', encodeURIComponent(upstream.url))
      .replace('<ticket>', await tickets.seal({ ...rest, url: film(), expires: null, client: null }));
    const answer = await served.ask(address);
    expect([answer.status, codeIn(answer.text)]).toEqual([403, 'unauthorized']);
    expect([last().kind, last().media]).toEqual([kind, film()]);
    expect(upstream.requests).toEqual([]);
  });

  it('refuses segments whose playlist it let through', async () => {
    let isOpen = true;
    const served = await serve(() => isOpen);
    const { segments, init } = rendition(await openTitle(served, masterPath(film())), 'v0');
    expect((await served.ask(nth(segments, 0))).status).toBe(200);
    isOpen = false;
    for (const address of [init, ...segments])
      for (const method of ['GET', 'HEAD']) expect((await served.ask(address, { method })).status).toBe(403);
  });

  it.each([
    { name: 'false', verdict: () => false, told: [403, 'unauthorized'] },
    { name: 'nothing', verdict: () => undefined, told: [403, 'unauthorized'] },
    ...[{}, { who: null }, { error: 'no' }, [], 0, 1, 'ann', null, new Error('no'), new Response('no')].map(
      (answer) => ({
        name: `${Object.prototype.toString.call(answer)} ${JSON.stringify(answer)}`,
        verdict: () => answer,
        told: [403, 'unauthorized'],
      }),
    ),
    {
      name: 'an error with a code',
      verdict: () => {
        throw new MediaError('rate', 'Three films a day');
      },
      told: [429, 'rate'],
    },
    {
      name: 'another error',
      verdict: () => Promise.reject(new Error('password is 123')),
      told: [503, 'busy'],
    },
  ])('$name refuses', async ({ verdict, told }) => {
    const served = await serve(verdict as NonNullable<Hooks['authorize']>);
    const answer = await served.ask(masterPath(film()));
    expect([answer.status, codeIn(answer.text)]).toEqual(told);
    expect(answer.text).not.toContain('123');
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    { name: 'false', verdict: () => false, lines: 0 },
    { name: 'nothing', verdict: () => undefined, lines: 1 },
    { name: 'an object that says nobody', verdict: () => ({}), lines: 1 },
  ])('$name: what is no answer is logged', async ({ verdict, lines }) => {
    const served = await serve(verdict as unknown as NonNullable<Hooks['authorize']>);
    await served.ask(masterPath(film()));
    expect(served.log.map(({ level }) => level)).toEqual(Array(lines).fill('error'));
  });

  it('begins nothing for a client who left while it thought', async () => {
    let decide: () => void = () => undefined;
    const leaving = new AbortController();
    const thinking = new Promise<true>((resolve) => {
      decide = () => resolve(true);
    });
    const served = await serve(({ headers }) => (headers.has('x-leaves') ? thinking : true));
    const left = fetch(new URL(masterPath(film()), served.url), {
      headers: { 'x-leaves': '1' },
      signal: leaving.signal,
    }).catch((error: Error) => error.name);
    await expect.poll(() => asked.length).toBe(1);
    leaving.abort();
    expect(await left).toBe('AbortError');
    await expect.poll(() => last().signal.aborted).toBe(true);
    decide();
    await thinking;
    expect((await served.ask('/healthz')).status).toBe(200);
    expect([served.openings(), upstream.requests]).toEqual([0, []]);
    expect(served.log).toEqual([]);
  });

  it('is asked after the name of the host is known, and not for preflights', async () => {
    const served = await serve(() => false);
    await served.ask(masterPath(film()), { headers: { host: 'rebound.example' } });
    const preflight = await served.ask(masterPath(film()), { method: 'OPTIONS' });
    expect([preflight.status, asked]).toEqual([204, []]);
  });

  it.each([
    ['/hls/master.m3u8?d=<film>&d=<other>'],
    ['/proxy/stream?d=<film>&url=<other>'],
    ['/hlsv2/probe?from=<film>&mediaURL=<other>'],
    ['/subtitles.vtt?from=<film>&subsUrl=<other>'],
  ])('%s: cannot be shown one film for another', async (path) => {
    const served = await serve(({ media }) => media === film());
    const other = encodeURIComponent(`${upstream.url}/other.mkv`);
    for (const [a, b] of [
      [encodeURIComponent(film()), other],
      [other, encodeURIComponent(film())],
    ]) {
      const answer = await served.ask(path.replace('<film>', a ?? '').replace('<other>', b ?? ''));
      expect([answer.status, codeIn(answer.text)]).toEqual([400, 'bad-request']);
    }
    expect(upstream.requests).toEqual([]);
  });

  it('sees nothing in an address that is not ours, and the route refuses it', async () => {
    const served = await serve(() => true);
    const answer = await served.ask('/hls/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/v/v0/0.m4s');
    expect([last().kind, last().media]).toEqual(['segment', null]);
    expect([answer.status, codeIn(answer.text)]).toEqual([403, 'unauthorized']);
  });
});

const BARE = { headers: {}, video: null, audio: null, recovery: 'shown', expires: null } as const;
const PROVIDER = 'http://tv.example:8080';
const USER = Buffer.from(`${PROVIDER}:bob`).toString('base64url');

describe('authorize is not shown what the route does not read', () => {
  it.each([
    ['/hls/<token>/master.m3u8', '<secret>'],
    ['/hls/<token>/v/v0/0.m4s', '<secret>'],
    ['/hls/<token>/v/s2/0.vtt', '<secret>'],
    ['/file/<token>/film.mkv', '<secret>'],
    ['/remux.mp4/<token>/film.mp4', '<secret>'],
    ['/proxy/transcode/init.mp4?media=<token>', '<secret>'],
    ['/proxy/hls/AAAA/segment.ts', null],
    ['/hls/AAAA/master.m3u8', null],
    ['/proxy/d=%ff/film.mkv', null],
    ['/tracks/%ff', null],
    [`/movie/${USER}/pw/1.mkv`, `${PROVIDER}/movie/bob/pw/1.mkv`],
    [`/live/${USER}/pw/1.ts`, `${PROVIDER}/live/bob/pw/1.ts`],
    [`/${USER}/pw/1`, `${PROVIDER}/bob/pw/1`],
    [
      `/timeshift/${USER}/pw/60/2026-01-01:10-00/1.ts`,
      `${PROVIDER}/timeshift/bob/pw/60/2026-01-01%3A10-00/1.ts`,
    ],
    [`/hlsr/<token>/${USER}/pw/1/2/3/index.m3u8`, `${PROVIDER}/hlsr/<token>/bob/pw/1/2/3/index.m3u8`],
    ['/live/sluice/pw/1.ts', null],
    [
      `/player_api.php?username=${USER}&password=pw&action=get_live_streams`,
      `${PROVIDER}/player_api.php?username=bob&password=pw&action=get_live_streams&d=film-1`,
    ],
    ['/tuner/playlist.m3u', null],
    ['/uploads/1', null],
    ['/nothing', null],
  ])('%s', async (path, media) => {
    const served = await serve(() => false);
    const tokens = await createTokenBox(SECRET, Date.now);
    const token = await tokens.seal({ ...BARE, url: 'root:films/secret.mkv', isTrusted: false });
    const put = (text: string) => text.replace('<token>', token).replace('<secret>', 'root:films/secret.mkv');
    const given = put(path);
    await served.ask(`${given}${given.includes('?') ? '&' : '?'}d=film-1`);
    expect(last().media).toBe(media && put(media));
  });

  it('nor what a playlist of ours holds, where a list is asked for', async () => {
    const served = await serve(() => false);
    const tokens = await createTokenBox(SECRET, Date.now);
    const token = await tokens.seal({ ...BARE, url: 'root:films/one.mkv', isTrusted: false });
    await served.ask(`/proxy/transcode/playlist.m3u8?media=${token}&d=${encodeURIComponent(film())}`);
    expect(last().media).toBe(film());
  });

  it('nor the query where fields are posted', async () => {
    const served = await serve(() => false);
    const body = `username=${USER}&password=pw`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await served.ask(`/player_api.php?${body}`, { method: 'POST', headers, body });
    expect(last().media).toBeNull();
  });
});

describe('authorize below an app of hono', () => {
  type Place = (host: Hono) => void;
  it.each<{ name: string; place: Place }>([
    { name: 'without more', place: () => undefined },
    { name: 'with middleware', place: (host) => host.use('/media/*', (_, next) => next()) },
    {
      name: 'with a GET route of its own in front',
      place: (host) => host.get('/media/*', (_, next) => next()),
    },
    { name: 'with one for all', place: (host) => host.on('GET', '*', (_, next) => next()) },
  ])('$name sees what segments stand for', async ({ place }) => {
    const events: unknown[] = [];
    const sluice = await openSluice({
      hooks: {
        resolve: () => ({ url: film() }),
        authorize: (request) => {
          asked.push(request);
          return request.media === 'secret';
        },
        onPlayback: (event) => void events.push(event.type),
      },
      allow: ['127.0.0.1'],
      secret: SECRET,
      ffmpeg: null,
    });
    const host = new Hono();
    place(host);
    host.route('/media', sluice.app);
    const ask = (path: string | URL) =>
      host.fetch(new Request(new URL(path, 'http://localhost'), { headers: { host: 'localhost' } }));
    try {
      const master = new URL('/media/hls/master.m3u8?d=secret', 'http://localhost');
      const list = new URL(/^(?!#).+$/m.exec(await (await ask(master)).text())?.[0] ?? '', master);
      expect((await ask(`${list.href}?d=film-1`)).status).toBe(200);
      const segment = await ask(new URL('0.m4s?d=film-1', list));
      expect([segment.status, (await segment.arrayBuffer()).byteLength > 500]).toEqual([200, true]);
      expect(asked.map(({ kind, media }) => [kind, media])).toEqual([
        ['master', 'secret'],
        ['playlist', 'secret'],
        ['segment', 'secret'],
      ]);
      await expect.poll(() => events).toEqual(['opened', 'segment']);
    } finally {
      await sluice.close();
    }
  });
});
