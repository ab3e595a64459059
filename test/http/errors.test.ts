import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { changeChild, cutAt, elements } from '../helpers/matroska-edit.ts';
import { bytes, element, ID, uint } from '../helpers/matroska-writer.ts';
import {
  askedRange,
  file,
  type Handler,
  patternBytes,
  startUpstream,
  type Upstream,
} from '../helpers/upstream.ts';
import { type Answer, masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from './serve-app.ts';

/** Slower than this and a player has shown its own message. */
const QUICKLY = 3000;
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** What every failure looks like: JSON with a code and a sentence, nothing of the program's insides. */
function expectError(
  { status, headers, text }: Answer,
  expected: { status: number; code: string | readonly string[] },
): string {
  expect(headers['content-type']).toContain('application/json');
  expect(headers['cache-control']).toBe('no-store');
  const { error, ...rest } = JSON.parse(text);
  expect(rest).toEqual({});
  expect(status, error.message).toBe(expected.status);
  expect([expected.code].flat(), error.message).toContain(error.code);
  expect(error.message.length).toBeGreaterThan(10);
  expect(text).not.toMatch(/\n\s+at |node:internal|file:\/\/|\/src\/|undefined|\[object/);
  return error.message;
}

describe('requests that say nothing useful', () => {
  let app: ServedApp;
  beforeAll(async () => {
    app = await serveApp();
  });
  afterAll(() => app.close());

  const BAD: readonly (readonly [string, RegExp])[] = [
    ['/hls/master.m3u8', /\?d=/],
    ['/hls/master.m3u8?d=', /\?d=/],
    ['/probe', /\?d=/],
    ['/hls/master.m3u8?url=http://example.org/a.mkv', /\?d=/],
    [masterPath('film.mkv'), /http or https/],
    [masterPath('http://'), /http or https/],
    [masterPath('ftp://example.org/film.mkv'), /http or https/],
    [masterPath('file:///etc/passwd'), /http or https/],
    [masterPath('javascript:alert(1)'), /http or https/],
    [masterPath('data:video/x-matroska;base64,AAAA'), /http or https/],
    ['/hls/master.m3u8?video=%ff', /percent-encoded/],
    ['/hls/master.m3u8?d=%', /percent-encoded/],
    [masterPath(`http://example.org/${'a'.repeat(9000)}`), /8192/],
    [
      masterPath('http://example.org/a.mkv', '&video=first'),
      /video=.*index of a track, copy, h264, hevc or av1, not "first"/,
    ],
    [masterPath('http://example.org/a.mkv', '&video=-1'), /video=.*not "-1"/],
    [masterPath('http://example.org/a.mkv', '&video=1e400'), /video=.*index.*not "1e400"/],
    [masterPath('http://example.org/a.mkv', '&video=copy,vp9'), /video=.*not "vp9"/],
    [masterPath('http://example.org/a.mkv', '&maxheight=tall'), /maxheight=.*whole number/],
    [masterPath('http://example.org/a.mkv', '&maxbitrate=-5'), /maxbitrate=.*whole number/],
    [masterPath('http://example.org/a.mkv', '&expires=soon'), /expires=.*whole number/],
    [
      masterPath(
        'http://example.org/a.mkv',
        `${'&h_x='.repeat(1)}${Array.from({ length: 40 }, (_, i) => `&h_x${i}=1`).join('')}`,
      ),
      /32 headers/,
    ],
    [masterPath('http://example.org/a.mkv', '&h_x=a%0d%0aHost:%20b'), /header/i],
    [masterPath('http://example.org:99999/a.mkv'), /http or https/],
    [masterPath('root:demo'), /inside its root/],
    [masterPath('root:demo/../package.json'), /inside its root/],
    [masterPath('root:demo//etc/passwd'), /inside its root/],
    [masterPath('root:demo/..\\package.json'), /inside its root/],
    [masterPath('root:demo/a\0b'), /inside its root/],
  ];
  it.for(BAD)('400: %s', async ([path, message]) => {
    expect(expectError(await app.ask(path), { status: 400, code: 'bad-request' })).toMatch(message);
  });

  it.for([
    ['root:demo/none.mkv', /no such file in root "demo"/],
    ['root:nowhere/film.mkv', /no root "nowhere".*--root/],
    ['root:', /no root/],
  ] as const)('404: %s', async ([media, message]) => {
    const answer = await app.ask(masterPath(media));
    expect(expectError(answer, { status: 404, code: 'not-found' })).toMatch(message);
  });

  it('a folder is no film', async () => {
    const { status, text } = await app.ask(masterPath('root:demo/.'));
    expect([400, 404]).toContain(status);
    expect(JSON.parse(text).error.code).not.toBe('internal');
  });

  it.for([
    ['http://10.1.2.3/film.mkv', /10\.1\.2\.3 is a private address.*--allow 10\.1\.2\.3 or --allow-private/],
    ['http://169.254.169.254/latest/meta-data/', /--allow 169\.254\.169\.254/],
    ['http://[::1]/film.mkv', /--allow ::1/],
    ['http://0x0a.1.2.3/film.mkv', /--allow 10\.1\.2\.3/],
    ['http://localhost:4/film.mkv', /localhost leads to .*--allow/],
  ] as const)('403 with the flag that would allow it: %s', async ([media, message]) => {
    const closed = await serveApp({ flags: {} });
    try {
      const answer = await closed.ask(masterPath(media));
      expect(expectError(answer, { status: 403, code: 'forbidden-address' })).toMatch(message);
    } finally {
      await closed.close();
    }
  });
});

/** An answer without a body. */
const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    response.writeHead(code, headers).end('no');
  };

/** A body that is sent with 200, ranges or not. */
const noRanges =
  (body: Uint8Array): Handler =>
  (_, response) => {
    response.writeHead(200, { 'content-length': String(body.length) }).end(body);
  };

/** Headers that promise more than comes. */
const stalls: Handler = (request, response) => {
  const { start } = rangeOf(request.headers.range);
  response.writeHead(206, {
    'content-length': 9000,
    'content-range': `bytes ${start}-${start + 8999}/99999`,
  });
  if (start === 0) response.write(fixture('bframes-aac').subarray(0, 100));
  else response.flushHeaders();
};

function rangeOf(header: string | undefined) {
  const range = askedRange(header, 99_999);
  if (range === null || range === 'beyond') throw new Error(`A range was expected, not ${header}`);
  return range;
}

/** Its video is nothing that browsers play, and there is no sound. */
const unplayable = (): Uint8Array =>
  changeChild(fixture('mpeg4'), ID.Tracks, (data) =>
    elements(data)
      .filter(({ id }) => id === ID.TrackEntry)
      .slice(0, 1)
      .map(({ whole }) => whole),
  );

/** Every track entry says that its blocks are encrypted (ContentEncodingType 1). */
const encrypted = (): Uint8Array =>
  changeChild(fixture('bframes-aac'), ID.Tracks, (data) =>
    elements(data).map((entry) =>
      entry.id === ID.TrackEntry
        ? element(
            ID.TrackEntry,
            entry.data,
            element(
              ID.ContentEncodings,
              element(ID.ContentEncoding, uint(ID.ContentEncodingType, 1), element(ID.ContentEncryption)),
            ),
          )
        : entry.whole,
    ),
  );

const transportPackets = (size: number): Uint8Array =>
  patternBytes(size * 40).map((byte, i) => (i % size === 0 ? 0x47 : byte));

interface Row {
  readonly name: string;
  readonly answer: () => Handler;
  readonly status: number;
  readonly code: string | readonly string[];
  readonly says: RegExp;
}

const UPSTREAMS: readonly Row[] = [
  ...[401, 403, 404, 410].map((code) => ({
    name: `upstream ${code}`,
    answer: () => status(code),
    status: code,
    code: code === 404 || code === 410 ? 'not-found' : 'upstream',
    says: new RegExp(String(code)),
  })),
  {
    name: 'upstream 429',
    answer: () => status(429, { 'retry-after': '0' }),
    status: 429,
    code: 'rate',
    says: /429|too many/i,
  },
  { name: 'upstream 500', answer: () => status(500), status: 502, code: 'upstream', says: /500/ },
  { name: 'upstream 503', answer: () => status(503), status: 502, code: 'upstream', says: /503/ },
  { name: 'upstream 418', answer: () => status(418), status: 502, code: 'upstream', says: /418/ },
  {
    name: 'a redirect to nowhere',
    answer: () => status(302, { location: 'http://[' }),
    status: 502,
    code: 'upstream',
    says: /redirect/i,
  },
  {
    name: 'a redirect in a circle',
    answer: () => status(302, { location: '/film.mkv' }),
    status: 502,
    code: 'upstream',
    says: /redirect/i,
  },
  {
    name: 'a redirect into a private network',
    answer: () => status(302, { location: 'http://192.168.7.7/' }),
    status: 403,
    code: 'forbidden-address',
    says: /--allow 192\.168\.7\.7/,
  },
  {
    name: 'a redirect to a file',
    answer: () => status(302, { location: 'file:///etc/passwd' }),
    status: 502,
    code: 'upstream',
    says: /file:/,
  },
  {
    name: 'no answer',
    answer: () => () => undefined,
    status: 504,
    code: 'upstream-timeout',
    says: /127\.0\.0\.1/,
  },
  {
    name: 'a body that stalls',
    answer: () => stalls,
    status: 504,
    code: 'upstream-timeout',
    says: /127\.0\.0\.1/,
  },
  {
    name: 'a connection that is cut',
    answer: () => (request) => request.socket.destroy(),
    status: 502,
    code: 'upstream',
    says: /127\.0\.0\.1/,
  },
  {
    name: 'an HTML page',
    answer: () => file(latin1('<!DOCTYPE html><title>Log in</title>')),
    status: 422,
    code: 'unsupported',
    says: /web page/,
  },
  {
    name: 'an HTML page without ranges',
    answer: () => noRanges(latin1('\n <html><body>Gone')),
    status: 422,
    code: 'unsupported',
    says: /web page/,
  },
  {
    name: 'an empty file',
    answer: () => file(new Uint8Array()),
    status: 422,
    code: 'truncated',
    says: /empty/,
  },
  {
    name: 'an empty file without ranges',
    answer: () => noRanges(new Uint8Array()),
    status: 422,
    code: 'truncated',
    says: /empty/,
  },
  {
    name: 'one byte',
    answer: () => file(latin1('\x1a')),
    status: 422,
    code: 'unsupported',
    says: /no media container/,
  },
  {
    name: 'an MP4 file',
    answer: () => file(bytes(latin1('\0\0\0\x18ftypisom\0\0\0\0isom'), patternBytes(4096))),
    status: 422,
    code: 'corrupt',
    says: /No (movie )?box/,
  },
  {
    name: 'a transport stream without tables',
    answer: () => file(transportPackets(188)),
    status: 422,
    code: 'unsupported',
    says: /program map/,
  },
  {
    name: 'an HLS playlist',
    answer: () => file(latin1('#EXTM3U\n#EXT-X-VERSION:3\n')),
    status: 422,
    code: 'unsupported',
    says: /HLS playlist/,
  },
  {
    name: 'noise',
    answer: () => file(patternBytes(300_000)),
    status: 422,
    code: 'unsupported',
    says: /no media container/,
  },
  {
    name: 'Matroska that ends in its head',
    answer: () => file(fixture('bframes-aac').subarray(0, 60)),
    status: 422,
    code: ['truncated', 'corrupt'],
    says: /./,
  },
  {
    name: 'Matroska that ends after its signature',
    answer: () => file(fixture('bframes-aac').subarray(0, 4)),
    status: 422,
    code: ['truncated', 'corrupt'],
    says: /./,
  },
  {
    name: 'encrypted Matroska',
    answer: () => file(encrypted()),
    status: 422,
    code: 'encrypted',
    says: /encrypted/,
  },
  {
    name: 'nothing that can be played',
    answer: () => file(unplayable()),
    status: 422,
    code: 'unsupported',
    says: /MPEG4|mpeg4|MPEG-4/,
  },
];

describe('upstreams that give no film', () => {
  let app: ServedApp;
  let upstream: Upstream;

  beforeAll(async () => {
    upstream = await startUpstream(() => undefined);
    app = await serveApp({ timeouts: { headers: 200, body: 200, backoff: 5 } });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  it.for(UPSTREAMS)('$name: $status', async ({ answer, says, ...expected }) => {
    upstream.answer(answer());
    const address = `${upstream.url}/film.mkv`;
    const start = performance.now();
    const answers = [
      await app.ask(masterPath(address)),
      await app.ask(`/probe?d=${encodeURIComponent(address)}`),
    ];
    expect(performance.now() - start).toBeLessThan(2 * QUICKLY);
    for (const given of answers)
      expect(expectError(given, { status: expected.status, code: expected.code })).toMatch(says);
    expect(app.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('says when to come again as the upstream did', async () => {
    upstream.answer(status(429, { 'retry-after': '1' }));
    const { headers } = await app.ask(masterPath(`${upstream.url}/busy.mkv`));
    expect(headers['retry-after']).toBe('1');
  });

  it('a failure is not remembered: the next request opens the title', async () => {
    const path = masterPath(`${upstream.url}/later.mkv`);
    upstream.answer(status(404));
    expect((await app.ask(path)).status).toBe(404);
    upstream.answer(file(fixture('no-audio')));
    expect((await app.ask(path)).status).toBe(200);
  });

  it('a film without ranges is played all the same', async () => {
    upstream.answer(noRanges(fixture('bframes-aac')));
    const title = await openTitle(app, masterPath(`${upstream.url}/plain.mkv`));
    for (const segment of rendition(title, 'v0').segments) {
      const { status: given, body } = await app.ask(segment);
      expect(given).toBe(200);
      expect(body.length).toBeGreaterThan(1000);
    }
  });

  it('a film that ends early is played as far as it goes', async () => {
    upstream.answer(file(cutAt(fixture('bframes-aac'), 0.7)));
    const title = await openTitle(app, masterPath(`${upstream.url}/part.mkv`));
    const { segments } = rendition(title, 'v0');
    expect(segments.length).toBeGreaterThanOrEqual(3);
    for (const segment of segments) expect((await app.ask(segment)).status, segment).toBe(200);
  });

  it('headers go to the upstream, and the address does not show them', async () => {
    upstream.answer(file(fixture('no-audio')));
    const path = masterPath(`${upstream.url}/secret-name.mkv`, '&h_Cookie=a%3Db&h_X-Debrid=sesame');
    const { master, media } = await openTitle(app, path);
    const seen = upstream.requests.at(-1);
    expect(seen?.headers).toMatchObject({ cookie: 'a=b', 'x-debrid': 'sesame' });
    const shown = `${master.text} ${[...media.values()].flatMap((m) => [m.playlist, ...m.segments]).join(' ')}`;
    for (const hidden of ['secret-name', 'sesame', 'a=b', upstream.url])
      for (const form of [hidden, btoa(hidden).replaceAll('=', '')]) expect(shown).not.toContain(form);
  });

  it('a plus sign in a pasted URL stays one', async () => {
    upstream.answer(file(fixture('no-audio')));
    const { status: given } = await app.ask(`/hls/master.m3u8?d=${upstream.url}/a+b%20c.mkv`);
    expect(given).toBe(200);
    expect(upstream.requests.at(-1)?.path).toBe('/a+b%20c.mkv');
  });

  it('asks nothing by HEAD and never without Range first', async () => {
    upstream.answer(file(fixture('no-audio')));
    const from = upstream.requests.length;
    await openTitle(app, masterPath(`${upstream.url}/first.mkv`));
    const asked = upstream.requests.slice(from);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter(({ method, range }) => method !== 'GET' || !range?.startsWith('bytes='))).toEqual([]);
    expect(asked.map(({ headers }) => headers['accept-encoding'])).toEqual(asked.map(() => 'identity'));
  });
});

describe('a bug in the server', () => {
  it('is told without its insides, and logged', async () => {
    const app = await serveApp();
    try {
      const { createApp } = await import('../../src/app.ts');
      const logged: object[] = [];
      const broken = createApp(
        {
          config: app.config,
          library: {
            open: () => Promise.reject(new TypeError('cannot read properties of undefined')),
            peek: () => null,
            forget: () => undefined,
            close: () => undefined,
            transcripts: null,
            encodedVideo: null,
            spans: {
              get: () => null,
              recorder: () => ({ tracksWith: () => new Set(), add() {}, finish() {} }),
            },
          },
          tokens: {
            seal: async () => 'x',
            open: async () => ({
              url: 'http://a/',
              headers: {},
              video: null,
              audio: null,
              recovery: 'shown',
              isTrusted: false,
              expires: null,
            }),
          },
          accessKey: 'key',
          openSource: () => Promise.reject(new Error('unused')),
          sendChunks: () => Promise.reject(new Error('unused')),
          desk: {
            receive: () => Promise.reject(new Error('unused')),
            refuse: async (_, response) => response,
          },
          uploads: null,
          asset: async () => null,
          log: { info() {}, warn() {}, error: (fields) => logged.push(fields) },
        },
        Date.now,
      );
      const answer = await broken.request(`http://localhost${masterPath('http://example.org/a.mkv')}`, {
        headers: { host: 'localhost' },
      });
      expect(answer.status).toBe(500);
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'internal' } });
      expect(text).not.toContain('properties');
      expect(logged).toHaveLength(1);
      const left = new Request('http://localhost/probe?d=http://example.org/a.mkv', {
        headers: { host: 'localhost' },
        signal: AbortSignal.abort(),
      });
      await broken.request(left);
      expect(logged, 'a client that left is no bug').toHaveLength(1);
    } finally {
      await app.close();
    }
  });
});

describe('errors of tokens', () => {
  let app: ServedApp;
  beforeAll(async () => {
    app = await serveApp();
  });
  afterAll(() => app.close());

  it('tampered, foreign and made-up addresses are refused', async () => {
    const title = await openTitle(app, masterPath('root:demo/no-audio.mkv'));
    const segment = nth(rendition(title, 'v0').segments, 0);
    const [, , token = ''] = new URL(segment).pathname.split('/');
    const flipped = (at: number) =>
      `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
    const forged = [
      flipped(0),
      flipped(20),
      flipped(token.length - 3),
      token.slice(0, -4),
      `${token}AAAA`,
      'x',
      'AAAA',
      'a'.repeat(500),
      '%00',
      'ä',
    ];
    for (const other of forged) {
      const answer = await app.ask(segment.replace(token, encodeURI(other)));
      expectError(answer, { status: 403, code: 'unauthorized' });
    }
    const elsewhere = await serveApp();
    try {
      expectError(await elsewhere.ask(new URL(segment).pathname), { status: 403, code: 'unauthorized' });
      expectError(
        await elsewhere.ask(new URL(segment).pathname, { method: 'GET', headers: { 'if-none-match': '*' } }),
        { status: 403, code: 'unauthorized' },
      );
    } finally {
      await elsewhere.close();
    }
  });

  it('an address that was to expire does so, at a full hour, and the same until then', async () => {
    let now = Date.UTC(2030, 0, 1, 12, 10);
    const timed = await serveApp({ now: () => now });
    try {
      const path = masterPath('root:demo/no-audio.mkv', '&expires=1800');
      const { master, media } = await openTitle(timed, path);
      const segment = nth(media.get('v0')?.segments ?? [], 0);
      now = Date.UTC(2030, 0, 1, 12, 29);
      expect((await timed.ask(path)).text).toBe(master.text);
      now = Date.UTC(2030, 0, 1, 13, 0);
      expect((await timed.ask(segment)).status).toBe(200);
      now += 1;
      for (const method of ['GET', 'HEAD'])
        expect((await timed.ask(segment, { method })).status, method).toBe(403);
      const answer = await timed.ask(segment);
      expect(expectError(answer, { status: 403, code: 'unauthorized' })).toMatch(/expired/);
      const again = await timed.ask(path);
      expect(again.status).toBe(200);
      expect(again.text).not.toBe(master.text);
    } finally {
      await timed.close();
    }
  });

  it('the same request gives the same address, another one another', async () => {
    const token = async (more = '') =>
      /^([\w-]+)\//m.exec((await app.ask(masterPath('root:demo/no-audio.mkv', more))).text)?.[1];
    expect(await token()).toBe(await token());
    const all = await Promise.all(['', '&video=0', '&h_x=1', '&h_x=2', `&key=${app.accessKey}`].map(token));
    expect(new Set(all).size).toBe(all.length);
  });
});
