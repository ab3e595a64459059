import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  cutAfter,
  file,
  inTurn,
  patternBytes,
  type SeenRequest,
  startUpstream,
  type Upstream,
} from '../../helpers/upstream.ts';
import { type Answer, type Question, type ServedApp, serveApp } from '../serve-app.ts';

const FILM = patternBytes(300_000);
const LONG = patternBytes(3_000_000, 7);
const NAMED = { etag: '"one"', 'last-modified': 'Sun, 01 Nov 2026 10:00:00 GMT' };
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let upstream: Upstream;
let app: ServedApp;

beforeAll(async () => {
  upstream = await startUpstream(file(FILM, { headers: NAMED }));
  app = await serveApp({ timeouts: { body: 500, headers: 500, connect: 500, backoff: 10 } });
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.answer(file(FILM, { headers: { ...NAMED, 'content-type': 'video/x-matroska' } }));
});

const path = (more = '', name = '') =>
  `/proxy/stream${name}?d=${encodeURIComponent(`${upstream.url}/a%20film.mkv`)}${more}`;
const last = (): SeenRequest => {
  const seen = upstream.requests.at(-1);
  if (!seen) throw new Error('Nothing was asked');
  return seen;
};

interface Row {
  readonly name: string;
  readonly question?: Question;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Of the film; null: nothing. */
  readonly body: readonly [number, number] | null;
  readonly asked: string | undefined;
}

const range = (value: string, more = {}): Question => ({ headers: { range: value, ...more } });

const ROWS: readonly Row[] = [
  {
    name: 'no range: 200 of full length, by a range that can be continued',
    status: 200,
    headers: {
      'content-length': '300000',
      'content-range': undefined,
      etag: '"one"',
      'content-type': 'video/x-matroska',
    },
    body: [0, 300_000],
    asked: 'bytes=0-',
  },
  {
    name: 'first and last byte',
    question: range('bytes=100-199'),
    status: 206,
    headers: { 'content-length': '100', 'content-range': 'bytes 100-199/300000', 'accept-ranges': 'bytes' },
    body: [100, 200],
    asked: 'bytes=100-199',
  },
  {
    name: 'open end',
    question: range('bytes=299000-'),
    status: 206,
    headers: { 'content-range': 'bytes 299000-299999/300000' },
    body: [299_000, 300_000],
    asked: 'bytes=299000-',
  },
  {
    name: 'the whole, as players begin',
    question: range('bytes=0-'),
    status: 206,
    headers: { 'content-range': 'bytes 0-299999/300000', 'content-length': '300000' },
    body: [0, 300_000],
    asked: 'bytes=0-',
  },
  {
    name: 'suffix',
    question: range('bytes=-500'),
    status: 206,
    headers: { 'content-range': 'bytes 299500-299999/300000' },
    body: [299_500, 300_000],
    asked: 'bytes=-500',
  },
  {
    name: 'several ranges: the whole',
    question: range('bytes=0-1,5-9'),
    status: 200,
    headers: { 'content-length': '300000' },
    body: [0, 300_000],
    asked: 'bytes=0-',
  },
  {
    name: 'behind the end',
    question: range('bytes=300000-'),
    status: 416,
    headers: { 'content-range': 'bytes */300000' },
    body: null,
    asked: 'bytes=300000-',
  },
  {
    name: 'HEAD: as GET without a body',
    question: { method: 'HEAD' },
    status: 200,
    headers: { 'content-length': '300000', 'accept-ranges': undefined, etag: '"one"' },
    body: null,
    asked: 'bytes=0-0',
  },
  {
    name: 'HEAD of a range',
    question: { method: 'HEAD', ...range('bytes=0-9') },
    status: 206,
    headers: { 'content-length': '10', 'content-range': 'bytes 0-9/300000' },
    body: null,
    asked: 'bytes=0-9',
  },
];

