import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Handler, patternBytes, startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { type ServedApp, serveApp } from '../serve-app.ts';

const PASSWORD = 'a secret';
const SEGMENT = transportStream(40);
const PICTURE = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const KEY = patternBytes(16, 3);
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Packets of 188 bytes. */
function transportStream(count: number): Uint8Array {
  const bytes = patternBytes(188 * count, 5);
  for (let i = 0; i < count; i++) bytes.set([0x47, 0x01, 0x00, 0x10 | (i & 15)], 188 * i);
  return bytes;
}

const MASTER = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="audio/en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360,AUDIO="a"
low/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=3000000,RESOLUTION=1280x720,AUDIO="a"
high/index.m3u8?token=a%2Fb
`;
const MEDIA = `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:6
#EXT-X-KEY:METHOD=AES-128,URI="key.php?id=1",IV=0x00000000000000000000000000000001
#EXTINF:6,
0.ts
#EXTINF:6,
1.ts
#EXTINF:6,
2.ts
#EXTINF:6,
3.ts
#EXT-X-ENDLIST
`;

type Files = Readonly<Record<string, string | Uint8Array>>;

const FILES: Files = {
  '/tv/master.m3u8': MASTER,
  '/tv/high/index.m3u8?token=a%2Fb': MEDIA,
  '/tv/low/index.m3u8': MEDIA,
  '/tv/high/key.php?id=1': KEY,
  '/tv/high/0.ts': SEGMENT,
  '/tv/high/1.ts': Buffer.concat([PICTURE, SEGMENT]),
  '/tv/high/2.ts': SEGMENT,
  '/tv/high/3.ts': SEGMENT,
};

const serving =
  (files: Files, headers: Readonly<Record<string, string>> = {}): Handler =>
  (request, response) => {
    const body = files[request.url ?? ''];
    if (body === undefined) response.writeHead(404).end();
    else
      response
        .writeHead(200, { 'content-type': 'text/plain', 'content-length': String(body.length), ...headers })
        .end(body);
  };

let upstream: Upstream;
let app: ServedApp;

beforeAll(async () => {
  upstream = await startUpstream(serving(FILES));
});
afterAll(() => upstream.close());
beforeEach(async () => {
  upstream.requests.length = 0;
  upstream.answer(serving(FILES));
  app = await serveApp({
    env: { API_PASSWORD: PASSWORD },
    timeouts: { body: 500, headers: 500, connect: 500, backoff: 10 },
  });
  return () => app.close();
});

const manifest = (path = '/tv/master.m3u8', more = '', place = 'manifest.m3u8') =>
  `/proxy/hls/${place}?api_password=${encodeURIComponent(PASSWORD)}&d=${encodeURIComponent(upstream.url + path)}${more}`;

/** Addresses in a playlist, resolved. */
function addresses(text: string, base: string): string[] {
  const found = [...text.matchAll(/^(?!#)\S.*$|URI="([^"]+)"/gm)].map((match) => match[1] ?? match[0]);
  return found.map((address) => new URL(address, new URL(base, app.url)).href);
}

async function open(path: string) {
  const answer = await app.ask(path);
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return { ...answer, links: addresses(answer.text, path) };
}

const nth = (list: readonly string[], n: number): string => list.at(n) ?? '';
const asked = () => upstream.requests.map(({ path }) => path);

describe('a playlist through the proxy', () => {
  it('leads to everything through this server, and tells no upstream and no password', async () => {
    const master = await open(manifest('/tv/master.m3u8', '&h_referer=https%3A%2F%2Fa.example%2F'));
    expect(master.headers).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'accept-ranges': 'none',
      'access-control-allow-origin': '*',
    });
    const media = await open(nth(master.links, 2));
    const key = await app.ask(nth(media.links, 0));
    const segment = await app.ask(nth(media.links, 1));
    expect([hash(key.body), hash(segment.body)]).toEqual([hash(KEY), hash(SEGMENT)]);
    expect(segment.headers['content-type']).toBe('video/mp2t');
    expect(asked().slice(0, 4)).toEqual([
      '/tv/master.m3u8',
      '/tv/high/index.m3u8?token=a%2Fb',
      '/tv/high/key.php?id=1',
      '/tv/high/0.ts',
    ]);
    expect(upstream.requests.map(({ headers }) => headers.referer)).toEqual(
      upstream.requests.map(() => 'https://a.example/'),
    );
    for (const { text } of [master, media])
      for (const secret of [String(upstream.port), 'secret', '/tv/', 'key.php', 'a.example'])
        expect(text).not.toContain(secret);
    for (const link of [...master.links, ...media.links])
      expect(link).toMatch(/\/proxy\/hls\/[\w-]{40,}\/[a-z]+\.\w+$/);
  });

  it('takes the picture away that a segment hides behind, and says how long the rest is', async () => {
    upstream.answer(serving(FILES, { etag: '"disguised"', 'accept-ranges': 'bytes' }));
    const { links } = await open(manifest('/tv/high/index.m3u8?token=a%2Fb'));
    const { headers, body } = await app.ask(nth(links, 2));
    expect(headers).toMatchObject({ 'accept-ranges': 'none' });
    expect(headers.etag).toBeUndefined();
    expect([hash(body), headers['content-length'], headers['content-type']]).toEqual([
      hash(SEGMENT),
      String(SEGMENT.length),
      'video/mp2t',
    ]);
  });

  it('sealed addresses are this server’s alone', async () => {
    const { links } = await open(manifest());
    const other = await serveApp({ env: { API_PASSWORD: PASSWORD } });
    const foreign = await other.ask(new URL(nth(links, 1)).pathname);
    await other.close();
    expect([foreign.status, JSON.parse(foreign.text).code]).toEqual([403, 'unauthorized']);
    const { pathname } = new URL(nth(links, 1));
    const changed = pathname.replace(/[\w-]{4}(?=\/index)/, 'AAAA');
    expect((await app.ask(changed)).status).toBe(403);
  });

  it('asks for the password, in the words that clients know', async () => {
    const path = manifest().replace(/api_password=[^&]*&/, '');
    expect(await app.ask(path)).toMatchObject({
      status: 403,
      text: expect.stringContaining('Could not validate credentials'),
    });
    for (const headers of [
      { api_password: PASSWORD },
      { authorization: `Bearer ${PASSWORD}` },
      { 'x-api-password': PASSWORD },
    ])
      expect((await app.ask(path, { headers: headers as Record<string, string> })).status).toBe(200);
  });
});

describe('what is proxied', () => {
  const isOwn = (link: string) => link.startsWith(app.url);
  it.each([
    ['everything', 'manifest.m3u8', '', [true, true, true]],
    ['nothing', 'manifest.m3u8', '&no_proxy=true', [false, false, false]],
    ['playlists', 'manifest.m3u8', '&no_proxy=true&force_playlist_proxy=true', [true, false, false]],
    ['keys', 'manifest.m3u8', '&key_only_proxy=true', [true, true, false]],
    ['keys by the path', 'key_proxy/manifest.m3u8', '', [true, true, false]],
  ] as const)('%s', async (_, place, more, [playlists, keys, segments]) => {
    const master = await open(manifest('/tv/master.m3u8', more, place));
    expect(master.links.map(isOwn)).toEqual([playlists, playlists, playlists]);
    const path = playlists ? nth(master.links, 2) : manifest('/tv/high/index.m3u8?token=a%2Fb', more, place);
    const media = await open(path);
    expect(media.links.map(isOwn)).toEqual([keys, segments, segments, segments, segments]);
    if (!segments) expect(nth(media.links, 1)).toBe(`${upstream.url}/tv/high/0.ts`);
  });

  it.each([
    ['max_res=true', 'high'],
    ['resolution=360p', 'low'],
    ['resolution=720p', 'high'],
  ])('%s', async (wish, name) => {
    const { links } = await open(manifest('/tv/master.m3u8', `&${wish}`));
    expect(links).toHaveLength(2);
    await open(nth(links, 1));
    expect(asked().at(-1)).toContain(`/${name}/`);
  });

  it('skip and start_offset reach the playlists below', async () => {
    const { links } = await open(manifest('/tv/master.m3u8', '&skip=0-6&start_offset=3.5'));
    const { text } = await open(nth(links, 2));
    expect(text.match(/#EXTINF/g)).toHaveLength(3);
    expect(text).toContain('#EXT-X-START:TIME-OFFSET=3.5');
  });

  it('key_url takes the place of the key’s address', async () => {
    const url = encodeURIComponent(`${upstream.url}/other`);
    upstream.answer(serving({ ...FILES, '/other': KEY }));
    const { links } = await open(manifest('/tv/high/index.m3u8?token=a%2Fb', `&key_url=${url}`));
    await app.ask(nth(links, 0));
    expect(asked().at(-1)).toBe('/other');
  });

  it.each([
    'skip=5',
    'skip=9-2',
    'resolution=big',
    'start_offset=x',
    'max_res=perhaps',
    'key_url=x',
  ])('%s is refused', async (wish) => {
    expect((await app.ask(manifest('/tv/master.m3u8', `&${wish}`))).status).toBe(422);
    expect(asked()).toEqual([]);
  });
});

describe('credentials', () => {
  const list = (url: string) =>
    `#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n0.ts\n#EXTINF:6,\n${url}/1.ts\n`;
  const wanted =
    '&h_cookie=secret&h_authorization=Bearer%20secret&h_x-auth-token=secret&h_referer=https%3A%2F%2Fa.example%2F';

  it('go to the server they were given for, and to no other that a playlist names', async () => {
    const other = await startUpstream((_, response) => void response.end('media'));
    upstream.answer(
      (request, response) => void response.end(request.url === '/l.m3u8' ? list(other.url) : 'media'),
    );
    const { links } = await open(manifest('/l.m3u8', wanted));
    for (const link of links) await app.ask(link);
    await other.close();
    const seen = ({ headers }: { headers: Record<string, unknown> }) =>
      ['cookie', 'authorization', 'x-auth-token', 'referer'].map((name) => headers[name]);
    expect(upstream.requests.filter(({ path }) => path === '/0.ts').map(seen)).toEqual([
      ['secret', 'Bearer secret', 'secret', 'https://a.example/'],
    ]);
    expect(new Set(other.requests.map(seen).map(String))).toEqual(new Set([',,,https://a.example/']));
  });

  it('nor where a redirect leads', async () => {
    const other = await startUpstream(
      (request, response) =>
        void response.end(request.url === '/l.m3u8' ? list('http://a.example') : 'media'),
    );
    upstream.answer((_, response) => void response.writeHead(302, { location: `${other.url}/l.m3u8` }).end());
    const { links } = await open(manifest('/l.m3u8', wanted));
    await app.ask(nth(links, 0));
    await other.close();
    expect(other.requests.map(({ path, headers }) => [path, headers.cookie, headers.authorization])).toEqual([
      ['/l.m3u8', undefined, undefined],
      ['/0.ts', undefined, undefined],
    ]);
  });

  it('of the URL itself go on to what lies beside it', async () => {
    upstream.answer(
      (request, response) =>
        void response.end(request.url === '/l.m3u8' ? list('http://a.example') : 'media'),
    );
    const url = encodeURIComponent(`${upstream.url.replace('//', '//u:p@')}/l.m3u8`);
    const { links } = await open(
      `/proxy/hls/manifest.m3u8?api_password=${encodeURIComponent(PASSWORD)}&d=${url}`,
    );
    await app.ask(nth(links, 0));
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Basic dTpw',
      'Basic dTpw',
    ]);
  });
});

