import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linesOf } from '../../../src/proxy/relayed-text.ts';
import { startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { type ServedApp, serveApp } from '../serve-app.ts';

let upstream: Upstream;
let app: ServedApp;
let long = '';

const LISTS = (): Readonly<Record<string, string>> => ({
  '/one': `#EXTM3U url-tvg="http://guide"
#EXTINF:-1 tvg-id="z",Zebra
#EXTVLCOPT:http-user-agent=TV
#KODIPROP:inputstream=adaptive
${upstream.url}/z.m3u8?secret=1
#EXTINF:-1,Ape
${upstream.url}/a.ts|Referer=http://r/
#EXTINF:-1,Nothing
rtmp://a/b
`,
  '/two': `\ufeff#EXTM3U\r\n#EXTINF:-1,Film\r\n#EXTHTTP:{"Referer":"http://r/"}\r\n${upstream.url}/f.mkv\r\n#EXTINF:-1,Script\r\n${upstream.url}/play.php?id=1\r\n`,
  '/empty': '',
});

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    if (request.url === '/endless') {
      const piece = `#EXTINF:-1,${'x'.repeat(30_000)}\nhttp://a/1.ts\n`.repeat(30);
      const more = () => {
        while (!response.destroyed) if (!response.write(piece)) return void response.once('drain', more);
      };
      return more();
    }
    const list = LISTS()[request.url ?? ''];
    if (list !== undefined && request.headers['x-zip'] === undefined) return void response.end(list);
    if (request.url === '/long') return void response.end(long);
    if (request.url === '/zipped')
      return void response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(gzipSync(LISTS()['/two'] ?? ''));
    if (request.url === '/play.php?id=1')
      return void response.end('#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n0.ts\n');
    if (request.url?.startsWith('/f.mkv')) return void response.end('film');
    response.writeHead(404).end();
  });
  app = await serveApp({ env: { API_PASSWORD: 'word' } });
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});

const merge = (d: string) => app.ask(`/playlist/playlist?api_password=word&d=${encodeURIComponent(d)}`);
/** Addresses of ours without what is sealed in them. */
const shown = (text: string) => text.replaceAll(app.url, '').replaceAll(/(stream|hls)\/[\w-]{40,}/g, '$1/…');

const ZEBRA = '#EXTINF:-1 tvg-id="z",Zebra\n#KODIPROP:inputstream=adaptive\n/proxy/hls/…/index.m3u8\n';
const APE = '#EXTINF:-1,Ape\n/tuner/stream/….ts\n';
const FILM = '#EXTINF:-1,Film\n/proxy/hls/…/bytes.mkv\n';
const SCRIPT = '#EXTINF:-1,Script\n/proxy/hls/…/index.m3u8\n';

describe('lists', () => {
  it.each<[string, string, string]>([
    ['one', 'U/one', ZEBRA + APE],
    ['two, in their order', 'U/one; U/two', ZEBRA + APE + FILM + SCRIPT],
    ['zipped', 'U/zipped', FILM + SCRIPT],
    ['nothing', 'U/empty', ''],
    ['sorted ones, which come first', 'U/two;sort:U/one', APE + ZEBRA + FILM + SCRIPT],
    ['sorted ones, all together', 'sort:U/two;sort:U/one', APE + FILM + SCRIPT + ZEBRA],
    [
      'one that cannot be had',
      'U/none;U/two',
      `# The list 1 of these cannot be had: HOST answered 404: there is no such file\n${FILM}${SCRIPT}`,
    ],
    [
      'one whose addresses stay',
      'no_proxy:U/two;sort:no_proxy:U/empty',
      '#EXTINF:-1,Film\n#EXTHTTP:{"Referer":"http://r/"}\nU/f.mkv\n#EXTINF:-1,Script\nU/play.php?id=1\n',
    ],
  ])('%s', async (_, d, expected) => {
    const { status, headers, text } = await merge(d.replaceAll('U', upstream.url));
    expect([
      status,
      headers['content-type'],
      headers['content-disposition'],
      headers['access-control-allow-origin'],
    ]).toEqual([200, 'application/vnd.apple.mpegurl', 'attachment; filename="playlist.m3u"', '*']);
    expect(shown(text)).toBe(
      `#EXTM3U\n${expected.replaceAll('U/', `${upstream.url}/`).replace('HOST', `127.0.0.1:${upstream.port}`)}`,
    );
    expect(text).not.toMatch(/secret|word/);
  });

  it('by base64', async () => {
    const d = `${Buffer.from(`${upstream.url}/one`).toString('base64')};${upstream.url}/two`;
    expect(shown((await merge(d)).text)).toBe(`#EXTM3U\n${ZEBRA}${APE}${FILM}${SCRIPT}`);
  });

  it('lead to what they name, asked for with its headers', async () => {
    const { text } = await merge(`${upstream.url}/two`);
    const [film = '', script = ''] = text.match(/^http.*$/gm) ?? [];
    expect((await app.ask(film)).text).toBe('film');
    expect(upstream.requests.at(-1)).toMatchObject({ path: '/f.mkv', headers: { referer: 'http://r/' } });
    expect((await app.ask(script)).text).toMatch(/^\.\.\/[\w-]+\/segment\.ts$/m);
  });

  it.each([
    ['', 422, 'bad-request'],
    [';', 422, 'bad-request'],
    ['ftp://a/b', 422, 'bad-request'],
    ['root:demo/x', 422, 'bad-request'],
    [Array.from({ length: 33 }, () => 'http://a/').join(';'), 422, 'bad-request'],
    ['http://127.0.0.2/', 403, 'forbidden-address'],
    ['U/none', 404, 'not-found'],
    ['sort:U/endless', 413, 'limit'],
  ])('%s is refused', async (d, status, code) => {
    const answer = await merge(d.replace('U', upstream.url));
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([status, code]);
  });

  it('say so much of an address', async () => {
    const tags = `#EXTVLCOPT:x=${'y'.repeat(1000)}\n`.repeat(63);
    long = `${tags}http://a/1.ts\n#EXTINF:-1,Next\nhttp://a/2.ts\n`;
    const { text } = await merge(`no_proxy:${upstream.url}/long`);
    expect(text.length).toBeLessThan(40_000);
    expect(text).toContain('\nhttp://a/1.ts\n#EXTINF:-1,Next\nhttp://a/2.ts\n');
  });

  it('are read in a moment, though they come in tiny pieces', async () => {
    async function* letters() {
      yield* `#EXTINF:-1,${'x'.repeat(60_000)}\r\nhttp://a/1.ts\r\nend`;
    }
    const begun = performance.now();
    const lines: string[] = [];
    for await (const batch of linesOf(letters())) lines.push(...batch);
    expect(lines.map(({ length }) => length)).toEqual([60_011, 13, 3]);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('are for who has the password', async () => {
    expect((await app.ask(`/playlist/playlist?d=${upstream.url}/one`)).status).toBe(403);
  });
});