describe('what is asked for is what is sent', () => {
  it.each(ROWS)('$name', async ({ question, status, headers = {}, body, asked }) => {
    const answer = await app.ask(path(), question);
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(Object.keys(headers).map((name) => [name, answer.headers[name]]))).toEqual(
      headers,
    );
    expect(hash(answer.body)).toBe(hash(body ? FILM.subarray(...body) : new Uint8Array(0)));
    expect(upstream.ranges()).toEqual([asked]);
    expect(last().method).toBe('GET');
    expect(last().path).toBe('/a%20film.mkv');
  });

  it('conditions go upstream, and an answer without a body comes back', async () => {
    upstream.answer((request, response) => {
      const isKnown = request.headers['if-none-match'] === '"one"';
      response.writeHead(isKnown ? 304 : 200, NAMED).end(isKnown ? undefined : 'all');
    });
    expect(await app.ask(path(), { headers: { 'if-none-match': '"one"' } })).toMatchObject({
      status: 304,
      text: '',
    });
    expect(await app.ask(path(), { headers: { 'if-none-match': '"two"' } })).toMatchObject({
      status: 200,
      text: 'all',
    });
    await app.ask(path(), range('bytes=0-1', { 'if-range': '"one"' }));
    expect(last().headers['if-range']).toBe('"one"');
    await app.ask(path(), {
      headers: { 'if-range': '"one"', 'if-modified-since': 'Sun, 01 Nov 2026 10:00:00 GMT' },
    });
    expect(last().headers).toMatchObject({ 'if-modified-since': 'Sun, 01 Nov 2026 10:00:00 GMT' });
    expect(last().headers['if-range']).toBeUndefined();
  });

  it('a server that knows no ranges: its 200, whatever was asked', async () => {
    upstream.answer((_, response) => void response.writeHead(200, { 'content-length': '300000' }).end(FILM));
    const answer = await app.ask(path(), range('bytes=5-9'));
    expect([answer.status, answer.body.length]).toEqual([200, 300_000]);
  });

  it('a server that refuses ranges is asked without one', async () => {
    upstream.answer((request, response) => {
      if (request.headers.range) response.writeHead(405).end();
      else response.end(FILM);
    });
    const answer = await app.ask(path());
    expect([answer.status, hash(answer.body)]).toEqual([200, hash(FILM)]);
  });

  it('a range that cannot be, told with a text of the server’s: nobody waits for that', async () => {
    upstream.answer(
      (_, response) => void response.writeHead(416, { 'content-length': '9' }).end('try later'),
    );
    const answer = await app.ask(path(), range('bytes=9-'));
    expect([answer.status, answer.text]).toEqual([416, '']);
    expect(answer.headers['content-length'] ?? '0').toBe('0');
  });

  it.each([
    ['another place', { 'content-range': 'bytes 6-10/300000' }, 'bytes=5-9'],
    ['more than was asked for', { 'content-range': 'bytes 5-10/300000' }, 'bytes=5-9'],
    ['no place at all', {}, 'bytes=5-9'],
    ['a place that cannot be', { 'content-range': 'bytes 299999-300003/300000' }, 'bytes=-5'],
    ['not the end', { 'content-range': 'bytes 5-9/300000' }, 'bytes=-5'],
    ['zipped bytes', { 'content-range': 'bytes 5-9/300000', 'content-encoding': 'gzip' }, 'bytes=5-9'],
  ])('a part that is not the one asked for is an error: %s', async (_, headers, asked) => {
    upstream.answer((_request, response) => void response.writeHead(206, headers).end('12345'));
    const answer = await app.ask(path(), range(asked));
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([502, 'upstream']);
  });

  it.each([
    ['of another place', { 'content-range': 'bytes 5-299999/300000' }],
    ['zipped', { 'content-range': 'bytes 0-299999/300000', 'content-encoding': 'gzip' }],
  ])('a whole %s is asked for without a range', async (_, headers) => {
    upstream.answer((request, response) => {
      if (request.headers.range) response.writeHead(206, headers).end('12345');
      else response.end(FILM);
    });
    const answer = await app.ask(path());
    expect([answer.status, hash(answer.body)]).toEqual([200, hash(FILM)]);
  });

  it('an empty file', async () => {
    upstream.answer((request, response) => {
      if (request.headers.range) response.writeHead(416, { 'content-range': 'bytes */0' }).end();
      else response.writeHead(200, { 'content-length': '0' }).end();
    });
    expect(await app.ask(path())).toMatchObject({ status: 200, text: '' });
  });

  it('a body of unknown length', async () => {
    upstream.answer((_, response) => {
      response.writeHead(200);
      response.write(FILM.subarray(0, 1000));
      response.end(FILM.subarray(1000, 5000));
    });
    const answer = await app.ask(path());
    expect([answer.status, answer.headers['content-length'], hash(answer.body)]).toEqual([
      200,
      undefined,
      hash(FILM.subarray(0, 5000)),
    ]);
  });

  it('a server that gives a part of what it is asked for is asked on', async () => {
    upstream.answer((request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
      const to = Math.min(FILM.length, from + 100_000);
      response.writeHead(206, { 'content-range': `bytes ${from}-${to - 1}/${FILM.length}`, ...NAMED });
      response.end(FILM.subarray(from, to));
    });
    const answer = await app.ask(path());
    expect([answer.status, answer.headers['content-length'], hash(answer.body)]).toEqual([
      200,
      '300000',
      hash(FILM),
    ]);
    expect(upstream.ranges()).toEqual(['bytes=0-', 'bytes=100000-299999', 'bytes=200000-299999']);
  });
});

