import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MediaError } from '../../../src/core/errors.ts';
import type { AskedRequest, Hooks } from '../../../src/http/hooks/hooks.ts';
import { createTicketBox } from '../../../src/proxy/ticket.ts';
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
