import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { fixture } from '../helpers/fixtures.ts';
import { file, type Handler, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { type Answer, type ServedApp, serveApp } from './serve-app.ts';

const SRT = '1\n00:00:01,000 --> 00:00:02,500\nTom & <i>Jerry</i>\n\n2\n00:00:05,000 --> 00:00:06,000\nBye\n';
const VTT =
  'WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nTom &amp; <i>Jerry</i>\n\n00:00:05.000 --> 00:00:06.000\nBye\n';
const RUSSIAN = 'Я не знаю, что тебе сказать. Пойдём домой, уже поздно.';
const FOREIGN = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' } as const;

let upstream: Upstream;
let app: ServedApp;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'subtitles-'));
  await writeFile(join(folder, 'film.de.srt'), SRT);
  upstream = await startUpstream(file(Buffer.from(SRT)));
  app = await serveApp({ flags: { allow: ['127.0.0.1'], root: [`films=${folder}`] } });
});
afterAll(async () => {
  await app.close();
  await upstream.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.answer(file(Buffer.from(SRT)));
});

const at = (name = 'film.srt') => encodeURIComponent(`${upstream.url}/${name}`);
const corsOf = ({ headers }: Answer) => headers['access-control-allow-origin'];
const json = (text: string): unknown => JSON.parse(text);
const codeOf = ({ text }: Answer) => (json(text) as { error: { code: string } }).error.code;

