import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { file, patternBytes, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { createTranscoder } from '../pipeline/transcoded-film.ts';
import { type ServedApp, serveApp } from './serve-app.ts';

let upstream: Upstream;
let app: ServedApp;

beforeAll(async () => {
  upstream = await startUpstream(file(fixture('demo')));
  app = await serveApp();
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.answer(file(fixture('demo'), { headers: { etag: '"f"' } }));
});

const film = (name = 'demo') => encodeURIComponent(`${upstream.url}/${name}.mkv`);
const master = (more = '', id = 'a1b2') => `/hlsv2/${id}/master.m3u8?mediaURL=${film()}${more}`;
const json = (text: string): unknown => JSON.parse(text);

describe('what a file is', () => {
  it('is told in the words that players compare', async () => {
    const answer = await app.ask(`/hlsv2/probe?mediaURL=${film()}`);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(json(answer.text)).toMatchObject({
      format: { name: 'matroska,webm', duration: expect.closeTo(60, 0) },
      streams: [
        { track: 'video', codec: 'h264', isHdr: false, isDoVi: false },
        { track: 'audio', codec: 'aac', channels: expect.any(Number) },
      ],
    });
  });

  it.each([
    ['hevc', 'hevc'],
    ['av1-eac3', 'av1'],
  ])('%s', async (name, codec) => {
    upstream.answer(file(fixture(name)));
    const { streams } = json((await app.ask(`/hlsv2/probe?mediaURL=${film(name)}`)).text) as {
      streams: { track: string; codec: string }[];
    };
    expect(streams.find(({ track }) => track === 'video')?.codec).toBe(codec);
  });

  it('what cannot be read is an error that says why', async () => {
    upstream.answer((_, response) => void response.end('nothing to play'));
    const answer = await app.ask(`/hlsv2/probe?mediaURL=${film('none')}`);
    expect([answer.status, json(answer.text)]).toEqual([
      422,
      { error: { code: expect.any(String), message: expect.any(String) } },
    ]);
    expect((await app.ask('/hlsv2/probe?mediaURL=x')).status).toBe(400);
  });
});

describe('the playlist', () => {
  it('is the same whatever stands for the player, and HEAD says its exact type', async () => {
    const [one, two] = [await app.ask(master()), await app.ask(master('', 'ffff'))];
    expect(one.text).toBe(two.text);
    const head = await app.ask(master(), { method: 'HEAD' });
    expect([
      head.status,
      head.headers['content-type'],
      head.headers['access-control-allow-origin'],
      head.text,
    ]).toEqual([200, 'application/vnd.apple.mpegurl', '*', '']);
    const uri = /^(?!#).+$/m.exec(one.text)?.[0] ?? '';
    const media = await app.ask(new URL(uri, new URL(master(), app.url)).href);
    expect([media.status, media.text]).toEqual([200, expect.stringContaining('#EXT-X-ENDLIST')]);
  });

  it.each([
    ['everything', '', ['a1-aac', 'a1-copy']],
    ['E-AC-3', '&audioCodecs=aac&audioCodecs=eac3&maxAudioChannels=32', ['a1-aac', 'a1-copy']],
    ['no E-AC-3', '&audioCodecs=aac,mp3&maxAudioChannels=32', ['a1-aac']],
    ['stereo', '&audioCodecs=aac&audioCodecs=eac3&maxAudioChannels=2', ['a1-aac']],
    ['only what is not there', '&audioCodecs=vorbis', ['a1-aac']],
  ])('has the sound for a player that takes %s', async (_, more, names) => {
    const other = await serveApp({ transcoder: createTranscoder() });
    upstream.answer(file(fixture('av1-eac3')));
    const { text } = await other.ask(`/hlsv2/1/master.m3u8?mediaURL=${film('av1-eac3')}${more}`);
    await other.close();
    const found = [...text.matchAll(/\/(a\d+-[a-z0-9]+)\/index\.m3u8/g)].map(([, name]) => name);
    expect([...new Set(found)].sort()).toEqual(names);
  });

  it('a player that takes no form of the video is told so', async () => {
    const answer = await app.ask(master('&videoCodecs=vp9'));
    expect([answer.status, answer.text]).toEqual([501, expect.stringContaining('not-offered')]);
    expect((await app.ask(master('&videoCodecs=vp9&videoCodecs=h264'))).status).toBe(200);
    expect((await app.ask(master('&forceTranscoding=1'))).status).toBe(501);
  });
});

describe('an address by its path', () => {
  const options = (more = '') => `d=${encodeURIComponent(upstream.url)}${more}`;

  it('sends headers, forces others, and takes path and query as they are', async () => {
    upstream.answer(file(patternBytes(1000)));
    const path = `/proxy/${options('&h=Authorization%3ABasic+YTpi&h=X-One%3A1&r=Content-Type%3Avideo%2Fmp4')}/a%2Fb/c.bin?x=%41&y=a+b`;
    const answer = await app.ask(path, { headers: { range: 'bytes=10-19' } });
    expect([answer.status, answer.headers['content-type'], answer.body.length]).toEqual([
      206,
      'video/mp4',
      10,
    ]);
    expect(upstream.requests.at(-1)).toMatchObject({
      path: '/a%2Fb/c.bin?x=%41&y=a+b',
      headers: { authorization: 'Basic YTpi', 'x-one': '1', range: 'bytes=10-19' },
    });
  });

  it('a playlist leads on, wherever its addresses lie', async () => {
    const list =
      '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n../0.html\n#EXTINF:6,\n/root/1.ts\n#EXT-X-ENDLIST\n';
    upstream.answer(
      (request, response) =>
        void response.end(
          /m3u8/.test(request.url ?? '') ? list : `${request.url} ${request.headers['x-one']}`,
        ),
    );
    const path = `/proxy/${options('&h=X-One%3A1')}/a/b/list.m3u8?t=1`;
    const { text } = await app.ask(path);
    const links = [...text.matchAll(/^(?!#).+$/gm)].map(([uri]) => new URL(uri, new URL(path, app.url)).href);
    const bodies = await Promise.all(links.map(async (link) => (await app.ask(link)).text));
    expect(bodies).toEqual(['/a/0.html 1', '/root/1.ts 1']);
  });

  it.each(['d=x', 'd=file%3A%2F%2F', 'h=a%3Ab&d='])('%s names no server', async (text) => {
    expect((await app.ask(`/proxy/${text}/x`)).status).toBe(400);
  });
});

describe('what else is asked', () => {
  it('the hash of a film by its first and last part', async () => {
    const bytes = patternBytes(200_000);
    upstream.answer(file(bytes));
    const { result } = json((await app.ask(`/opensubHash?videoUrl=${film('h')}`)).text) as {
      result: unknown;
    };
    expect(result).toEqual({ hash: hashOf(bytes), size: 200_000 });
    upstream.answer(file(bytes.subarray(0, 100)));
    expect(json((await app.ask(`/opensubHash?videoUrl=${film('short')}`)).text)).toMatchObject({
      error: expect.any(String),
    });
  });

  it.each([
    '/settings',
    '/network-info',
    '/subtitleSignature',
    '/device-info',
    '/casting',
    '/heartbeat',
    '/status',
    '/hlsv2/abc/destroy',
  ])('%s', async (path) => {
    const answer = await app.ask(path);
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, '*']);
    expect(() => json(answer.text)).not.toThrow();
  });

  it('torrents are refused', async () => {
    const hash = '0123456789abcdef0123456789ABCDEF01234567';
    for (const path of [`/${hash}/0`, `/${hash}/create`, `/${hash}`])
      expect(json((await app.ask(path)).text)).toMatchObject({ error: { code: 'not-offered' } });
  });
});

describe('with a password', () => {
  it('a key in the path lets in, and opens what is private', async () => {
    const closed = await serveApp({ env: { API_PASSWORD: 'word' }, flags: { allow: ['127.0.0.1'] } });
    const key = closed.accessKey;
    const list = await closed.ask(`/stremio/${key}${master()}`);
    const uri = /^(?!#).+$/m.exec(list.text)?.[0] ?? '';
    const media = await closed.ask(new URL(uri, new URL(`/stremio/${key}${master()}`, closed.url)).href);
    const found = [
      (await closed.ask(master())).status,
      (await closed.ask(`/stremio/other${master()}`)).status,
      (await closed.ask(`/stremio/${key}/settings`)).status,
      (await closed.ask(`/stremio/${key}/proxy/d=${encodeURIComponent(upstream.url)}/x`)).status,
      (await closed.ask(`/proxy/d=${encodeURIComponent(upstream.url)}/x`)).status,
      media.status,
    ];
    await closed.close();
    expect(found).toEqual([403, 403, 200, 200, 403, 200]);
  });
});

/** Once more, by sums of numbers. */
function hashOf(bytes: Uint8Array): string {
  const words = (part: Uint8Array) => new BigUint64Array(part.slice().buffer);
  const parts = [...words(bytes.subarray(0, 65_536)), ...words(bytes.subarray(-65_536))];
  const sum = parts.reduce((a, b) => a + b, BigInt(bytes.length)) % 2n ** 64n;
  return sum.toString(16).padStart(16, '0');
}
