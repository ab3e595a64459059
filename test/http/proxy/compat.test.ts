import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fixturePath } from '../../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { type Answer, type Question, type ServedApp, serveApp } from '../serve-app.ts';

const PASSWORD = 'pass word';
const SECRET = 'a secret of this test';
const FILM = readFileSync(fixturePath('demo'));
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

// The format of the tokens as its clients have it, written once more with another library.

const keyOf = (password: string) => Buffer.from(password.padEnd(32, ' ')).subarray(0, 32);

function encrypt(fields: object, password = PASSWORD): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', keyOf(password), iv);
  return Buffer.concat([iv, cipher.update(JSON.stringify(fields)), cipher.final()]).toString('base64url');
}

function decrypt(token: string, password = PASSWORD): Record<string, unknown> {
  const bytes = Buffer.from(token, 'base64url');
  const cipher = createDecipheriv('aes-256-cbc', keyOf(password), bytes.subarray(0, 16));
  return JSON.parse(Buffer.concat([cipher.update(bytes.subarray(16)), cipher.final()]).toString());
}

let upstream: Upstream;
let app: ServedApp;
let now = Date.now();

beforeAll(async () => {
  upstream = await startUpstream(
    file(FILM, { headers: { 'content-type': 'video/x-matroska', etag: '"f"' } }),
  );
  app = await serveApp({
    env: { API_PASSWORD: PASSWORD, SLUICE_IP_SERVICES: `${upstream.url}/first,${upstream.url}/second` },
    now: () => now,
    secret: SECRET,
  });
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  now = Date.now();
  upstream.answer(file(FILM, { headers: { 'content-type': 'video/x-matroska', etag: '"f"' } }));
});

const password = `api_password=${encodeURIComponent(PASSWORD)}`;
const film = () => `d=${encodeURIComponent(`${upstream.url}/film.mkv`)}`;
const json = (answer: Answer): unknown => JSON.parse(answer.text);
const post = (body: unknown): Question => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

interface Row {
  readonly request: string;
  readonly question?: Question;
  readonly status: number;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Of a text; of bytes their number. */
  readonly body?: unknown;
}