describe('a file with subtitles', () => {
  it.each(['from', 'd', 'url', 'subsUrl'])('by %s=', async (name) => {
    const answer = await app.ask(`/subtitles.vtt?${name}=${at()}`);
    expect([answer.status, answer.headers['content-type'], corsOf(answer), answer.text]).toEqual([
      200,
      'text/vtt; charset=utf-8',
      '*',
      VTT,
    ]);
    expect(answer.headers['content-length']).toBe(String(answer.body.length));
  });

  it('as SubRip', async () => {
    const answer = await app.ask(`/subtitles.srt?from=${at()}`);
    expect([answer.headers['content-type'], answer.text]).toEqual([
      'application/x-subrip; charset=utf-8',
      SRT,
    ]);
  });

  it.each([
    ['offset=1500', ['00:00:02.500 --> 00:00:04.000', '00:00:06.500 --> 00:00:07.500']],
    ['offset=-2000', ['00:00:00.000 --> 00:00:00.500', '00:00:03.000 --> 00:00:04.000']],
    ['offset=-3000', ['00:00:02.000 --> 00:00:03.000']],
  ])('%s', async (more, times) => {
    const { text } = await app.ask(`/subtitles.vtt?from=${at()}&${more}`);
    expect(text.match(/^.*-->.*$/gm)).toEqual(times);
  });

  it('counted in pictures of a rate that is given', async () => {
    upstream.answer(file(Buffer.from('{25}{50}One\n')));
    const { text } = await app.ask(`/subtitles.vtt?from=${at('film.sub')}&fps=25`);
    expect(text).toBe('WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nOne\n');
  });

  it('is asked for with the headers that are given', async () => {
    await app.ask(`/subtitles.vtt?d=${at()}&h_referer=${encodeURIComponent('https://a.example/')}&h_x-one=1`);
    expect(upstream.requests).toMatchObject([
      { path: '/film.srt', headers: { referer: 'https://a.example/', 'x-one': '1' } },
    ]);
  });

  it('HEAD says what GET does', async () => {
    const [get, head] = [
      await app.ask(`/subtitles.vtt?from=${at()}`),
      await app.ask(`/subtitles.vtt?from=${at()}`, { method: 'HEAD' }),
    ];
    const headersOf = ({ status, headers }: Answer) => [
      status,
      ...['content-type', 'content-length', 'etag', 'cache-control'].map((name) => headers[name]),
    ];
    expect(headersOf(head)).toEqual(headersOf(get));
    expect(head.text).toBe('');
  });

  it('is not sent twice to who has it', async () => {
    const { headers } = await app.ask(`/subtitles.vtt?from=${at()}`);
    expect(headers['cache-control']).toBe('public, max-age=300');
    const again = await app.ask(`/subtitles.vtt?from=${at()}`, {
      headers: { 'if-none-match': String(headers.etag) },
    });
    expect([again.status, again.text, corsOf(again)]).toEqual([304, '', '*']);
    upstream.answer(file(Buffer.from(SRT.replace('Bye', 'Ciao'))));
    const other = await app.ask(`/subtitles.vtt?from=${at()}`, {
      headers: { 'if-none-match': String(headers.etag) },
    });
    expect(other.status).toBe(200);
  });

  it('goes out with gzip to who takes it', async () => {
    const answer = await app.ask(`/subtitles.vtt?from=${at()}`, { headers: { 'accept-encoding': 'gzip' } });
    expect([answer.headers['content-encoding'], gunzipSync(answer.body).toString()]).toEqual(['gzip', VTT]);
  });

  it.each<[string, Handler]>([
    ['no ranges', (_, response) => void response.end(SRT)],
    [
      'gzip that nobody asked for',
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(SRT)),
    ],
    ['a file that is packed', file(gzipSync(SRT))],
    ['two connections', (request, response, seen) => cutOnce(request, response, seen)],
    [
      'a redirect',
      (request, response, seen) => {
        if (request.url === '/new.srt') file(Buffer.from(SRT))(request, response, seen);
        else response.writeHead(302, { location: '/new.srt' }).end();
      },
    ],
  ])('comes from an upstream with %s', async (_, handler) => {
    upstream.answer(handler);
    expect((await app.ask(`/subtitles.vtt?from=${at()}`)).text).toBe(VTT);
  });

  it('in Cyrillic of old Windows', async () => {
    const bytes = [...SRT.replace('Bye', RUSSIAN)].map((one) => cyrillic(one));
    upstream.answer(file(Uint8Array.from(bytes)));
    expect((await app.ask(`/subtitles.vtt?from=${at()}`)).text).toBe(VTT.replace('Bye', RUSSIAN));
  });

  it('in a charset that is said', async () => {
    upstream.answer(
      file(Uint8Array.from([...SRT.replace('Bye', '\xca\xc7')].map((one) => one.charCodeAt(0)))),
    );
    const { text } = await app.ask(`/subtitles.vtt?from=${at()}&charset=windows-874`);
    expect(text).toBe(VTT.replace('Bye', 'สว'));
  });

  it('comes in very many pieces', async () => {
    const bytes = Buffer.from(`${SRT}\n${'x\n'.repeat(100_000)}`);
    const chunked = Buffer.concat([...bytes].map((one) => Buffer.from([0x31, 13, 10, one, 13, 10])));
    upstream.answer((_, response) => {
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
      response.socket?.end(Buffer.concat([Buffer.from(head), chunked, Buffer.from('0\r\n\r\n')]));
    });
    expect((await app.ask(`/subtitles.vtt?from=${at()}`)).text).toMatch(/Bye\nx\nx/);
  });

  it('is at the key of players without a password', async () => {
    const closed = await serveApp({ env: { API_PASSWORD: 'word' } });
    const path = `/subtitles.vtt?from=${at()}`;
    const found = [
      await closed.ask(path),
      await closed.ask(`${path}&api_password=word`),
      await closed.ask(`/stremio/${closed.accessKey}${path}`),
      await closed.ask(`/stremio/other${path}`),
      await closed.ask(`/subtitlesTracks?subsUrl=${at()}`),
      await closed.ask(`/tracks/${at()}`),
    ].map(({ status }) => status);
    await closed.close();
    expect(found).toEqual([403, 200, 200, 403, 403, 403]);
  });
});

/** Sends half of it, then the rest to who asks for that. */
const cutOnce: Handler = (request, response, seen) => {
  const bytes = Buffer.from(SRT);
  if (!/bytes=0-/.test(request.headers.range ?? '')) return file(bytes)(request, response, seen);
  const length = String(bytes.length);
  response.writeHead(206, {
    'content-length': length,
    'content-range': `bytes 0-${bytes.length - 1}/${length}`,
  });
  response.write(bytes.subarray(0, 40), () => response.destroy());
};

/** windows-1251. */
function cyrillic(one: string): number {
  const code = one.charCodeAt(0);
  if (code === 0x451) return 0xb8;
  return code >= 0x410 ? code - 0x350 : code;
}