describe('answers that contradict themselves', () => {
  it.each([
    ['fewer bytes than its range', '50', 'bytes 0-124/125'],
    ['more bytes than its range', '500', 'bytes 0-99/1000'],
  ])('a part that announces %s is refused', async (_, length, content) => {
    upstream.answer((_request, response) => {
      response.writeHead(206, { 'content-length': length, 'content-range': content });
      response.end(FILM.subarray(0, Number(length)));
    });
    expect((await app.ask(path(), range('bytes=0-'))).status).toBe(502);
  });

  it('a whole that says it is a part is a whole', async () => {
    upstream.answer(
      (_, response) => void response.writeHead(200, { 'content-range': 'bytes 0-4/5' }).end('whole'),
    );
    const answer = await app.ask(path());
    expect([answer.status, answer.text, answer.headers['content-range']]).toEqual([200, 'whole', undefined]);
  });

  it('nothing has changed, though nobody asked', async () => {
    upstream.answer((request, response) => {
      if (request.headers.range) response.writeHead(304).end();
      else response.end('all');
    });
    expect(await app.ask(path())).toMatchObject({ status: 200, text: 'all' });
    expect((await app.ask(path(), range('bytes=0-9'))).status).toBe(502);
  });

  it('what was asked for in part and comes whole ends its transfer with the part', async () => {
    upstream.answer(
      inTurn(cutAfter(LONG, 1_000_000, NAMED), (_, response) => {
        response.writeHead(200, { ...NAMED, 'content-length': String(LONG.length) });
        response.write(LONG);
      }),
    );
    const answer = await app.ask(path(), range('bytes=0-1999999'));
    expect(hash(answer.body)).toBe(hash(LONG.subarray(0, 2_000_000)));
    await expect.poll(() => last().closedAt, { timeout: 2000 }).not.toBeNull();
  });
});

