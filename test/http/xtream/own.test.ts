import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GuideEdition, Programme } from '../../../src/http/deps.ts';
import { parseChannelList } from '../../../src/proxy/channel-list.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { type Question, type ServedApp, serveApp } from '../serve-app.ts';

const NOW = Date.parse('2026-11-22T20:40:00Z');
const PASSWORD = 'pass/word';
let upstream: Upstream;
let app: ServedApp;

const programme = (start: string, stop: string, title: string): Programme => ({
  start: Date.parse(`2026-11-22T${start}Z`),
  stop: Date.parse(`2026-11-22T${stop}Z`),
  title,
  description: `About ${title}`,
});

const PROGRAMMES = [
  programme('19:00', '20:00', 'Past'),
  programme('20:00', '21:00', 'Now é'),
  programme('21:00', '22:00', 'Next'),
  programme('22:00', '23:00', 'Later'),
];

const edition: GuideEdition = {
  etag: '"guide"',
  zippedBytes: 0,
  async *chunks() {
    yield [Buffer.from('<tv>guide</tv>')];
  },
  programmes: ({ guideId }) => (guideId === 'one.tv' ? PROGRAMMES : []),
};

beforeAll(async () => {
  upstream = await startUpstream((request, response, seen) => {
    if (request.url?.includes('m3u8'))
      return void response.end('#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n0.ts\n');
    if (request.url?.includes('film')) return file(fixture('demo'))(request, response, seen);
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    const timer = setInterval(() => response.write(Buffer.alloc(1880, 0x47)), 5);
    response.on('close', () => clearInterval(timer));
  });
  const list = parseChannelList(`#EXTM3U
#EXTINF:-1 tvg-id="one.tv" tvg-logo="http://logo/1" group-title="News & more",One
${upstream.url}/1.ts?secret=1
#EXTINF:-1 group-title="Sport",Two
${upstream.url}/2.m3u8?secret=2
#EXTINF:-1,Film
${upstream.url}/film?secret=3
`);
  app = await serveApp({
    env: { API_PASSWORD: PASSWORD, SLUICE_LOG: 'info' },
    channels: { list: async () => list },
    guide: { edition: async () => edition },
    now: () => NOW,
  });
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

const login = `username=sluice&password=${encodeURIComponent(PASSWORD)}`;
const ask = async (action: string, question?: Question) => {
  const answer = await app.ask(
    `/player_api.php?${login}${action === '' ? '' : `&action=${action}`}`,
    question,
  );
  return { ...answer, json: JSON.parse(answer.text) };
};
const ids = async (): Promise<readonly string[]> =>
  (await ask('get_live_streams')).json.map(({ stream_id }: { readonly stream_id: number }) =>
    String(stream_id),
  );
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('what players are told', () => {
  it('of the account and the server', async () => {
    const { port } = new URL(app.url);
    const { json, headers } = await ask('');
    expect(json).toEqual({
      user_info: {
        username: 'sluice',
        password: PASSWORD,
        message: '',
        auth: 1,
        status: 'Active',
        exp_date: null,
        is_trial: '0',
        active_cons: '0',
        created_at: '0',
        max_connections: '8',
        allowed_output_formats: ['m3u8', 'ts'],
      },
      server_info: {
        url: '127.0.0.1',
        port,
        https_port: '443',
        server_protocol: 'http',
        rtmp_port: '0',
        timezone: 'UTC',
        timestamp_now: NOW / 1000,
        time_now: '2026-11-22 20:40:00',
      },
    });
    expect([headers['content-type'], headers['access-control-allow-origin']]).toEqual([
      'application/json',
      '*',
    ]);
  });

  it.each<[string, unknown]>([
    [
      'get_live_categories',
      [
        { category_id: '1', category_name: 'News & more', parent_id: 0 },
        { category_id: '2', category_name: 'Sport', parent_id: 0 },
        { category_id: '3', category_name: 'Channels', parent_id: 0 },
      ],
    ],
    ['get_vod_categories', []],
    ['get_vod_streams', []],
    ['get_series_categories', []],
    ['get_series', []],
    ['constructor', []],
  ])('%s', async (action, expected) => {
    expect((await ask(action)).json).toEqual(expected);
  });

  it('whether they ask by a query or by a form', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const posted = (body: string) => app.ask('/player_api.php', { method: 'POST', headers, body });
    const { text } = await posted(`${login}&action=get_live_categories`);
    expect(JSON.parse(text)).toEqual((await ask('get_live_categories')).json);
    expect((await posted('username=sluice&password=no')).status).toBe(403);
    expect((await posted(`${login}&x=${'x'.repeat(17_000)}`)).status).toBe(413);
  });

  it('of the channels, and of those of a category', async () => {
    const { json, text } = await ask('get_live_streams');
    expect(json).toHaveLength(3);
    expect(json[0]).toEqual({
      num: 1,
      name: 'One',
      stream_type: 'live',
      stream_id: expect.any(Number),
      stream_icon: 'http://logo/1',
      epg_channel_id: 'one.tv',
      added: '0',
      is_adult: '0',
      category_id: '1',
      category_ids: [1],
      custom_sid: '',
      tv_archive: 0,
      direct_source: '',
      tv_archive_duration: 0,
    });
    expect(new Set(await ids()).size).toBe(3);
    expect(text).not.toContain('secret');
    expect((await ask('get_live_streams&category_id=2')).json).toEqual([json[1]]);
    expect((await ask('get_live_streams&category_id=9')).json).toEqual([]);
  });

  it('of what is on', async () => {
    const [one, two] = await ids();
    const now = {
      id: String(Date.parse('2026-11-22T20:00Z') / 1000),
      epg_id: one,
      title: base64('Now é'),
      lang: '',
      start: '2026-11-22 20:00:00',
      end: '2026-11-22 21:00:00',
      description: base64('About Now é'),
      channel_id: 'one.tv',
      start_timestamp: String(Date.parse('2026-11-22T20:00Z') / 1000),
      stop_timestamp: String(Date.parse('2026-11-22T21:00Z') / 1000),
    };
    const short = (await ask(`get_short_epg&stream_id=${one}`)).json.epg_listings;
    expect(short[0]).toEqual(now);
    expect(short).toHaveLength(3);
    expect((await ask(`get_short_epg&stream_id=${one}&limit=1`)).json).toEqual({ epg_listings: [now] });
    const whole = (await ask(`get_simple_data_table&stream_id=${one}`)).json.epg_listings;
    expect(whole).toHaveLength(4);
    expect(whole[1]).toEqual({ ...now, now_playing: 1, has_archive: 0 });
    expect((await ask(`get_short_epg&stream_id=${two}`)).json).toEqual({ epg_listings: [] });
    expect((await ask('get_short_epg&stream_id=1')).status).toBe(404);
  });

  it('as a list and a guide', async () => {
    const { text, headers } = await app.ask(`/get.php?${login}&type=m3u_plus&output=ts`);
    const [one, two, film] = await ids();
    expect(headers['content-type']).toBe('audio/x-mpegurl; charset=utf-8');
    expect(text).toBe(`#EXTM3U x-tvg-url="${app.url}/xmltv.php?${login}"
#EXTINF:-1 tvg-id="one.tv" tvg-chno="1" tvg-name="One" tvg-logo="http://logo/1" group-title="News & more",One
${app.url}/live/sluice/pass%2Fword/${one}.ts
#EXTINF:-1 tvg-id="2" tvg-chno="2" tvg-name="Two" group-title="Sport",Two
${app.url}/live/sluice/pass%2Fword/${two}.m3u8
#EXTINF:-1 tvg-id="3" tvg-chno="3" tvg-name="Film",Film
${app.url}/live/sluice/pass%2Fword/${film}.ts
`);
    expect((await app.ask(`/xmltv.php?${login}`)).text).toBe('<tv>guide</tv>');
  });
});

describe('a channel', () => {
  it.each([
    '/live/sluice',
    '/live/anybody',
    '/sluice',
  ])('at %s/… that many watch is asked for once', async (at) => {
    const [one] = await ids();
    const leaving = new AbortController();
    const url = `${app.url}${at}/pass%2Fword/${one}`;
    const watching = [`${url}.ts`, url].map((each) => fetch(each, { signal: leaving.signal }));
    for (const answer of await Promise.all(watching)) {
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
      expect((await answer.body?.getReader().read())?.value?.length).toBeGreaterThan(0);
    }
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/1.ts?secret=1']);
    leaving.abort();
    await expect.poll(() => upstream.requests[0]?.closedAt).not.toBeNull();
  });

  it('in HLS is a playlist that leads here, whatever it is asked for as', async () => {
    const [, two] = await ids();
    for (const file of [`${two}.m3u8`, `${two}.ts`]) {
      const path = `/live/sluice/pass%2Fword/${file}`;
      const { text, headers } = await app.ask(path);
      expect(headers['content-type']).toBe('application/vnd.apple.mpegurl');
      const [segment = ''] = /^\.\.\/.*$/m.exec(text) ?? [];
      expect(new URL(segment, `${app.url}${path}`).pathname).toMatch(/^\/proxy\/hls\/[\w-]+\/segment\.ts$/);
    }
  });

  it('that is none is made one where a playlist is asked for', async () => {
    const [, , film] = await ids();
    const answer = await app.ask(`/live/sluice/pass%2Fword/${film}.m3u8`);
    expect(answer.status).toBe(302);
    const place = new URL(String(answer.headers.location), `${app.url}/live/sluice/x/`);
    expect((await app.ask(place.href)).text).toContain('#EXT-X-STREAM-INF');
  });

  it('keeps its number wherever it stands in the list', async () => {
    const { numbered } = await import('../../../src/http/xtream/own-provider.ts');
    const list = parseChannelList('http://a/1\nhttp://a/2\nhttp://a/3\n');
    const byUrl = new Map(numbered(list).map(({ channel, id }) => [channel.url, id]));
    for (const { channel, id } of numbered([...list].reverse().slice(1)))
      expect(byUrl.get(channel.url)).toBe(id);
    const same = numbered([...list, ...list].map((channel) => ({ ...channel, url: 'http://a/' })));
    expect(new Set(same.map(({ id }) => id)).size).toBe(6);
    const begun = performance.now();
    const many = numbered(Array.from({ length: 20_000 }, () => list[0] ?? []).flat());
    expect(new Set(many.map(({ id }) => id)).size).toBe(20_000);
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});

describe('the password', () => {
  const paths = (user: string, password: string) => [
    `/player_api.php?username=${user}&password=${password}`,
    `/get.php?username=${user}&password=${password}`,
    `/xmltv.php?username=${user}&password=${password}`,
    `/live/${user}/${password}/1.ts`,
    `/sluice/${password}/1.ts`,
  ];

  it('is asked for, as that of the server or its key', async () => {
    for (const path of paths('sluice', 'wrong')) {
      const { status, text } = await app.ask(path);
      expect([status, JSON.parse(text).code], path).toEqual([403, 'unauthorized']);
      expect(text).not.toContain('wrong');
    }
    for (const path of paths('any', app.accessKey))
      expect([200, 404]).toContain((await app.ask(path)).status);
    expect((await app.ask('/player_api.php')).status).toBe(400);
  });

  it('is in no line of the log', async () => {
    for (const path of paths('sluice', encodeURIComponent(PASSWORD))) await app.ask(path);
    expect(JSON.stringify(app.log)).toContain('/live/…/…/1.ts');
    expect(JSON.stringify(app.log)).not.toMatch(/pass(.|%2f)?word=?|secret/i);
  });
});

it('behind a proxy addresses are those that players reach', async () => {
  const channels = { list: async () => parseChannelList('http://a/1.ts\nhttp://a/2.m3u8\n') };
  const behind = await serveApp({
    env: { SLUICE_TRUSTED_PROXIES: '127.0.0.1' },
    flags: { host: 'tv.example' },
    channels,
  });
  const headers = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'tv.example',
    'x-forwarded-prefix': '/sluice',
  };
  const account = await behind.ask('/player_api.php?username=a&password=b', { headers });
  const list = await behind.ask('/get.php?username=a&password=b', { headers });
  await behind.close();
  expect(JSON.parse(account.text).server_info).toMatchObject({
    url: 'tv.example',
    https_port: '443',
    server_protocol: 'https',
  });
  expect(list.text.match(/https?:.*?(?=\d+\.|xmltv)/g)).toEqual([
    'https://tv.example/sluice/',
    'https://tv.example/sluice/live/a/b/',
    'https://tv.example/sluice/live/a/b/',
  ]);
});

it('without channels an account that stands for no provider is none', async () => {
  const none = await serveApp();
  const answer = await none.ask('/player_api.php?username=a&password=b');
  await none.close();
  expect([answer.status, JSON.parse(answer.text).code]).toEqual([400, 'bad-request']);
});
