import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, fixturePath } from '../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { type ServedApp, serveApp } from './serve-app.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-addon-'));
const list = join(folder, 'list.m3u');
const PASSWORD = 'word';
/** As stremio-web asks. */
const WEB = { origin: 'https://web.stremio.com', 'sec-fetch-site': 'cross-site' };
let upstream: Upstream;
let app: ServedApp;
let key: string;

beforeAll(async () => {
  upstream = await startUpstream(file(fixture('demo')));
  const films = join(folder, 'films');
  mkdirSync(join(films, 'Drama'), { recursive: true });
  mkdirSync(join(films, 'Serie (2010)/Season 1'), { recursive: true });
  copyFileSync(fixturePath('demo'), join(films, 'Drama/Heat.1995.mkv'));
  copyFileSync(fixturePath('progressive'), join(films, 'Amélie (2001) {imdb-tt0211915}.mp4'));
  for (const name of ['02 - Two.mkv', '01 - One.mkv'])
    copyFileSync(fixturePath('demo'), join(films, 'Serie (2010)/Season 1', name));
  const lines = Array.from(
    { length: 120 },
    (_, i) =>
      `#EXTINF:-1 tvg-logo="https://p.example/${i}.png" group-title="VOD",Listed ${i}\n${upstream.url}/${i}.mkv?secret=1\n`,
  );
  writeFileSync(list, `#EXTM3U\n${lines.join('')}`);
  app = await serveApp({
    flags: { allow: ['127.0.0.1'], root: [`films=${films}`], list },
    env: { API_PASSWORD: PASSWORD },
  });
  key = app.accessKey;
});
afterAll(async () => {
  await app.close();
  await upstream.close();
  rmSync(folder, { recursive: true });
});

async function get<T>(path: string, server = app): Promise<T> {
  const { status, text, headers } = await server.ask(path, { headers: WEB });
  expect(
    [status, headers['access-control-allow-origin'], headers['content-type']],
    `${path} ${text}`,
  ).toEqual([200, '*', 'application/json']);
  return JSON.parse(text);
}
const under = <T>(path: string) => get<T>(`/addon/${key}/${path}`);
const names = ({ metas }: { metas: readonly { name: string }[] }) => metas.map(({ name }) => name);
const catalog = (path: string) => under<{ readonly metas: readonly Meta[] }>(`catalog/${path}.json`);

interface Meta {
  readonly id: string;
  readonly name: string;
}
interface Stream {
  readonly url: string;
  readonly behaviorHints: Readonly<Record<string, unknown>>;
}
const streamsFor = async (path: string): Promise<readonly Stream[]> =>
  (await under<{ readonly streams: readonly Stream[] }>(`stream/${path}.json`)).streams;