describe('headers', () => {
  it('h_, r_, rp_ and x_headers do what they say', async () => {
    const more =
      '&h_User-Agent=Tester%2F1&h_referrer=https%3A%2F%2Fa.example%2F&h_x-empty=&r_x-one=1&rp_x-two=2&r_content-type=video%2Fmp4&x_headers=etag, last-modified';
    const answer = await app.ask(path(more));
    expect(last().headers).toMatchObject({ 'user-agent': 'Tester/1', referer: 'https://a.example/' });
    expect(last().headers).not.toHaveProperty('x-empty');
    expect(answer.headers).toMatchObject({ 'x-one': '1', 'x-two': '2', 'content-type': 'video/mp4' });
    expect(answer.headers.etag).toBeUndefined();
    expect(answer.headers['last-modified']).toBeUndefined();
  });

  it('who has the range taken out gets a 200', async () => {
    const answer = await app.ask(path('&x_headers=content-range'), range('bytes=0-9'));
    expect([answer.status, answer.headers['content-range'], answer.body.length]).toEqual([
      200,
      undefined,
      10,
    ]);
  });

  it.each([
    ['film.mkv', 'attachment; filename="film.mkv"'],
    ['Gr%C3%BC%C3%9Fe%20%22x%22.mkv', "attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22x%22.mkv"],
    ['a/b/film.mkv', 'attachment; filename="film.mkv"'],
  ])('a name in the path: %s', async (name, disposition) => {
    const answer = await app.ask(path('', `/${name}`));
    expect([answer.status, answer.headers['content-disposition']]).toEqual([200, disposition]);
  });

  it('the name that the upstream gives is passed on', async () => {
    upstream.answer(file(FILM, { headers: { 'content-disposition': 'attachment; filename="x.mkv"' } }));
    expect((await app.ask(path())).headers['content-disposition']).toBe('attachment; filename="x.mkv"');
  });

  it.each([
    ['nothing', undefined, 'video/x-matroska'],
    ['bytes', 'application/octet-stream', 'video/x-matroska'],
    ['video', 'video/mp4', 'video/mp4'],
  ])('an upstream that says %s of the type', async (_, given, type) => {
    upstream.answer(file(FILM, { headers: given ? { 'content-type': given } : {} }));
    expect((await app.ask(path())).headers['content-type']).toBe(type);
  });

  it.each([
    'text/html',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/javascript',
  ])('%s runs in an origin of its own', async (type) => {
    upstream.answer(file(FILM, { headers: { 'content-type': type } }));
    const more =
      '&r_content-security-policy=none&r_set-cookie=a%3Db&r_service-worker-allowed=%2F&r_x-accel-redirect=%2Fx&r_x-sendfile=%2Fx';
    const { headers } = await app.ask(path(more));
    expect(headers).toMatchObject({
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
    });
    for (const name of ['set-cookie', 'x-accel-redirect', 'x-sendfile'])
      expect(headers[name], name).toBeUndefined();
    expect(headers['service-worker-allowed']).toBeUndefined();
    const worker = await app.ask(path(), { headers: { 'service-worker': 'script' } });
    expect(worker.status).toBe(403);
  });
});

describe('addresses', () => {
  const direct = () => `${upstream.url}/a.mkv?x=1&y=a+b`;
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  it.each([
    ['percent-encoded', () => `d=${encodeURIComponent(direct())}`, '/a.mkv?x=1&y=a+b'],
    ['as url=', () => `url=${encodeURIComponent(direct())}`, '/a.mkv?x=1&y=a+b'],
    ['pasted', () => `d=${upstream.url}/a%2Fb.mkv?x=1`, '/a%2Fb.mkv?x=1'],
    [
      'twice: the last one',
      () => `d=http%3A%2F%2Fa.example&d=${encodeURIComponent(direct())}`,
      '/a.mkv?x=1&y=a+b',
    ],
    ['base64', () => `d=${encodeURIComponent(base64(direct()))}`, '/a.mkv?x=1&y=a+b'],
    ['base64url', () => `d=${Buffer.from(`${upstream.url}/?>~?>~`).toString('base64url')}`, '/?>~?>~'],
    [
      'a quotation mark slipped in',
      () => `d=${encodeURIComponent(direct().replace('://', '":' + '//'))}`,
      '/a.mkv?x=1&y=a+b',
    ],
  ])('%s', async (_, query, seen) => {
    expect((await app.ask(`/proxy/stream?${query()}`)).status).toBe(200);
    expect(last().path).toBe(seen);
  });

  it.each([
    ['none', ''],
    ['no URL', 'd=film.mkv'],
    ['another scheme', 'd=file%3A%2F%2F%2Fetc%2Fpasswd'],
    ['a served folder', 'd=root%3Ademo%2Fdemo.mkv'],
  ])('%s is refused', async (_, query) => {
    const answer = await app.ask(`/proxy/stream?${query}`);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      422,
      { detail: expect.any(String), code: 'bad-request' },
    ]);
    expect(upstream.requests).toEqual([]);
  });
});