describe('what is not as it should be', () => {
  it('a playlist that comes byte by byte is one', async () => {
    upstream.answer(async (_, response) => {
      response.writeHead(200);
      for (const part of ['#', 'EX', 'TM3U\n', MASTER.slice(8)]) {
        response.write(part);
        await pause(20);
      }
      response.end();
    });
    expect((await open(manifest())).links.every((link) => link.startsWith(app.url))).toBe(true);
  });

  it('a page is no playlist', async () => {
    upstream.answer(
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    );
    const answer = await app.ask(manifest());
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([502, 'upstream']);
  });

  it('nothing is no playlist', async () => {
    upstream.answer((_, response) => void response.writeHead(200).end());
    expect((await app.ask(manifest())).status).toBe(502);
  });

  it('media are passed on', async () => {
    upstream.answer(serving({ '/tv/master.m3u8': SEGMENT }, { 'content-type': 'video/mp2t' }));
    const answer = await app.ask(manifest());
    expect([answer.status, answer.headers['content-type'], hash(answer.body)]).toEqual([
      200,
      'video/mp2t',
      hash(SEGMENT),
    ]);
  });

  it('a playlist that comes zipped against our wish is read', async () => {
    const zipped = gzipSync(MASTER);
    upstream.answer(serving({ '/tv/master.m3u8': zipped }, { 'content-encoding': 'gzip' }));
    expect((await open(manifest())).links).toHaveLength(3);
    upstream.answer(serving({ '/tv/master.m3u8': zipped.subarray(0, 30) }, { 'content-encoding': 'gzip' }));
    expect((await app.ask(manifest('/tv/master.m3u8', '&h_x=1'))).status).toBe(502);
    const bomb = gzipSync(Buffer.alloc(40_000_000, 10));
    upstream.answer(serving({ '/tv/master.m3u8': bomb }, { 'content-encoding': 'gzip' }));
    expect((await app.ask(manifest('/tv/master.m3u8', '&h_x=2'))).status).toBe(413);
  });

  it('a segment that is gone is gone', async () => {
    const { links } = await open(manifest('/tv/low/index.m3u8'));
    expect((await app.ask(nth(links, 1))).status).toBe(404);
  });

  it('a broken segment breaks off, and is right the next time', async () => {
    const { links } = await open(manifest('/tv/high/index.m3u8?token=a%2Fb'));
    const whole = { 'content-type': 'video/mp2t' };
    upstream.answer((_, response) => {
      response.writeHead(200, whole);
      response.write(SEGMENT.subarray(0, 3000), () => setTimeout(() => response.destroy(), 5));
    });
    await expect(app.ask(nth(links, 1))).rejects.toThrow(/aborted|hang up/);
    upstream.answer(serving(FILES));
    expect(hash((await app.ask(nth(links, 1))).body)).toBe(hash(SEGMENT));
  });
});

