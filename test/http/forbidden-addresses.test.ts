import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealCompatToken } from '../../src/proxy/compat-token.ts';
import { createTicketBox } from '../../src/proxy/ticket.ts';
import { createTokenBox } from '../../src/proxy/token.ts';
import {
  FORBIDDEN_ADDRESSES,
  forbiddenLookup,
  GATE,
  startTrap,
  type Trap,
  UNREADABLE_ADDRESSES,
} from '../helpers/forbidden-addresses.ts';
import { type Question, type ServedApp, serveApp } from './serve-app.ts';

const PASSWORD = 'word';
const SECRET = 'a secret of the tests';

let trap: Trap;
let app: ServedApp;
let lookup = forbiddenLookup();

beforeAll(async () => {
  trap = await startTrap();
  app = await serveApp({
    flags: { allow: [GATE] },
    env: { API_PASSWORD: PASSWORD },
    secret: SECRET,
    lookup: (host) => lookup(host),
    timeouts: { connect: 500, headers: 500, body: 500, backoff: 10 },
  });
});
afterAll(async () => {
  await app.close();
  await trap.close();
});

interface Route {
  readonly name: string;
  readonly question?: Question;
  readonly path: (url: string) => string | Promise<string>;
}

const route = (path: string, question: Question = {}): Route => ({
  name: `${question.method ?? 'GET'} ${path}`,
  question,
  path: (url) =>
    `${path}${path.includes('?') ? '&' : '?'}api_password=${PASSWORD}&d=${encodeURIComponent(url)}`,
});

/** What Stremio's players ask for. */
const byPlayer = (path: string): Route => ({
  name: `GET ${path}`,
  path: (url) => `${path}${encodeURIComponent(url)}&api_password=${PASSWORD}`,
});

/** What a playlist leads to. */
const sealed = (name: string): Route => ({
  name: `GET /proxy/hls/<ticket>/${name}`,
  async path(url) {
    const tickets = await createTicketBox(SECRET, Date.now);
    const rest = { headers: {}, answers: {}, removed: [], playlist: {}, variables: {}, isTrusted: true };
    return `/proxy/hls/${await tickets.seal({ ...rest, url, expires: null, client: null })}/${name}`;
  },
});

/** What a library of .strm files leads to. */
const lasting = (path: string): Route => ({
  name: `GET ${path}`,
  async path(url) {
    const tokens = await createTokenBox(SECRET, Date.now);
    const rest = { headers: {}, video: null, audio: null, recovery: 'shown', isTrusted: true } as const;
    return path.replace('<token>', await tokens.seal({ ...rest, url, expires: null }));
  },
});

/** Every route that fetches what a request names. */
const ROUTES: readonly Route[] = [
  ...['/hls/master.m3u8', '/probe', '/faststart.mp4', '/remux.mp4', '/file'].map((path) => route(path)),
  ...['/file/<token>/film.mkv', '/hls/<token>/master.m3u8', '/remux.mp4/<token>/film.mp4'].map(lasting),
  ...['/proxy/stream', '/proxy/stream/film.mkv', '/proxy/stream?transcode=true'].map((path) => route(path)),
  route('/proxy/stream', { method: 'HEAD' }),
  route('/proxy/stream', { headers: { range: 'bytes=0-1' } }),
  ...['manifest.m3u8', 'key_proxy/manifest.m3u8', 'segment.ts'].map((name) => route(`/proxy/hls/${name}`)),
  ...['playlist.m3u8', 'init.mp4', 'segment.m4s?start_ms=0'].map((name) => route(`/proxy/transcode/${name}`)),
  ...['/hlsv2/probe?mediaURL=', '/hlsv2/0/master.m3u8?mediaURL=', '/opensubHash?videoUrl='].map(byPlayer),
  ...['/hlsv2/0/source/subtitle/2.ass?mediaURL=', '/hlsv2/0/source/attachment/3?mediaURL='].map(byPlayer),
  ...['/subtitles.vtt?from=', '/subtitles.srt?url=', '/subtitlesTracks?subsUrl='].map(byPlayer),
  route('/subtitles.vtt'),
  {
    name: 'GET /tracks/<URL>',
    path: (url) => `/tracks/${encodeURIComponent(url)}?api_password=${PASSWORD}`,
  },
  route('/proxy/epg'),
  route('/playlist/playlist'),
  ...['index.m3u8', 'segment.ts', 'key.key', 'assets.json', 'steering.json'].map(sealed),
  {
    name: 'GET /proxy/stream?d=<base64>',
    path: (url) => `/proxy/stream?api_password=${PASSWORD}&d=${Buffer.from(url).toString('base64url')}`,
  },
  {
    name: 'GET /_token_<text>/proxy/stream',
    async path(url) {
      const parameters = new Map([
        ['d', url],
        ['api_password', PASSWORD],
      ]);
      return `/_token_${await sealCompatToken({ parameters, expires: null, client: null }, PASSWORD)}/proxy/stream`;
    },
  },
];