describe('the manifest', () => {
  it('says what can be asked for', async () => {
    expect(await under('manifest.json')).toMatchObject({
      id: expect.stringMatching(/^[\w.]+$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      name: 'Sluice',
      description: expect.any(String),
      types: ['movie', 'series'],
      resources: [
        'catalog',
        { name: 'meta', idPrefixes: ['sluice:'] },
        { name: 'stream', idPrefixes: ['sluice:', 'tt'] },
      ],
      catalogs: [
        {
          type: 'movie',
          id: 'sluice-movie',
          extra: [
            { name: 'genre', options: ['Drama', 'VOD', 'films'] },
            { name: 'search' },
            { name: 'skip' },
          ],
        },
        { type: 'series', id: 'sluice-series' },
      ],
      behaviorHints: { configurable: false, configurationRequired: false },
    });
  });
});

describe('a catalogue', () => {
  it('comes in pages of a hundred, each film once', async () => {
    const pages = [
      await catalog('movie/sluice-movie'),
      await catalog('movie/sluice-movie/skip=100'),
      await catalog('movie/sluice-movie/skip=200'),
    ];
    expect(pages.map(({ metas }) => metas.length)).toEqual([100, 22, 0]);
    expect(new Set(pages.flatMap(({ metas }) => metas.map(({ id }) => id))).size).toBe(122);
    expect(pages[0]?.metas[0]).toEqual({
      id: 'tt0211915',
      type: 'movie',
      name: 'Amélie',
      posterShape: 'poster',
      releaseInfo: '2001',
      genres: ['films'],
    });
    expect(pages[0]?.metas.find(({ name }) => name === 'Listed 7')).toMatchObject({
      poster: 'https://p.example/7.png',
    });
  });

  it.each([
    ['search=amelie', ['Amélie']],
    ['search=HEAT&skip=0', ['Heat']],
    ['search=a%26b', []],
    ['genre=Drama', ['Heat']],
    ['genre=VOD&search=listed%2011', ['Listed 11', ...Array.from({ length: 10 }, (_, i) => `Listed 11${i}`)]],
  ])('%s', async (extra, found) => {
    expect(names(await catalog(`movie/sluice-movie/${extra}`))).toEqual(found);
  });

  it('tells no address and no path', async () => {
    const texts = await Promise.all(
      ['manifest.json', 'catalog/movie/sluice-movie.json', 'catalog/series/sluice-series.json'].map(
        async (path) => (await app.ask(`/addon/${key}/${path}`)).text,
      ),
    );
    for (const secret of ['secret', String(upstream.port), 'root:', '.mkv', key])
      expect(texts.join(''), secret).not.toContain(secret);
  });

  it('is read again when its list has changed', async () => {
    const path = join(folder, 'short.txt');
    writeFileSync(path, 'One|https://a.example/1.mkv\n');
    const other = await serveApp({ flags: { list: path } });
    const read = async () => names(await get(`/addon/${other.accessKey}/catalog/movie/x.json`, other));
    expect(await read()).toEqual(['One']);
    writeFileSync(path, 'Two|https://a.example/1.mkv\n');
    utimesSync(path, 1, 1);
    expect(await read()).toEqual(['Two']);
    rmSync(path);
    expect((await other.ask('/addon/manifest.json')).status).toBe(404);
    await other.close();
  });
});

describe('a series', () => {
  it('has its episodes in order, and each plays', async () => {
    const [found] = (await catalog('series/sluice-series')).metas;
    const { meta } = await under<{ readonly meta: { readonly videos: readonly { readonly id: string }[] } }>(
      `meta/series/${encodeURIComponent(found?.id ?? '')}.json`,
    );
    expect(meta).toMatchObject({
      name: 'Serie',
      videos: [
        { season: 1, episode: 1, title: 'One', released: '2010-01-01T00:00:00.000Z' },
        { season: 1, episode: 2, title: 'Two' },
      ],
    });
    const id = encodeURIComponent(meta.videos[1]?.id ?? '');
    expect((await streamsFor(`series/${id}`))[1]?.url).toMatch(/\/02%20-%20Two\.mkv$/);
  });
});

describe('streams', () => {
  it('of a film in a folder, in both forms, play without password and from any page', async () => {
    const [found] = (await catalog('movie/sluice-movie/search=heat')).metas;
    const [hls, plain, ...others] = await streamsFor(`movie/${encodeURIComponent(found?.id ?? '')}`);
    expect(others).toEqual([]);
    const size = fixture('demo').length;
    const common = { filename: 'Heat.1995.mkv', videoSize: size, notWebReady: true };
    expect(hls?.behaviorHints).toMatchObject({ ...common, bingeGroup: 'sluice-hls' });
    expect(plain?.behaviorHints).toMatchObject({ ...common, bingeGroup: 'sluice-file' });
    const { text } = await app.ask(`/opensubHash?videoUrl=root:films/Drama/Heat.1995.mkv&api_password=word`);
    expect(hls?.behaviorHints.videoHash).toBe(JSON.parse(text).result.hash);
    const master = await app.ask(hls?.url ?? '', { method: 'HEAD', headers: WEB });
    expect([
      master.status,
      master.headers['content-type'],
      master.headers['access-control-allow-origin'],
    ]).toEqual([200, 'application/vnd.apple.mpegurl', '*']);
    const bytes = await app.ask(plain?.url ?? '', { headers: { ...WEB, range: 'bytes=0-9' } });
    expect([
      bytes.status,
      bytes.headers['content-range'],
      bytes.headers['access-control-allow-origin'],
    ]).toEqual([206, `bytes 0-9/${size}`, '*']);
  });

  it("of a film that IMDb knows are there for that film's page", async () => {
    const [, plain] = await streamsFor('movie/tt0211915');
    expect(plain?.behaviorHints.filename).toBe('Amélie (2001) {imdb-tt0211915}.mp4');
    expect(await streamsFor('movie/tt0000001')).toEqual([]);
  });

  it('of a film and a series with one id are told apart', async () => {
    const path = join(folder, 'one-id.txt');
    writeFileSync(
      path,
      'Film (2010) tt0000007|https://a.example/1.mkv\nShow S01E01 tt0000007|https://a.example/2.mkv\n',
    );
    const other = await serveApp({ flags: { list: path } });
    const files = async (type: string, id: string) => {
      const url = `/addon/${other.accessKey}/stream/${type}/${encodeURIComponent(id)}.json`;
      const { streams } = await get<{ readonly streams: readonly Stream[] }>(url, other);
      return streams.length;
    };
    expect([await files('movie', 'tt0000007'), await files('series', 'tt0000007:1:1')]).toEqual([2, 2]);
    expect(await files('series', 'tt0000007')).toBe(0);
    await other.close();
  });

  it('of a list lead through here, and are the same each time', async () => {
    const [found] = (await catalog('movie/sluice-movie/search=listed 5')).metas;
    const path = `movie/${encodeURIComponent(found?.id ?? '')}`;
    const streams = await streamsFor(path);
    expect(await streamsFor(path)).toEqual(streams);
    expect(streams.every(({ url }) => url.startsWith(`${app.url}/`))).toBe(true);
    expect((await app.ask(streams[1]?.url ?? '')).body.length).toBe(fixture('demo').length);
    expect(upstream.requests.at(-1)?.path).toBe('/5.mkv?secret=1');
  });

  it('by https are for browsers: HLS, and files that are MP4', async () => {
    const flags = { root: [`films=${join(folder, 'films')}`], 'public-url': 'https://tv.example.org/sluice' };
    const other = await serveApp({ flags });
    const read = async (id: string): Promise<readonly Stream[]> =>
      (
        await get<{ readonly streams: readonly Stream[] }>(
          `/addon/${other.accessKey}/stream/movie/${id}.json`,
          other,
        )
      ).streams;
    const [mp4, mkv] = [await read('tt0211915'), await read((await heatId(other)) ?? '')];
    await other.close();
    expect(mp4[0]?.url).toMatch(/^https:\/\/tv\.example\.org\/sluice\/hls\//);
    expect([...mp4, ...mkv].map(({ behaviorHints }) => behaviorHints.notWebReady)).toEqual([
      undefined,
      undefined,
      undefined,
      true,
    ]);
  });
});

async function heatId(server: ServedApp): Promise<string | undefined> {
  const path = `/addon/${server.accessKey}/catalog/movie/x/search=heat.json`;
  return (await get<{ readonly metas: readonly Meta[] }>(path, server)).metas[0]?.id;
}

describe('who may see it', () => {
  it('with the password only the list, without key', async () => {
    const path = '/addon/catalog/movie/sluice-movie/skip=100.json';
    expect((await app.ask(path)).status).toBe(403);
    const { text } = await app.ask(`${path}?api_password=${PASSWORD}`);
    expect(JSON.parse(text).metas).toHaveLength(20);
    const heat = await heatId(app);
    const stream = `/addon/stream/movie/${heat}.json?api_password=${PASSWORD}`;
    expect(JSON.parse((await app.ask(stream)).text).streams).toEqual([]);
  });

  it('pages of other sites nothing, without key', async () => {
    const open = await serveApp({ flags: { list } });
    const asked = await open.ask('/addon/manifest.json', { headers: WEB });
    expect([asked.status, asked.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    expect((await open.ask('/addon/manifest.json')).status).toBe(200);
    await open.close();
  });

  it('nobody with another key, and nobody where there is nothing', async () => {
    expect((await app.ask(`/addon/${'a'.repeat(24)}/manifest.json`)).status).toBe(403);
    const none = await serveApp();
    expect((await none.ask(`/addon/${none.accessKey}/manifest.json`)).status).toBe(501);
    await none.close();
  });
});