describe('live', () => {
  const list = (from: number) =>
    `#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:${from}\n#EXTINF:6,\n${from}.ts\n#EXTINF:6,\n${from + 1}.ts\n`;

  it('a reload asks upstream whether there is something new, and tells the player', async () => {
    let from = 5;
    upstream.answer((request, response) => {
      const etag = `"${from}"`;
      if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
      else response.writeHead(200, { etag }).end(list(from));
    });
    const first = await app.ask(manifest('/live.m3u8'));
    await pause(450);
    const again = await app.ask(manifest('/live.m3u8'), {
      headers: { 'if-none-match': String(first.headers.etag) },
    });
    expect([again.status, upstream.requests.at(-1)?.headers['if-none-match']]).toEqual([304, '"5"']);
    from = 6;
    await pause(450);
    const later = await app.ask(manifest('/live.m3u8'), {
      headers: { 'if-none-match': String(first.headers.etag) },
    });
    expect([later.status, later.text.match(/SEQUENCE:\d+/)?.[0]]).toEqual([200, 'SEQUENCE:6']);
    // What is still in the window has the address that it had.
    expect(addresses(later.text, '/')[0]).toBe(addresses(first.text, '/')[1]);
  });

  it('many at once are one request', async () => {
    upstream.answer((_, response) => setTimeout(() => response.end(list(1)), 50));
    const answers = await Promise.all(Array.from({ length: 10 }, () => app.ask(manifest('/live.m3u8'))));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(asked()).toEqual(['/live.m3u8']);
  });

  it('delivery directives go upstream', async () => {
    upstream.answer((_, response) => response.end(list(1)));
    const { links } = await open(manifest('/live.m3u8?a=b', '&_HLS_msn=7&_HLS_part=2'));
    expect(asked()).toEqual(['/live.m3u8?a=b&_HLS_msn=7&_HLS_part=2']);
    expect(links).toHaveLength(2);
  });
});