describe('what is none', () => {
  it.each([
    ['', 400, 'bad-request'],
    ['from=', 400, 'bad-request'],
    ['from=film.srt', 400, 'bad-request'],
    ['from=file:///etc/passwd', 400, 'bad-request'],
    ['from=http://a b', 400, 'bad-request'],
    ['from=root:films/../x', 400, 'bad-request'],
    ['from=root:none/film.srt', 404, 'not-found'],
    ['from=root:films/none.srt', 404, 'not-found'],
    ['from=http://169.254.169.254/x.srt', 403, 'forbidden-address'],
  ])('%s', async (query, status, code) => {
    const answer = await app.ask(`/subtitles.vtt?${query}`);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  it('an object of a bucket, where there are none: as of films', async () => {
    const [subtitles, film] = [
      await app.ask('/subtitles.vtt?d=r2:a.srt'),
      await app.ask('/probe?d=r2:a.srt'),
    ];
    expect([subtitles.status, subtitles.text]).toEqual([film.status, film.text]);
    expect(subtitles.text).not.toContain('No address');
  });

  it.each(['offset=x', 'offset=1.5', 'fps=0', 'fps=x', 'charset=x'])('%s', async (more) => {
    const answer = await app.ask(`/subtitles.vtt?from=${at()}&${more}`);
    expect([answer.status, codeOf(answer), upstream.requests]).toEqual([400, 'bad-request', []]);
  });

  it.each<[string, Handler, number, RegExp]>([
    ['a web page', (_, response) => void response.end('<html>no'), 422, /web page/],
    ['a film', file(fixture('demo')), 422, /Matroska/],
    ['not there', (_, response) => void response.writeHead(404).end(), 404, /404/],
    [
      'larger than any',
      (_, response) => void response.end(Buffer.alloc(16 * 2 ** 20 + 1, 'a')),
      413,
      /more than/,
    ],
  ])('%s', async (_, handler, status, message) => {
    upstream.answer(handler);
    const answer = await app.ask(`/subtitles.vtt?from=${at('secret-name.srt')}`);
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(message)]);
    expect(answer.text + JSON.stringify(app.log)).not.toContain('secret-name');
  });

  it('what comes without an end is not waited for', async () => {
    upstream.answer((_, response) => {
      const send = () => {
        while (response.write(Buffer.alloc(2 ** 20, 'a')));
      };
      response.on('drain', send);
      send();
    });
    expect((await app.ask(`/subtitles.vtt?from=${at()}`)).status).toBe(413);
    await expect.poll(() => upstream.requests[0]?.closedAt).not.toBeNull();
  });
});

describe('who may read', () => {
  const local = '/subtitles.vtt?d=root:films/film.de.srt';

  it('files of this machine: its own pages, programs, and who has the key', async () => {
    const own = await app.ask(local);
    expect([own.status, own.text, corsOf(own), own.headers['cache-control']]).toEqual([
      200,
      VTT,
      undefined,
      'private, max-age=300',
    ]);
    const foreign = await app.ask(local, { headers: FOREIGN });
    expect([foreign.status, corsOf(foreign)]).toEqual([403, undefined]);
    const keyed = await app.ask(`${local}&key=${app.accessKey}`, { headers: FOREIGN });
    expect([keyed.status, corsOf(keyed)]).toEqual([200, '*']);
  });

  it("this server's own address of a file stands for the file", async () => {
    const own = encodeURIComponent(`${app.url}/file?d=root:films/film.de.srt`);
    expect((await app.ask(`/subtitles.vtt?from=${own}`)).text).toBe(VTT);
    expect((await app.ask(`/subtitles.vtt?from=${own}`, { headers: FOREIGN })).status).toBe(403);
  });

  it('a private upstream: the same, and others do not even reach it', async () => {
    const home = await serveApp({ flags: { 'allow-private': true } });
    for (const path of [`/subtitles.vtt?from=${at()}`, `/subtitlesTracks?subsUrl=${at()}`]) {
      const foreign = await home.ask(path, { headers: FOREIGN });
      expect([foreign.status, corsOf(foreign), upstream.requests]).toEqual([403, undefined, []]);
    }
    const found = [
      await home.ask(`/subtitles.vtt?from=${at()}`),
      await home.ask(`/subtitles.vtt?from=${at()}&key=${home.accessKey}`, { headers: FOREIGN }),
    ].map(({ status }) => status);
    await home.close();
    expect(found).toEqual([200, 200]);
  });
});

describe('an upstream that is slow', () => {
  const silent = async (path: string) => {
    upstream.answer(() => undefined);
    const stop = new AbortController();
    const answer = fetch(`${app.url}${path}`, { signal: stop.signal }).then(
      ({ status }) => status,
      () => 'left',
    );
    await expect.poll(() => upstream.requests.length).toBe(1);
    return { answer, stop };
  };

  it.each([
    '/subtitles.vtt?from=',
    '/subtitlesTracks?subsUrl=',
    '/tracks/',
  ])('%s lets go of it when the client leaves', async (path) => {
    const { answer, stop } = await silent(`${path}${at(`${path.length}.srt`)}`);
    stop.abort();
    expect(await answer).toBe('left');
    await expect.poll(() => upstream.requests[0]?.closedAt).not.toBeNull();
  });
});