/** Requests of the route table; `{film}` stands for `d=`, `{password}` for `api_password=`. */
const ROWS: readonly Row[] = [
  { request: '/health', status: 200, body: { status: 'healthy' } },
  {
    request: '/proxy/stream?{film}',
    status: 403,
    body: { detail: 'Could not validate credentials', code: 'unauthorized' },
  },
  { request: '/proxy/stream?{film}&api_password=other', status: 403 },
  {
    request: '/proxy/stream?{password}',
    status: 422,
    body: { detail: expect.stringContaining('d='), code: 'bad-request' },
  },
  {
    request: '/proxy/stream?{password}&{film}',
    status: 200,
    headers: {
      'content-type': 'video/x-matroska',
      'content-length': String(FILM.length),
      'content-range': undefined,
    },
    body: FILM.length,
  },
  {
    request: '/proxy/stream/My%20Film.mkv?{password}&{film}',
    question: { headers: { range: 'bytes=10-19' } },
    status: 206,
    headers: {
      'content-range': `bytes 10-19/${FILM.length}`,
      'accept-ranges': 'bytes',
      'content-disposition': 'attachment; filename="My Film.mkv"',
    },
    body: 10,
  },
  {
    request: '/proxy/stream?{password}&{film}',
    question: { method: 'HEAD' },
    status: 200,
    headers: { 'content-length': String(FILM.length) },
    body: 0,
  },
  {
    request: '/proxy/stream?{password}&{film}',
    question: { headers: { api_password: 'other' } },
    status: 200,
  },
  { request: '/proxy/stream?{film}', question: { headers: { api_password: PASSWORD } }, status: 200 },
  {
    request: '/proxy/stream?{password}&{film}&transcode=true&start=0',
    status: 200,
    headers: {
      'content-type': 'video/mp4',
      'cache-control': 'no-cache, no-store',
      'content-disposition': 'inline',
      'x-content-duration': expect.stringMatching(/^\d+\.\d{3}$/),
      'content-length': undefined,
    },
  },
  {
    request: '/proxy/stream?{password}&{film}&transcode=true',
    question: { method: 'HEAD' },
    status: 200,
    body: 0,
  },
  { request: '/proxy/stream?{password}&{film}&transcode=maybe', status: 422 },
  { request: '/proxy/hls/manifest.m3u8?{film}', status: 403 },
  {
    request: '/proxy/transcode/playlist.m3u8?{password}&{film}',
    status: 200,
    headers: { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'private, max-age=300' },
    body: expect.stringMatching(
      /^#EXTM3U\n[\s\S]*#EXT-X-MAP:URI="init\.mp4\?[\s\S]*segment\.m4s\?[\s\S]*#EXT-X-ENDLIST\n$/,
    ),
  },
  {
    request: '/proxy/transcode/playlist.m3u8?{password}&{film}',
    question: { method: 'HEAD' },
    status: 200,
    body: 0,
  },
  {
    request: '/proxy/transcode/init.mp4?{password}&{film}',
    status: 200,
    headers: { 'content-type': 'video/mp4', 'cache-control': 'private, max-age=3600' },
  },
  {
    request: '/proxy/transcode/segment.m4s?{password}&{film}&start_ms=0&end_ms=2000&seg=0',
    status: 200,
    headers: { 'content-type': 'video/mp4', 'cache-control': 'private, max-age=300' },
  },
  { request: '/proxy/transcode/segment.m4s?{password}&{film}&start_ms=17&end_ms=2000', status: 404 },
  { request: '/proxy/transcode/segment.m4s?{password}&{film}&end_ms=2000', status: 422 },
  { request: '/proxy/transcode/init.mp4?{film}', status: 403 },
  { request: '/proxy/ip', status: 403 },
  // What looks like an address of a playlist of ours, and is the name of a file.
  { request: `/proxy/stream/proxy/hls/${'a'.repeat(50)}/segment.ts?{film}`, status: 403 },
  { request: `/proxy/hls/${'a'.repeat(50)}/segment.ts?{film}`, status: 403 },
  { request: '/proxy/hls/segment.ts?{film}', status: 403 },
  { request: '/proxy/transcode/segment.m4s?{film}&start_ms=0', status: 403 },
  { request: '/proxy/transcode/segment.m4s?{film}&start_ms=0&media=x', status: 403 },
  ...[
    '/proxy/mpd/manifest.m3u8?d=x',
    '/proxy/mpd/segment.mp4',
    '/proxy/acestream/manifest.m3u8',
    '/proxy/telegram/stream',
    '/extractor/video?host=x&d=y',
    '/playlist/builder',
  ].map((path) => ({
    request: `${path}${path.includes('?') ? '&' : '?'}{password}`,
    status: 501,
    body: { detail: expect.stringContaining('not offered'), code: 'not-offered' },
  })),
  {
    request: '/base64/encode?url=https%3A%2F%2Fa.example%2F%3Fx%3D1',
    question: { method: 'POST' },
    status: 200,
    body: { encoded_url: 'aHR0cHM6Ly9hLmV4YW1wbGUvP3g9MQ', original_url: 'https://a.example/?x=1' },
  },
  {
    request: '/base64/decode?encoded_url=aHR0cHM6Ly9hLmV4YW1wbGUvP3g9MQ',
    question: { method: 'POST' },
    status: 200,
    body: { decoded_url: 'https://a.example/?x=1', encoded_url: 'aHR0cHM6Ly9hLmV4YW1wbGUvP3g9MQ' },
  },
  { request: '/base64/decode?encoded_url=nonsense', question: { method: 'POST' }, status: 400 },
  {
    request: '/base64/check?url=aHR0cHM6Ly9hLmV4YW1wbGUvP3g9MQ',
    status: 200,
    body: { url: 'aHR0cHM6Ly9hLmV4YW1wbGUvP3g9MQ', is_base64: true, decoded_url: 'https://a.example/?x=1' },
  },
  { request: '/base64/check?url=https%3A%2F%2Fa', status: 200, body: { url: 'https://a', is_base64: false } },
  { request: '/generate_url', question: post('no json'), status: 422 },
  { request: '/generate_url', question: post({ endpoint: '/proxy/stream' }), status: 422 },
  { request: '/generate_urls', question: post({ mediaflow_proxy_url: 'http://p' }), status: 422 },
];