describe('transfers that break', () => {
  const twice = (from: string, answer: Answer) =>
    expect([answer.status, hash(answer.body), upstream.ranges().slice(1, 2)]).toEqual([
      200,
      hash(LONG),
      [from],
    ]);

  it('go on at the exact byte, again and again', async () => {
    upstream.answer(cutAfter(LONG, 1_000_000, NAMED));
    twice('bytes=1000000-2999999', await app.ask(path()));
    expect(upstream.ranges()).toHaveLength(3);
  });

  it('go on within a range', async () => {
    upstream.answer(cutAfter(LONG, 600_000, NAMED));
    const answer = await app.ask(path(), range('bytes=1000000-2499999'));
    expect([answer.status, hash(answer.body)]).toEqual([206, hash(LONG.subarray(1_000_000, 2_500_000))]);
    expect(upstream.ranges()).toEqual([
      'bytes=1000000-2499999',
      'bytes=1600000-2499999',
      'bytes=2200000-2499999',
    ]);
  });

  it('go on without tags where the beginning is the same', async () => {
    upstream.answer(inTurn(cutAfter(LONG, 1_000_000), file(LONG)));
    const answer = await app.ask(path());
    expect(hash(answer.body)).toBe(hash(LONG));
    expect(upstream.ranges()).toEqual(['bytes=0-', 'bytes=1000000-2999999', 'bytes=0-65535']);
  });

  it('are not read again from servers without ranges where the beginning is another one', async () => {
    upstream.answer(
      inTurn(
        (_, response) => {
          response.writeHead(200, { 'content-length': String(LONG.length) });
          response.write(LONG.subarray(0, 700_000), () => setTimeout(() => response.destroy(), 5));
        },
        (_, response) => void response.end(patternBytes(3_000_000, 8)),
      ),
    );
    await expect(app.ask(path())).rejects.toThrow(/aborted|hang up/);
  });

  it('are read again from servers without ranges', async () => {
    const whole = { ...NAMED, 'content-length': String(LONG.length) };
    upstream.answer(
      inTurn(
        (_, response) => {
          response.writeHead(200, whole);
          response.write(LONG.subarray(0, 700_000), () => setTimeout(() => response.destroy(), 5));
        },
        (_, response) => void response.writeHead(200, whole).end(LONG),
      ),
    );
    const answer = await app.ask(path());
    expect(hash(answer.body)).toBe(hash(LONG));
  });

  it.each([
    ['another tag', cutAfter(LONG, 1_000_000, NAMED), file(LONG, { headers: { etag: '"two"' } })],
    ['another size', cutAfter(LONG, 1_000_000), file(patternBytes(3_000_001, 7))],
    ['other bytes without a tag', cutAfter(LONG, 1_000_000), file(patternBytes(3_000_000, 8))],
    [
      'an error page',
      cutAfter(LONG, 1_000_000, NAMED),
      (_: unknown, response: { writeHead(n: number): { end(): void } }) => response.writeHead(404).end(),
    ],
  ])('break off rather than go on with another file: %s', async (_, first, then) => {
    upstream.answer(inTurn(first, then as typeof first));
    await expect(app.ask(path())).rejects.toThrow(/aborted|hang up/);
  });

  it('a status is told when there still is one', async () => {
    for (const [given, told] of [
      [404, 404],
      [403, 403],
      [429, 429],
      [401, 401],
      [410, 410],
      [500, 502],
      [503, 503],
    ] as const) {
      upstream.answer((_, response) => void response.writeHead(given, { 'retry-after': '0' }).end());
      const answer = await app.ask(path());
      expect([given, answer.status]).toEqual([given, told]);
      expect(JSON.parse(answer.text)).toMatchObject({ detail: expect.stringContaining(String(given)) });
    }
  });

  it('who leaves ends the request upstream within a second', async () => {
    upstream.answer((_, response) => {
      response.writeHead(200, { 'content-length': '300000' });
      response.write(FILM.subarray(0, 1000));
    });
    const controller = new AbortController();
    const answer = await fetch(`${app.url}${path()}`, { signal: controller.signal });
    await answer.body?.getReader().read();
    const left = performance.now();
    controller.abort();
    await expect.poll(() => last().closedAt, { timeout: 2000 }).not.toBeNull();
    expect((last().closedAt ?? Number.POSITIVE_INFINITY) - left).toBeLessThan(1000);
  });
});