describe('/subtitlesTracks', () => {
  it('has the texts with their times', async () => {
    const answer = await app.ask(`/subtitlesTracks?subsUrl=${at()}`);
    expect([corsOf(answer), json(answer.text)]).toEqual([
      '*',
      {
        error: null,
        result: {
          tracks: [
            { number: 0, startTime: 1000, endTime: 2500, text: 'Tom &amp; <i>Jerry</i>' },
            { number: 1, startTime: 5000, endTime: 6000, text: 'Bye' },
          ],
        },
      },
    ]);
  });

  it('is kept as long as the file is, and an error is not', async () => {
    const kept = await app.ask(`/subtitlesTracks?subsUrl=${at()}`);
    upstream.answer((_, response) => void response.end('<html>no'));
    const failed = await app.ask(`/subtitlesTracks?subsUrl=${at()}`);
    expect([kept, failed].map(({ headers }) => headers['cache-control'])).toEqual([
      'public, max-age=300',
      'no-store',
    ]);
  });

  it('says when to ask again', async () => {
    upstream.answer((_, response) => void response.writeHead(429, { 'retry-after': '7' }).end());
    const { status, headers } = await app.ask(`/subtitlesTracks?subsUrl=${at()}`);
    expect([status, headers['retry-after'], headers['cache-control']]).toEqual([429, '7', 'no-store']);
  });

  it('has an error where there are none', async () => {
    upstream.answer((_, response) => void response.end('<html>no'));
    const answer = await app.ask(`/subtitlesTracks?subsUrl=${at()}`);
    expect([corsOf(answer), json(answer.text)]).toEqual([
      '*',
      { error: expect.stringContaining('web page'), code: 'unsupported', result: null },
    ]);
  });
});

describe('/tracks', () => {
  it('has what televisions do not tell', async () => {
    upstream.answer(file(fixture('two-languages')));
    const answer = await app.ask(`/tracks/${at('film.mkv?a=%2F')}`);
    const tracks = json(answer.text) as { type: string }[];
    expect(tracks).toEqual([
      { type: 'video', id: 1, lang: expect.any(String), label: null, codec: 'MPEG4/ISO/AVC' },
      { type: 'audio', id: 2, lang: expect.any(String), label: expect.anything(), codec: 'AAC' },
      { type: 'audio', id: 3, lang: expect.any(String), label: expect.anything(), codec: 'AAC' },
    ]);
    expect(corsOf(answer)).toBe('*');
    expect(upstream.requests[0]?.path).toBe('/film.mkv?a=%2F');
  });

  it.each([
    ['MP4', 'progressive', ['AAC', 'AAC', 'H264']],
    ['E-AC-3', 'av1-eac3', ['AV1', 'EAC3']],
  ])('%s', async (_, name, codecs) => {
    upstream.answer(file(fixture(name)));
    const tracks = json((await app.ask(`/tracks/${at(`film-${name}`)}`)).text) as { codec: string }[];
    expect(tracks.map(({ codec }) => codec).sort()).toEqual(codecs);
  });

  it.for(['webm'])('subtitles of %s', async (format, context) => {
    needsFfmpeg(context);
    const made = join(folder, `texts.${format}`);
    const options = [
      '-f',
      'lavfi',
      '-i',
      'testsrc=s=64x64:d=4',
      '-i',
      'pipe:0',
      '-c:v',
      'libvpx-vp9',
      '-c:s',
      'webvtt',
    ];
    run('ffmpeg', ['-v', 'error', ...options, '-map', '0', '-map', '1', made], new TextEncoder().encode(SRT));
    upstream.answer(file(await readFile(made)));
    const tracks = json((await app.ask(`/tracks/${at('texts')}`)).text) as { codec: string }[];
    expect(tracks.map(({ codec }) => codec)).toEqual(['VP9', 'WEBVTT/SUBTITLES']);
  });

  it('has none of what is no film', async () => {
    upstream.answer((_, response) => void response.end('nothing to play'));
    const answer = await app.ask(`/tracks/${at('none')}`);
    expect([answer.status, answer.text]).toEqual([200, '[]']);
    expect((await app.ask('/tracks/film.mkv')).status).toBe(400);
    expect((await app.ask('/tracks/%E0%A4%A')).status).toBe(400);
  });
});