describe('the route table', () => {
  it.each(ROWS)('$question.method $request: $status', async ({
    request,
    question,
    status,
    headers = {},
    body,
  }) => {
    const answer = await app.ask(request.replace('{film}', film()).replace('{password}', password), question);
    expect([answer.status, answer.status >= 400 ? answer.text : '']).toEqual([
      status,
      status >= 400 ? expect.stringContaining('"detail":') : '',
    ]);
    expect(Object.fromEntries(Object.keys(headers).map((name) => [name, answer.headers[name]]))).toEqual(
      headers,
    );
    if (typeof body === 'number') expect(answer.body.length).toBe(body);
    else if (body !== undefined) expect(/^[{[]/.test(answer.text) ? json(answer) : answer.text).toEqual(body);
  });
});

describe('encrypted addresses', () => {
  const client = '127.0.0.1';
  const fields = () => ({ d: `${upstream.url}/film.mkv`, api_password: PASSWORD });

  it.each([
    ['in front of the path', (token: string) => `/_token_${token}/proxy/stream`],
    ['in front of it, with a name', (token: string) => `/_token_${token}/proxy/stream/a.mkv`],
    ['in the query', (token: string) => `/proxy/stream?token=${token}`],
    ['with padding', (token: string) => `/proxy/stream?token=${token}==`],
  ])('%s', async (_, path) => {
    const answer = await app.ask(
      path(encrypt({ ...fields(), h_referer: 'https://a.example/', 'r_x-one': '1' })),
    );
    expect([answer.status, hash(answer.body), answer.headers['x-one']]).toEqual([200, hash(FILM), '1']);
    expect(upstream.requests.at(-1)?.headers.referer).toBe('https://a.example/');
  });

  it('what the token says goes before what the query says', async () => {
    const answer = await app.ask(
      `/_token_${encrypt(fields())}/proxy/stream?d=http%3A%2F%2Fb.example&h_x-one=1`,
    );
    expect([
      answer.status,
      upstream.requests.at(-1)?.path,
      upstream.requests.at(-1)?.headers['x-one'],
    ]).toEqual([200, '/film.mkv', '1']);
  });

  it.each([
    ['another password', () => encrypt(fields(), 'other')],
    ['a changed one', () => `A${encrypt(fields()).slice(1)}`.replace(/.{8}$/, 'AAAAAAAA')],
    ['a cut one', () => encrypt(fields()).slice(0, -10)],
    ['an expired one', () => encrypt({ ...fields(), exp: Math.floor(now / 1000) - 1 })],
    ['one for another client', () => encrypt({ ...fields(), ip: '203.0.113.9' })],
    ['no JSON', () => encrypt([1])],
  ])('%s: one answer for all that is wrong', async (_, token) => {
    for (const path of [`/_token_${token()}/proxy/stream`, `/proxy/stream?token=${token()}`]) {
      const answer = await app.ask(path);
      expect([answer.status, json(answer)]).toEqual([401, { error: 'Invalid or expired token' }]);
    }
    expect(upstream.requests).toEqual([]);
  });

  it('who leaves one ends the request upstream', async () => {
    upstream.answer((_, response) => {
      response.writeHead(200, { 'content-length': '1000000' });
      response.write('begun');
    });
    const controller = new AbortController();
    const answer = await fetch(`${app.url}/_token_${encrypt(fields())}/proxy/stream`, {
      signal: controller.signal,
    });
    await answer.body?.getReader().read();
    expect(upstream.requests.at(-1)?.closedAt).toBeNull();
    controller.abort();
    await expect.poll(() => upstream.requests.at(-1)?.closedAt, { timeout: 1000 }).not.toBeNull();
  });

  it('one that holds no password opens nothing', async () => {
    const { d } = fields();
    expect((await app.ask(`/_token_${encrypt({ d })}/proxy/stream`)).status).toBe(403);
  });

  it('one for this client, for an hour', async () => {
    const token = encrypt({ ...fields(), ip: client, exp: Math.floor(now / 1000) + 3600 });
    expect((await app.ask(`/_token_${token}/proxy/stream`)).status).toBe(200);
  });

  it('end and client hold for what a playlist leads to', async () => {
    upstream.answer((request, response) =>
      response.end(
        request.url === '/a.m3u8' ? '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n0.ts\n' : 'bytes',
      ),
    );
    const exp = Math.floor(now / 1000) + 60;
    const token = encrypt({ d: `${upstream.url}/a.m3u8`, api_password: PASSWORD, exp, ip: client });
    for (const path of [
      `/proxy/hls/manifest.m3u8?token=${token}`,
      `/_token_${token}/proxy/hls/manifest.m3u8`,
    ]) {
      now = Date.now();
      const { text } = await app.ask(path);
      const segment = new URL(/^(?!#).+$/m.exec(text)?.[0] ?? '', new URL(path, app.url));
      expect((await app.ask(segment.href)).status).toBe(200);
      now = (exp + 1) * 1000;
      expect([401, 403]).toContain((await app.ask(segment.href)).status);
    }
  });

  it('what they name nobody else can name', async () => {
    const token = encrypt({ url: `${upstream.url}/named`, api_password: PASSWORD });
    await app.ask(`/proxy/stream?token=${token}&d=${encodeURIComponent(`${upstream.url}/other`)}`);
    expect(upstream.requests.at(-1)?.path).toBe('/named');
  });

  it('open nothing but what is passed on', async () => {
    for (const path of ['metrics', 'probe?d=root:demo/demo.mkv', 'hls/master.m3u8?d=root:demo/demo.mkv'])
      expect((await app.ask(`/_token_${encrypt(fields())}/${path}`)).status).toBe(404);
  });

  it('who they are for is who a film is for', async () => {
    const token = encrypt({ ...fields(), ip: client });
    const { text } = await app.ask(`/proxy/transcode/playlist.m3u8?token=${token}`);
    const init = new URL(/URI="([^"]+)"/.exec(text)?.[1] ?? '', new URL('/proxy/transcode/', app.url));
    const trusting = { 'x-forwarded-for': '203.0.113.9' };
    expect((await app.ask(init.href)).status).toBe(200);
    expect((await app.ask(init.href, { headers: trusting })).status, 'nobody believes that').toBe(200);
    const other = await serveApp({
      env: { API_PASSWORD: PASSWORD },
      flags: { allow: ['127.0.0.1'], 'trust-proxy': ['127.0.0.1'] },
      secret: SECRET,
    });
    const there = await other.ask(`${init.pathname}${init.search}`, { headers: trusting });
    await other.close();
    expect(there.status).toBe(403);
  });

  it('are off where they are turned off, and where there is no password', async () => {
    for (const env of [{ API_PASSWORD: PASSWORD, SLUICE_COMPAT_TOKENS: '0' }, {}] as Record<
      string,
      string
    >[]) {
      const other = await serveApp({ env });
      const answer = await other.ask(`/_token_${encrypt(fields())}/proxy/stream`);
      await other.close();
      expect(answer.status).toBe(404);
    }
  });
});

describe('addresses that are made here', () => {
  const wanted = () => ({
    mediaflow_proxy_url: `${app.url}/`,
    endpoint: '/proxy/stream',
    destination_url: `${upstream.url}/film.mkv?x=ä b`,
    request_headers: { Referer: 'https://a.example/', Range: 'bytes=0-' },
    response_headers: { 'x-one': '1' },
    remove_response_headers: ['etag'],
  });

  it('plain ones', async () => {
    const made = json(
      await app.ask('/generate_url', post({ ...wanted(), query_params: { api_password: PASSWORD } })),
    );
    const { url } = made as { url: string };
    expect([...new URL(url).searchParams]).toEqual([
      ['api_password', PASSWORD],
      ['d', `${upstream.url}/film.mkv?x=ä b`],
      ['h_Referer', 'https://a.example/'],
      ['r_x-one', '1'],
      ['x_headers', 'etag'],
    ]);
    const answer = await app.ask(url);
    expect([answer.status, answer.headers['x-one'], answer.headers.etag]).toEqual([200, '1', undefined]);
    expect(upstream.requests.at(-1)).toMatchObject({
      path: '/film.mkv?x=%C3%A4%20b',
      headers: { referer: 'https://a.example/' },
    });
  });

  it('encrypted ones, which others decrypt', async () => {
    const body = {
      ...wanted(),
      api_password: PASSWORD,
      expiration: 3600,
      ip: '127.0.0.1',
      filename: 'Ä b.mkv',
      query_params: null,
    };
    const { encoded_url: url } = json(await app.ask('/generate_encrypted_or_encoded_url', post(body))) as {
      encoded_url: string;
    };
    const [, token = '', path] = /\/_token_([\w-]+)(\/.*)$/.exec(url) ?? [];
    expect(path).toBe('/proxy/stream/%C3%84%20b.mkv');
    expect(decrypt(token)).toEqual({
      d: `${upstream.url}/film.mkv?x=ä b`,
      h_Referer: 'https://a.example/',
      'r_x-one': '1',
      x_headers: 'etag',
      api_password: PASSWORD,
      exp: Math.floor(now / 1000) + 3600,
      ip: '127.0.0.1',
    });
    expect((await app.ask(url)).status).toBe(200);
  });

  it('several, in their order', async () => {
    const { mediaflow_proxy_url, ...first } = wanted();
    const body = {
      mediaflow_proxy_url,
      api_password: PASSWORD,
      urls: [first, { ...first, filename: 'b.mkv' }],
    };
    const { urls } = json(await app.ask('/generate_urls', post(body))) as { urls: string[] };
    expect(urls.map((url) => new URL(url).pathname.replace(/_token_[\w-]+/, '_token_'))).toEqual([
      '/_token_/proxy/stream',
      '/_token_/proxy/stream/b.mkv',
    ]);
    for (const url of urls) expect((await app.ask(url)).status).toBe(200);
  });

  it.each([
    ['many slashes', 413, `http://a/${'/'.repeat(3_000_000)}x`],
    ['some slashes', 422, `http://a/${'/'.repeat(200_000)}x`],
    ['a few slashes', 200, `http://a/${'/'.repeat(8000)}x`],
  ])('%s hold nobody up', async (_, status, mediaflow_proxy_url) => {
    const begun = performance.now();
    expect((await app.ask('/generate_url', post({ mediaflow_proxy_url }))).status).toBe(status);
    expect((await app.ask(`/_token_${'='.repeat(15_000)}a/proxy/stream`)).status).toBe(404);
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it('below a path prefix, and with the destination in base64', async () => {
    const body = {
      ...wanted(),
      mediaflow_proxy_url: 'https://p.example/sluice',
      base64_encode_destination: true,
    };
    const { url } = json(await app.ask('/generate_url', post(body))) as { url: string };
    expect(url).toMatch(/^https:\/\/p\.example\/sluice\/proxy\/stream\?d=aHR0c/);
    const sealed = json(await app.ask('/generate_url', post({ ...body, api_password: 'x' }))) as {
      url: string;
    };
    expect(sealed.url).toMatch(/^https:\/\/p\.example\/sluice\/_token_[\w-]+\/proxy\/stream$/);
  });
});

describe('the address that others see', () => {
  it.each([
    ['JSON', '{"ip": "203.0.113.7"}', '203.0.113.7'],
    ['another field', '{"origin": "203.0.113.7, 10.0.0.1"}', '203.0.113.7'],
    ['text', '2001:db8::7\n', '2001:db8::7'],
  ])('%s', async (_, body, ip) => {
    upstream.answer((request, response) => {
      if (request.url === '/first') response.writeHead(404).end();
      else response.end(body);
    });
    now += 3600_000;
    const other = await serveApp({
      env: { SLUICE_IP_SERVICES: `${upstream.url}/first,${upstream.url}/second` },
    });
    expect(json(await other.ask('/proxy/ip'))).toEqual({ ip });
    await other.ask('/proxy/ip');
    await other.close();
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/first', '/second']);
  });

  it('nobody tells it', async () => {
    upstream.answer((_, response) => void response.end('<html>'));
    const answer = await app.ask(`/proxy/ip?${password}`);
    expect([answer.status, json(answer)]).toEqual([503, { detail: expect.any(String), code: 'busy' }]);
  });
});
