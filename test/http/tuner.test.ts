import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseChannelList } from '../../src/proxy/channel-list.ts';
import { startUpstream, type Upstream } from '../helpers/upstream.ts';
import { type ServedApp, serveApp } from './serve-app.ts';

const COUNT = 500;
let upstream: Upstream;
let app: ServedApp;

const listOf = (url: string) =>
  parseChannelList(
    Array.from(
      { length: COUNT },
      (_, i) =>
        `#EXTINF:-1 tvg-id="c${i}.tv" group-title="News & more",Channel "${i}" <é>\n${url}/${i}.${i === 1 ? 'm3u8' : 'ts'}?secret=${i}\n`,
    ).join(''),
  );

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    if (request.url?.includes('m3u8'))
      return void response.end('#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n0.ts\n');
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    const timer = setInterval(() => response.write(Buffer.alloc(1880, 0x47)), 5);
    response.on('close', () => clearInterval(timer));
  });
  const channels = { list: async () => listOf(upstream.url) };
  app = await serveApp({ env: { API_PASSWORD: 'word' }, channels });
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

const under = () => `/tuner/${app.accessKey}`;
const json = (text: string) => JSON.parse(text);

describe('a list of channels', () => {
  it('as M3U, which our own reader reads', async () => {
    const { status, headers, text } = await app.ask('/tuner/playlist.m3u?api_password=word');
    expect([status, headers['content-type']]).toEqual([200, 'audio/x-mpegurl; charset=utf-8']);
    const read = parseChannelList(text);
    expect(read).toHaveLength(COUNT);
    expect(read[7]).toMatchObject({
      number: '8',
      guideId: 'c7.tv',
      group: 'News & more',
      name: 'Channel "7" <é>',
    });
    expect(read.every(({ url }) => url.startsWith(`${app.url}/`))).toBe(true);
    expect(text).toContain(`x-tvg-url="${app.url}/tuner/guide.xml"`);
    for (const secret of ['secret', String(upstream.port), 'word']) expect(text).not.toContain(secret);
  });

  it('is the same each time: media servers keep its addresses', async () => {
    const [one, two] = [await app.ask(`${under()}/playlist.m3u`), await app.ask(`${under()}/playlist.m3u`)];
    expect(one.text).toBe(two.text);
  });

  it('as an HDHomeRun tuner has it', async () => {
    const found = json((await app.ask(`${under()}/discover.json`)).text);
    expect(found).toMatchObject({
      BaseURL: `${app.url}${under()}`,
      LineupURL: `${app.url}${under()}/lineup.json`,
    });
    const lineup = json((await app.ask(found.LineupURL)).text);
    expect(lineup).toHaveLength(COUNT);
    expect(lineup[0]).toEqual({
      GuideNumber: '1',
      GuideName: 'Channel "0" <é>',
      URL: expect.stringMatching(/\/tuner\/stream\/[\w-]+\.ts$/),
    });
    expect(json((await app.ask(`${under()}/lineup_status.json`)).text)).toMatchObject({ ScanInProgress: 0 });
  });

  it('as XMLTV, well-formed', async () => {
    const { text } = await app.ask(`${under()}/guide.xml`);
    expect(text.match(/<channel id="c\d+\.tv">/g)).toHaveLength(COUNT);
    expect(text).toContain('<display-name>Channel &quot;7&quot; &lt;é&gt;</display-name>');
    expect(text.replaceAll(/&(amp|lt|gt|quot);/g, '')).not.toMatch(/&/);
  });

  it('asks for the password, or the key', async () => {
    for (const path of [
      '/tuner/playlist.m3u',
      '/tuner/discover.json',
      '/tuner/aaaaaaaaaaaaaaaaaaaaaaaa/playlist.m3u',
    ])
      expect((await app.ask(path)).status).toBe(403);
    const none = await serveApp();
    expect((await none.ask('/tuner/playlist.m3u')).status).toBe(501);
    await none.close();
  });
});

describe('a channel', () => {
  it('that twenty watch is asked for once, until the last has left', async () => {
    const [{ URL: url }] = json((await app.ask(`${under()}/lineup.json`)).text);
    const leaving = Array.from({ length: 20 }, () => new AbortController());
    const watching = await Promise.all(leaving.map(({ signal }) => fetch(url, { signal })));
    for (const answer of watching) {
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
      const reader = answer.body?.getReader();
      expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
    }
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/0.ts?secret=0']);
    for (const each of leaving) each.abort();
    await expect.poll(() => upstream.requests[0]?.closedAt, { timeout: 1000 }).not.toBeNull();
  });

  it('in HLS is a playlist that leads here', async () => {
    const lineup = json((await app.ask(`${under()}/lineup.json`)).text);
    const answer = await app.ask(lineup[1].URL);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/vnd.apple.mpegurl']);
    expect(answer.text).toMatch(/\n\.\.\/[\w-]+\/segment\.ts\n/);
  });

  it('is told of without being asked for', async () => {
    const [{ URL: url }] = json((await app.ask(`${under()}/lineup.json`)).text);
    expect((await app.ask(url, { method: 'HEAD' })).headers['content-type']).toBe('video/mp2t');
    expect(upstream.requests).toEqual([]);
    expect((await app.ask(url.replace(/.{8}\.ts$/, 'AAAAAAAA.ts'))).status).toBe(403);
  });
});
