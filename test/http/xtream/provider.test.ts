import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fixture } from '../../helpers/fixtures.ts';
import { file, type Handler, startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { type Answer, type ServedApp, serveApp } from '../serve-app.ts';

const PASSWORD = 'api-pass';
let upstream: Upstream;
let app: ServedApp;

const text = (body: string, type = 'application/json') =>
  file(Buffer.from(body), { headers: { 'content-type': type } });

/** What a provider has; it tells its own address without the port in one place, as some do. */
const scripts = (): Readonly<Record<string, string>> => ({
  '': JSON.stringify({
    user_info: { username: 'us.er', password: 'p+w', auth: 1, status: 'Active' },
    server_info: {
      url: '127.0.0.1',
      port: String(upstream.port),
      https_port: '8443',
      server_protocol: 'http',
      timezone: 'Europe/Rome',
    },
  }),
  get_live_streams: `[{"name":"A \\"B\\"","stream_id":7,"stream_icon":"${upstream.url}/icon.png","direct_source":"${upstream.url.replaceAll('/', '\\/')}\\/live\\/us.er\\/p+w\\/7.ts"},{"direct_source":"http://127.0.0.1/us.er/p%2Bw/8.ts","x":"http://other/us.er/p+w/1.ts"}]`,
  none: '',
  scripts: JSON.stringify([
    `${upstream.url}/streaming/timeshift.php?username=us.er&password=p+w&stream=7&start={utc}`,
    `${upstream.url}/get.php?type=m3u&password=p%2Bw&amp;username=us.er`,
    `${upstream.url}/xmltv.php?username=us.er2&password=p+w`,
    `${upstream.url}/own.php?username=us.er&password=p+w`,
    `http://other/get.php?username=us.er&password=p+w`,
  ]).replace('/streaming/timeshift.php', '\\/streaming\\/timeshift.php'),
  page: '<html>no</html>',
});

const M3U = () => `#EXTM3U url-tvg="${upstream.url}/xmltv.php?username=us.er&password=p+w"
#EXTINF:-1 tvg-id="one" catchup-source="${upstream.url}/timeshift/us.er/p+w/60/{Y}/7.ts",One
${upstream.url}/live/us.er/p+w/7.ts
#EXTINF:-1 catchup-source="${upstream.url}/streaming/timeshift.php?password=p+w&username=us.er&stream=8",Short
${upstream.url}/us.er/p+w/8
#EXTINF:-1,Film
${upstream.url}/movie/us.er/p+w/9.mkv
#EXTINF:-1,Elsewhere
#EXTVLCOPT:http-user-agent=TV
${upstream.url}/elsewhere.ts
`;

const answer: Handler = (request, response, seen) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://a');
  const isLet = searchParams.get('password') === 'p+w' || !pathname.endsWith('.php');
  if (!isLet) return void response.writeHead(401).end();
  if (/player_api|panel_api/.test(pathname))
    return text(scripts()[searchParams.get('action') ?? ''] ?? '[]', 'text/html')(request, response, seen);
  if (pathname === '/get.php') return text(M3U(), 'audio/x-mpegurl')(request, response, seen);
  if (pathname === '/xmltv.php') return text('<tv>guide</tv>', 'text/plain')(request, response, seen);
  if (pathname.endsWith('.m3u8'))
    return text('#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n0.ts\n')(request, response, seen);
  if (/\/(movie|series|timeshift|streaming)\//.test(pathname))
    return file(fixture('demo'))(request, response, seen);
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  const timer = setInterval(() => response.write(Buffer.alloc(1880, 0x47)), 5);
  response.on('close', () => clearInterval(timer));
};

beforeAll(async () => {
  upstream = await startUpstream(answer);
  app = await serveApp({ env: { API_PASSWORD: PASSWORD, SLUICE_LOG: 'info' } });
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.answer(answer);
  upstream.requests.length = 0;
});

const asked = () => upstream.requests.map(({ path }) => path);
const encoded = (text: string) => Buffer.from(text).toString('base64');
/** As players are set up: all of it in base64. */
const name = () => encoded(`${upstream.url}:us.er:${PASSWORD}`).replace(/=+$/, '');
/** As answers have it. */
const own = () => Buffer.from(`${upstream.url}:us.er:${PASSWORD}`).toString('base64url');
const script = (path: string, user = name()) =>
  app.ask(`${path}${path.includes('?') ? '&' : '?'}username=${encodeURIComponent(user)}&password=p%2Bw`);
const code = ({ status, text }: Answer) => [status, JSON.parse(text).code];

describe('a user name stands for a provider', () => {
  it.each<[string, () => string]>([
    ['all in base64', () => encoded(`${upstream.url}:us.er:${PASSWORD}`)],
    ['in base64 for addresses, without padding', own],
    ['with a slash behind its URL', () => encoded(`${upstream.url}/:us.er:${PASSWORD}`)],
    ['its URL alone in base64', () => `${encoded(upstream.url)}:us.er:${PASSWORD}`],
  ])('%s', async (_, user) => {
    expect((await script('/player_api.php', user())).status).toBe(200);
    expect(asked()).toEqual(['/player_api.php?username=us.er&password=p%2Bw']);
  });

  it.each<[string, () => string, readonly [number, string]]>([
    ['without the password', () => encoded(`${upstream.url}:us.er`), [403, 'unauthorized']],
    ['with a wrong one', () => encoded(`${upstream.url}:us.er:no`), [403, 'unauthorized']],
    ['without a user', () => encoded('http://a.example'), [400, 'bad-request']],
    ['of another kind', () => encoded('ftp://a:b:c'), [400, 'bad-request']],
    ['of no kind', () => 'somebody', [400, 'bad-request']],
    [
      'at an address that is not asked',
      () => encoded(`http://127.0.0.2:us.er:${PASSWORD}`),
      [403, 'forbidden-address'],
    ],
  ])('but not %s', async (_, user, expected) => {
    for (const path of [
      '/player_api.php',
      '/player_api.php?action=x',
      '/panel_api.php',
      '/get.php',
      '/xmltv.php',
      '/streaming/timeshift.php',
    ])
      expect(code(await script(path, user())), path).toEqual(expected);
    for (const path of [
      'live/U/p/1.ts',
      'movie/U/p/1.mkv',
      'series/U/p/1',
      'timeshift/U/p/60/2026-11-22:20-00/1.ts',
      'hlsr/t/U/p/1/2/3/index.m3u8',
    ])
      expect(code(await app.ask(`/${path.replace('U', encodeURIComponent(user()))}`)), path).toEqual(
        expected,
      );
    expect(asked()).toEqual([]);
  });

  it.each([
    ['http://a.example:user', 'http://a.example', 'user', null],
    ['http://a.example:8080:user', 'http://a.example:8080', 'user', null],
    ['http://a.example:user:word', 'http://a.example', 'user', 'word'],
    ['https://a.example:8080:user:word', 'https://a.example:8080', 'user', 'word'],
    ['http://a.example:8080/c/:123:45', 'http://a.example:8080/c', '123', '45'],
    ['http://[::1]:8080:user:wo:rd', 'http://[::1]:8080', 'user', 'wo:rd'],
  ])('%s', async (text, base, user, word) => {
    const { readUpstream } = await import('../../../src/http/xtream/account.ts');
    expect(readUpstream(encoded(text))).toEqual({ base, user, apiPassword: word });
  });
});

describe('what the provider tells', () => {
  it('of the account, with this server in its place', async () => {
    const { port } = new URL(app.url);
    for (const path of ['/player_api.php', '/panel_api.php'])
      expect(JSON.parse((await script(path)).text), path).toEqual({
        user_info: { username: own(), password: 'p+w', auth: 1, status: 'Active' },
        server_info: {
          url: '127.0.0.1',
          port,
          https_port: '443',
          server_protocol: 'http',
          timezone: 'Europe/Rome',
        },
      });
  });

  it('in lists, with streams at addresses of ours and all else as it is', async () => {
    const { headers, text } = await script(
      '/player_api.php?action=get_live_streams&category_id=3&api_password=x',
    );
    expect(asked()).toEqual([
      '/player_api.php?username=us.er&password=p%2Bw&action=get_live_streams&category_id=3',
    ]);
    expect([headers['content-type'], headers['access-control-allow-origin']]).toEqual([
      'application/json',
      '*',
    ]);
    expect(text).toContain(`"direct_source":"${app.url.replaceAll('/', '\\/')}\\/live\\/`);
    expect(JSON.parse(text)).toEqual([
      {
        name: 'A "B"',
        stream_id: 7,
        stream_icon: `${upstream.url}/icon.png`,
        direct_source: `${app.url}/live/${own()}/p%2Bw/7.ts`,
      },
      { direct_source: `${app.url}/${own()}/p%2Bw/8.ts`, x: 'http://other/us.er/p+w/1.ts' },
    ]);
  });

  it('in lists, with scripts that are here, too', async () => {
    const { text } = await script('/player_api.php?action=scripts');
    expect(JSON.parse(text)).toEqual([
      `${app.url}/streaming/timeshift.php?username=${own()}&password=p%2Bw&stream=7&start={utc}`,
      `${app.url}/get.php?type=m3u&password=p%2Bw&amp;username=${own()}`,
      `${upstream.url}/xmltv.php?username=us.er2&password=p+w`,
      `${upstream.url}/own.php?username=us.er&password=p+w`,
      'http://other/get.php?username=us.er&password=p+w',
    ]);
  });

  it('and is asked for nothing that has no name', async () => {
    await script('/player_api.php?&=x&action=get_live_streams');
    expect(asked()).toEqual(['/player_api.php?username=us.er&password=p%2Bw&action=get_live_streams']);
  });

  it.each(['none', 'page'])('is refused where it is no JSON: %s', async (action) => {
    const { status, text } = await script(`/player_api.php?action=${action}`);
    if (action === 'none') expect([status, text]).toEqual([200, '']);
    else expect([status, JSON.parse(text).code]).toEqual([502, 'upstream']);
  });

  it('as a list, of which nothing leads past this server', async () => {
    const { text, headers } = await script('/get.php');
    expect(asked()).toEqual(['/get.php?username=us.er&password=p%2Bw&type=m3u_plus&output=ts']);
    expect(headers['content-type']).toBe('audio/x-mpegurl; charset=utf-8');
    const [elsewhere = ''] = /\/tuner\/stream\/.*$/m.exec(text) ?? [];
    expect(text).toBe(`#EXTM3U url-tvg="${app.url}/xmltv.php?username=${own()}&password=p%2Bw"
#EXTINF:-1 tvg-id="one" catchup-source="${app.url}/timeshift/${own()}/p%2Bw/60/{Y}/7.ts",One
${app.url}/live/${own()}/p%2Bw/7.ts
#EXTINF:-1 catchup-source="${app.url}/streaming/timeshift.php?password=p%2Bw&username=${own()}&stream=8",Short
${app.url}/${own()}/p%2Bw/8
#EXTINF:-1,Film
${app.url}/movie/${own()}/p%2Bw/9.mkv
#EXTINF:-1,Elsewhere
${app.url}${elsewhere}
`);
    const leaving = new AbortController();
    const watching = await fetch(`${app.url}${elsewhere}`, { signal: leaving.signal });
    await watching.body?.getReader().read();
    expect(upstream.requests.at(-1)).toMatchObject({
      path: '/elsewhere.ts',
      headers: { 'user-agent': 'TV' },
    });
    leaving.abort();
  });

  it('as a guide', async () => {
    const { text, headers } = await script('/xmltv.php');
    expect([text, headers['content-type']]).toEqual(['<tv>guide</tv>', 'application/xml; charset=utf-8']);
  });

  it('when it refuses: its status, and no word of who asked', async () => {
    const { status, text } = await app.ask(`/player_api.php?username=${name()}&password=other`);
    expect(status).toBe(401);
    expect(text).not.toMatch(/us\.er|other|api-pass/);
    for (const path of ['live/U/p+w/7.m3u8', 'U/p+w/7.m3u8', 'movie/U/p+w/9.mkv', 'series/U/p+w/9.mkv'])
      await app.ask(`/${path.replace('U', name())}`);
    const lines = JSON.stringify(app.log);
    expect(lines).toContain('/live/…/…/7.m3u8');
    for (const secret of ['us.er', 'p+w', 'p%2Bw', 'api-pass', name(), own(), upstream.url])
      expect(lines).not.toContain(secret);
  });
});

describe('a long list', () => {
  const item = () => `{"name":"${'x'.repeat(400)}","direct_source":"${upstream.url}/live/us.er/p+w/7.ts"},`;
  /** Sends a piece as often as that, no faster than it is taken. */
  const sending =
    (piece: string, count: number): Handler =>
    (_, response) => {
      let sent = 0;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('[');
      const more = () => {
        while (sent++ < count) if (!response.write(piece)) return void response.once('drain', more);
        response.end('0]');
      };
      more();
    };
  const list = (signal?: AbortSignal) =>
    fetch(
      `${app.url}/player_api.php?username=${name()}&password=p%2Bw&action=get_vod_streams`,
      signal ? { signal } : {},
    );

  it('has each of its addresses rewritten, however its parts are cut', async () => {
    upstream.answer(sending(item().repeat(200), 200));
    const own1 = item().replace(`${upstream.url}/live/us.er/p+w/`, `${app.url}/live/${own()}/p%2Bw/`);
    const text = await (await list()).text();
    expect(text === `[${own1.repeat(40_000)}0]`).toBe(true);
  });

  it('has them rewritten where no quotation mark comes for long', async () => {
    const text = `[${'x'.repeat(70_000)} ${upstream.url}/live/us.er/p+w/7.ts ${'y'.repeat(70_000)}]`;
    for (const size of [1000, 7001, 70_050]) {
      upstream.answer(async (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        for (let at = 0; at < text.length; at += size) {
          response.write(text.slice(at, at + size));
          await new Promise(setImmediate);
        }
        response.end();
      });
      expect(await (await list()).text()).toBe(
        text.replace(`${upstream.url}/live/us.er/p+w/`, `${app.url}/live/${own()}/p%2Bw/`),
      );
    }
  });

  it('that does not end comes as it comes, and is let go with who asked', async () => {
    upstream.answer(sending(item().repeat(200), Number.POSITIVE_INFINITY));
    const leaving = new AbortController();
    const reader = (await list(leaving.signal)).body?.getReader();
    for (let length = 0; length < 20e6; ) length += (await reader?.read())?.value?.length ?? 0;
    leaving.abort();
    await expect.poll(() => upstream.requests[0]?.closedAt).not.toBeNull();
  });
});

describe('streams', () => {
  it('live that twenty watch is asked for once', async () => {
    const leaving = new AbortController();
    const url = `${app.url}/live/${name()}/p+w/7.ts`;
    const watching = await Promise.all(
      Array.from({ length: 20 }, () => fetch(url, { signal: leaving.signal })),
    );
    for (const answer of watching) {
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
      await answer.body?.getReader().read();
    }
    expect(asked()).toEqual(['/live/us.er/p%2Bw/7.ts']);
    leaving.abort();
    await expect.poll(() => upstream.requests[0]?.closedAt).not.toBeNull();
  });

  it.each([
    ['live/U/p+w/7.m3u8', '/live/us.er/p%2Bw/7.m3u8'],
    ['U/p+w/7.m3u8', '/us.er/p%2Bw/7.m3u8'],
    ['hlsr/tok/U/p+w/7/100/200/index.m3u8', '/hlsr/tok/us.er/p%2Bw/7/100/200/index.m3u8'],
    ['timeshift/U/p+w/60/2026-11-22:20-00/7.m3u8', '/timeshift/us.er/p%2Bw/60/2026-11-22%3A20-00/7.m3u8'],
  ])('%s is a playlist that leads here', async (path, there) => {
    const at = `${app.url}/${path.replace('U', name())}`;
    const { text, headers } = await app.ask(at);
    expect(headers['content-type']).toBe('application/vnd.apple.mpegurl');
    const [segment = ''] = /^\.\.\/.*$/m.exec(text) ?? [];
    expect(new URL(segment, at).pathname).toMatch(/^\/proxy\/hls\/[\w-]+\/segment\.ts$/);
    expect(asked()).toEqual([there]);
    expect(text).not.toMatch(/us\.er|p\+w/);
  });

  it.each([
    ['movie/U/p+w/9.mkv', '/movie/us.er/p%2Bw/9.mkv', 'video/x-matroska'],
    ['series/U/p+w/9.mkv', '/series/us.er/p%2Bw/9.mkv', 'video/x-matroska'],
    [
      'timeshift/U/p+w/60/2026-11-22:20-00/7.ts',
      '/timeshift/us.er/p%2Bw/60/2026-11-22%3A20-00/7.ts',
      'video/mp2t',
    ],
    [
      'streaming/timeshift.php?username=U&password=p%2Bw&stream=7&start=1&duration=60',
      '/streaming/timeshift.php?username=us.er&password=p%2Bw&stream=7&start=1&duration=60',
      'video/mp2t',
    ],
  ])('%s: any range of it', async (path, there, type) => {
    const film = fixture('demo');
    const at = `/${path.replace('U', name())}`;
    const part = await app.ask(at, { headers: { range: 'bytes=100-199' } });
    expect([part.status, part.headers['content-type'], part.headers['content-range']]).toEqual([
      206,
      type,
      `bytes 100-199/${film.length}`,
    ]);
    expect(part.body.equals(film.subarray(100, 200))).toBe(true);
    const { status, headers } = await app.ask(at, { method: 'HEAD' });
    expect([status, headers['content-length']]).toEqual([200, String(film.length)]);
    expect(asked()).toEqual([there, there]);
  });

  it('a film as MP4, and as a playlist', async () => {
    const at = `/movie/${name()}/p+w/9.mkv`;
    const film = await app.ask(`${at}?transcode=true&start=2`);
    expect([film.status, film.headers['content-type']]).toEqual([200, 'video/mp4']);
    const { status, headers } = await app.ask(`${at}?hls=true`);
    expect([status, String(headers.location)]).toEqual([
      302,
      expect.stringMatching(/^\.\.\/\.\.\/\.\.\/hls\//),
    ]);
    const list = await app.ask(new URL(String(headers.location), `${app.url}${at}`).href);
    expect(list.text).toContain('#EXT-X-STREAM-INF');
  });

  it.each([
    '..%2f..%2fetc.ts',
    '%2e%2e',
    '7.ts%2f..',
    '7%3fx',
  ])('no path leaves its place: %s', async (file) => {
    const { status } = await app.ask(`/live/${name()}/p+w/${file}`);
    expect([status, asked()]).toEqual([404, []]);
  });
});

describe('other addresses', () => {
  it.each([
    ['/hls/abc/v/v0/index.m3u8', 403],
    ['/healthz', 200],
    ['/tuner/stream/x.ts', 404],
    ['/playlist/builder', 501],
    ['/live', 404],
    ['/live/a', 404],
    ['/live/a/b', 404],
    ['/movie/x', 404],
    ['/a/b/1.ts', 404],
    ['/web/x/1', 404],
    ['/aHR0/b/1.ts', 404],
  ])('%s is answered as ever: %i', async (path, status) => {
    expect((await app.ask(path)).status).toBe(status);
  });

  it('what is passed on becomes no worker', async () => {
    for (const path of [`/live/${name()}/p+w/7.ts`, `/movie/${name()}/p+w/7.ts`])
      expect((await app.ask(path, { headers: { 'service-worker': 'script' } })).status).toBe(403);
  });
});