/** The code of each route's answer; a HEAD has none, but a status. */
async function codes(url: string): Promise<ReadonlyMap<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const { name, path, question } of ROUTES) {
    lookup = forbiddenLookup();
    const answer = await app.ask(await path(url), question);
    found.set(name, question?.method === 'HEAD' ? answer.status : codeIn(answer.text));
  }
  return found;
}

function codeIn(text: string): unknown {
  try {
    const { code, error } = JSON.parse(text) as { code?: string; error?: { code: string } };
    return error?.code ?? code;
  } catch {
    return text.slice(0, 200);
  }
}

const all = (code: string, status: number) =>
  new Map(ROUTES.map(({ name, question }) => [name, question?.method === 'HEAD' ? status : code]));

/** What routes take for a URL at all: they want its scheme and slashes first. */
const isUrl = (url: string): boolean => /^https?:\/\//i.test(url.trim());
const isSealed = ([name]: readonly [string, unknown]): boolean => /<(ticket|token)>/.test(name);

describe('whatever the route, nothing is asked there', () => {
  it.each(FORBIDDEN_ADDRESSES)('$name', async ({ url }) => {
    const given = url(trap.port);
    const found = await codes(given);
    const expected = isUrl(given) ? all('forbidden-address', 403) : all('bad-request', 422);
    // Nothing but a playlist that was read has its addresses sealed, and those are URLs.
    const judged = isUrl(given)
      ? [...found]
      : [...found].filter((row) => !isSealed(row) && !row[0].includes('base64'));
    expect(new Map(judged)).toEqual(
      new Map([...expected].filter(([name]) => judged.some(([one]) => one === name))),
    );
    expect(trap.connections()).toBe(0);
  });

  it.each(UNREADABLE_ADDRESSES)('no URL: $name', async ({ url }) => {
    const found = await codes(url(trap.port));
    expect(new Set([...found.values()])).toEqual(new Set(['bad-request', 422]));
    expect(trap.connections()).toBe(0);
  });

  it('the gate itself is asked by all of them', async () => {
    for (const { name, path, question } of ROUTES) {
      const before = trap.gateRequests();
      await app.ask(await path(`http://${GATE}:${trap.port}/${encodeURIComponent(name)}`), question);
      expect([name, trap.gateRequests() > before]).toEqual([name, true]);
    }
  });
});

/** Accounts with a provider at an address, as players of IPTV have it: what is no such place there is none at all. */
const BY_ACCOUNT = [
  ...[
    'player_api.php',
    'player_api.php?action=x',
    'panel_api.php',
    'get.php',
    'xmltv.php',
    'streaming/timeshift.php',
  ],
  ...[
    'live/U/p/1.ts',
    'live/U/p/1.m3u8',
    'U/p/1',
    'movie/U/p/1.mkv',
    'movie/U/p/1.mkv?transcode=1',
    'series/U/p/1.mkv',
  ],
  ...['timeshift/U/p/60/2026-11-22:20-00/1.ts', 'hlsr/t/U/p/1/2/3/index.m3u8'],
];

describe('a provider there is asked by no route', () => {
  const codesOf = (url: string) => {
    const name = Buffer.from(`${url.replace(/\/$/, '')}:user:${PASSWORD}`).toString('base64url');
    const asked = BY_ACCOUNT.map(async (path) => {
      const query = path.includes('.php')
        ? `${path.includes('?') ? '&' : '?'}username=${name}&password=p`
        : '';
      const { status, text } = await app.ask(`/${path.replace('U', name)}${query}`);
      return [status >= 400, codeIn(text)] as const;
    });
    return Promise.all(asked);
  };

  it.each(FORBIDDEN_ADDRESSES)('$name', async ({ url }) => {
    const given = url(trap.port);
    lookup = forbiddenLookup();
    const codes = await codesOf(given);
    const isPlace = /^https?:\/\/(?!.*:\d{6})[^/@?#\\]+\/?$/.test(given);
    for (const [isRefused, code] of codes) {
      expect(isRefused).toBe(true);
      if (isPlace) expect(code).toBe('forbidden-address');
    }
    expect(trap.connections()).toBe(0);
  });

  it('the gate itself is asked by all of them', async () => {
    const before = trap.gateRequests();
    await codesOf(`http://${GATE}:${trap.port}`);
    expect(trap.gateRequests() - before).toBeGreaterThanOrEqual(BY_ACCOUNT.length);
  });
});
