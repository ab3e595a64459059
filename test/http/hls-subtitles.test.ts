import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { insertBefore } from '../helpers/matroska-edit.ts';
import { attachments, ID } from '../helpers/matroska-writer.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { masterPath, type ServedApp, serveApp } from './serve-app.ts';

let app: ServedApp;
let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream(file(fixture('subtitles')));
  app = await serveApp();
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});

const film = (name = 'film') => `${upstream.url}/${name}.mkv`;

/** URIs of the master's subtitles, whole. */
async function subtitlesOf(path: string): Promise<string[]> {
  const { text } = await app.ask(path);
  return [...text.matchAll(/TYPE=SUBTITLES.*URI="([^"]+)"/g)].map(
    ([, uri = '']) => new URL(uri, new URL(path, app.url)).href,
  );
}

describe('renditions of subtitles', () => {
  it('list as many segments as pictures, of the same length, without an initialization', async () => {
    const path = masterPath(film());
    const [first = ''] = await subtitlesOf(path);
    const answer = await app.ask(first);
    const video = await app.ask(first.replace(/s\d+\/index/, 'v0/index'));
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/vnd.apple.mpegurl']);
    const expected = video.text.replace(/#EXT-X-MAP.*\n/, '').replaceAll('.m4s', '.vtt');
    expect(answer.text).toBe(expected);
  });

  it('have bodies of WebVTT that are kept for ever and read from anywhere', async () => {
    const [first = ''] = await subtitlesOf(masterPath(film()));
    const segment = new URL('0.vtt', first).href;
    const { status, headers, text } = await app.ask(segment);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/vtt; charset=utf-8',
      'cache-control': expect.stringMatching(/^public, .*immutable/),
      'access-control-allow-origin': '*',
      etag: expect.stringMatching(/^"\w+-s2-0"$/),
    });
    expect(text).toMatch(/^WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00\.000\n\n00:00:00\.500 --> /);
  });

  it('are told by HEAD and by tag without a request upstream', async () => {
    const [first = ''] = await subtitlesOf(masterPath(film()));
    const before = upstream.requests.length;
    const path = new URL('1.vtt', first).pathname;
    const head = await app.ask(path, { method: 'HEAD' });
    const known = await app.ask(path, { headers: { 'if-none-match': String(head.headers.etag) } });
    expect([head.status, head.text, head.headers['content-type']]).toEqual([
      200,
      '',
      'text/vtt; charset=utf-8',
    ]);
    expect([known.status, known.headers['access-control-allow-origin']]).toEqual([304, '*']);
    expect(upstream.requests.length).toBe(before);
  });

  it.each([
    { name: 'a segment that is not listed', file: '99.vtt', status: 404 },
    { name: 'pictures of subtitles', file: '0.m4s', status: 404 },
    { name: 'an initialization', file: 'init.mp4', status: 404 },
    { name: 'another track', file: '../s1/0.vtt', status: 404 },
    { name: 'a list of another track', file: '../s9/index.m3u8', status: 404 },
  ])('$name: $status', async ({ file: name, status }) => {
    const [first = ''] = await subtitlesOf(masterPath(film()));
    for (const method of ['GET', 'HEAD']) {
      const answer = await app.ask(new URL(name, first).href, { method });
      expect([answer.status, answer.headers.etag], method).toEqual([status, undefined]);
      expect(answer.headers['content-type'], method).not.toContain('vtt');
    }
  });

  it('answer another version with 410', async () => {
    const [first = ''] = await subtitlesOf(masterPath(film()));
    const [, , token = ''] = new URL(first).pathname.split('/');
    expect((await app.ask(`/hls/${token}/0123456789abcdef/s2/0.vtt`)).status).toBe(410);
  });

  it.each([
    { wish: '', indexes: [2, 3, 4] },
    { wish: '&subtitles=fr', indexes: [4] },
    { wish: '&subtitles=2,fr', indexes: [2, 4] },
    { wish: '&subtitles=none', indexes: [] },
  ])('are those that are asked for: "$wish"', async ({ wish, indexes }) => {
    const uris = await subtitlesOf(`${masterPath(film())}${wish}`);
    expect(uris.map((uri) => Number(/\/s(\d+)\//.exec(uri)?.[1]))).toEqual(indexes);
    for (const uri of uris) expect((await app.ask(uri)).status).toBe(200);
  });
});

it('/probe says what becomes of them', async () => {
  const { text } = await app.ask(`/probe?d=${encodeURIComponent(film())}&subtitles=en`);
  const { tracks } = JSON.parse(text) as { tracks: { kind: string; action: string; reason: string }[] };
  expect(
    tracks.filter(({ kind }) => kind === 'subtitle').map(({ action, reason }) => [action, reason]),
  ).toEqual([
    ['transcode', 'S_TEXT/UTF8 becomes WebVTT'],
    ['transcode', 'S_TEXT/ASS becomes WebVTT'],
    ['omit', 'not asked for'],
  ]);
});

it('what is one file says that it is without them', async () => {
  const { headers } = await app.ask(`/remux.mp4?d=${encodeURIComponent(film())}`, { method: 'HEAD' });
  expect(decodeURIComponent(String(headers['sluice-omitted']))).toContain(
    'subtitle 2: subtitles are offered with HLS alone',
  );
});

describe('Stremio', () => {
  it('is told of them as FFmpeg names them', async () => {
    const { text } = await app.ask(`/hlsv2/probe?mediaURL=${encodeURIComponent(film())}`);
    const { streams } = JSON.parse(text) as { streams: { track: string }[] };
    expect(streams.filter(({ track }) => track === 'subtitle')).toMatchObject([
      { codec: 'subrip', title: 'With a name', language: 'en', forced: false },
      { codec: 'ass', title: null, language: 'en', forced: true },
      { codec: 'webvtt', title: null, language: 'fr', forced: false },
    ]);
  });

  it('gets the script of a track of ASS as it was', async () => {
    const path = `/hlsv2/7/source/subtitle/3.ass?mediaURL=${encodeURIComponent(film())}`;
    const { status, headers, text } = await app.ask(path);
    expect([status, headers['content-type']]).toEqual([200, 'text/x-ssa; charset=utf-8']);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(text).toMatch(/^\[Script Info\]\n/);
    expect(text.split('\n').filter((line) => line.startsWith('Dialogue'))).toEqual([
      'Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,Hello {\\i1}there{\\i0}',
      'Dialogue: 0,0:00:01.80,0:00:08.20,Default,,0,0,0,,Over the borders & on',
      'Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,At the same\\Ntime',
      'Dialogue: 0,0:00:11.00,0:00:11.90,Default,,0,0,0,,Größe 終',
    ]);
    const head = await app.ask(path, { method: 'HEAD' });
    expect([head.status, head.headers['content-type'], head.text]).toEqual([
      200,
      'text/x-ssa; charset=utf-8',
      '',
    ]);
    for (const file of ['2.ass', '0.ass', '99.ass'])
      expect((await app.ask(path.replace('3.ass', file))).status, file).toBe(404);
  });

  it('gets attached fonts, and nothing else that is attached', async () => {
    const font = Uint8Array.from({ length: 5000 }, (_, i) => i & 255);
    const files = [
      { name: 'a.ttf', type: 'application/x-truetype-font', data: font },
      { name: 'b.html', type: 'text/html', data: new TextEncoder().encode('<script>') },
      { name: 'c.otf', type: 'text/html', data: font.slice(0, 10) },
      { name: 'd.html', type: 'font/svg+xml', data: font.slice(0, 10) },
      { name: 'e', type: 'font/html', data: font.slice(0, 10) },
      { name: 'f', type: 'Font/WOFF2', data: font.slice(0, 10) },
    ];
    upstream.answer(file(insertBefore(fixture('subtitles'), ID.Cluster, attachments(...files))));
    const query = `mediaURL=${encodeURIComponent(film('fonts'))}`;
    const { streams } = JSON.parse((await app.ask(`/hlsv2/probe?${query}`)).text) as {
      streams: { id: number; track: string; mimeType: string; filename: string }[];
    };
    const attached = streams.filter(({ track }) => track === 'attachment');
    expect(attached.map(({ mimeType, filename }) => [filename, mimeType])).toEqual(
      files.map(({ name, type }) => [name, type]),
    );
    const asked = await Promise.all(
      attached.map(({ id }) => app.ask(`/hlsv2/7/source/attachment/${id}?${query}`)),
    );
    expect(asked.map(({ status, headers }) => [status, headers['content-type']])).toEqual([
      [200, 'application/x-truetype-font'],
      [501, 'application/json'],
      [200, 'application/octet-stream'],
      [200, 'application/octet-stream'],
      [200, 'application/octet-stream'],
      [200, 'font/woff2'],
    ]);
    expect(asked[0]?.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': 'sandbox',
      'content-length': '5000',
    });
    expect(asked[0]?.body.equals(font)).toBe(true);
    const before = upstream.requests.length;
    const head = await app.ask(`/hlsv2/7/source/attachment/${attached[0]?.id}?${query}`, { method: 'HEAD' });
    expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '5000', '']);
    expect(upstream.requests.length).toBe(before);
    expect((await app.ask(`/hlsv2/7/source/attachment/99?${query}`)).status).toBe(404);
    upstream.answer(file(fixture('subtitles')));
  });

  it('gets them in the playlist', async () => {
    const path = `/hlsv2/1/master.m3u8?mediaURL=${encodeURIComponent(film())}&videoCodecs=h264&audioCodecs=aac`;
    const uris = await subtitlesOf(path);
    expect(uris).toHaveLength(3);
    for (const uri of uris) expect((await app.ask(new URL('0.vtt', uri).href)).text).toContain('-->');
  });
});