describe('segments', () => {
  it('are fetched once for all who ask, and the next ones ahead', async () => {
    const { links } = await open(manifest('/tv/high/index.m3u8?token=a%2Fb'));
    upstream.requests.length = 0;
    const answers = await Promise.all(Array.from({ length: 5 }, () => app.ask(nth(links, 1))));
    expect(new Set(answers.map(({ body }) => hash(body)))).toEqual(new Set([hash(SEGMENT)]));
    await expect.poll(asked).toEqual(['/tv/high/0.ts', '/tv/high/1.ts', '/tv/high/2.ts']);
    expect(hash((await app.ask(nth(links, 3))).body)).toBe(hash(SEGMENT));
    await expect.poll(asked).toEqual(['/tv/high/0.ts', '/tv/high/1.ts', '/tv/high/2.ts', '/tv/high/3.ts']);
  });

  it('a name that comes again for another segment is fetched again', async () => {
    let turn = 0;
    const list = () =>
      `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${turn * 2}\n#EXTINF:2,\na.ts\n#EXTINF:2,\nb.ts\n`;
    upstream.answer(
      (request, response) => void response.end(request.url === '/l.m3u8' ? list() : `${request.url} ${turn}`),
    );
    const read = async () => (await app.ask(nth((await open(manifest('/l.m3u8'))).links, 0))).text;
    expect(await read()).toBe('/a.ts 0');
    turn = 1;
    await pause(450);
    expect(await read()).toBe('/a.ts 1');
  });

  it('keys are asked for anew by each', async () => {
    const { links } = await open(manifest('/tv/high/index.m3u8?token=a%2Fb'));
    upstream.requests.length = 0;
    for (let i = 0; i < 2; i++) await app.ask(nth(links, 0));
    expect(asked().filter((path) => path.includes('key'))).toHaveLength(2);
  });

  it('ranges of them go upstream as they are', async () => {
    upstream.answer((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-187/7520' }).end(SEGMENT.subarray(0, 188));
    });
    const path = `/proxy/hls/segment.ts?api_password=${encodeURIComponent(PASSWORD)}&d=${encodeURIComponent(`${upstream.url}/x.ts`)}`;
    const answer = await app.ask(path, { headers: { range: 'bytes=0-187' } });
    expect([answer.status, answer.body.length, answer.headers['content-type']]).toEqual([
      206,
      188,
      'video/mp2t',
    ]);
    expect(upstream.requests.find((seen) => seen.path === '/x.ts')?.range).toBe('bytes=0-187');
  });
});

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
