import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import type { AppEnv } from '../../src/http/deps.ts';
import { createClientLimits } from '../../src/http/limits-of-clients.ts';
import { type Sample, watchRequests } from '../../src/http/watch.ts';
import { startUpstream, type Upstream } from '../helpers/upstream.ts';
import {
  masterPath,
  nth,
  openTitle,
  rendition,
  type ServedApp,
  type ServeOptions,
  serveApp,
} from './serve-app.ts';

const open = new Set<{ close(): Promise<unknown> }>();
afterEach(async () => {
  await Promise.all([...open].map((one) => one.close()));
  open.clear();
});

async function serve(env: Readonly<Record<string, string>>, options: ServeOptions = {}): Promise<ServedApp> {
  const app = await serveApp({ ...options, env });
  open.add(app);
  return app;
}

async function upstreamOf(handler: Parameters<typeof startUpstream>[0]): Promise<Upstream> {
  const upstream = await startUpstream(handler);
  open.add(upstream);
  return upstream;
}

const PROXIED = { SLUICE_TRUSTED_PROXIES: '127.0.0.1' } as const;
const from = (client: string) => ({ headers: { 'x-forwarded-for': client } });

describe('requests of one client', () => {
  it('are refused where there are too many, with the time to wait; others go on', async () => {
    const app = await serve({ ...PROXIED, SLUICE_RATE: '1' });
    for (let i = 0; i < 10; i++) expect((await app.ask('/healthz', from('203.0.113.7'))).status).toBe(200);
    const { status, headers, text } = await app.ask('/healthz', from('203.0.113.7'));
    expect([status, JSON.parse(text).error.code, headers['retry-after']]).toEqual([429, 'rate', '1']);
    expect((await app.ask('/healthz', from('203.0.113.8'))).status).toBe(200);
    expect((await app.ask('/healthz', from('203.0.113.7, 203.0.113.9'))).status).toBe(200);
  });

  it('with many addresses of one network are those of one', async () => {
    const app = await serve({ ...PROXIED, SLUICE_RATE: '1' });
    for (let i = 0; i < 10; i++) await app.ask('/healthz', from(`2001:db8:1:2::${i}`));
    expect((await app.ask('/healthz', from('2001:db8:1:2:ffff::1'))).status).toBe(429);
    expect((await app.ask('/healthz', from('2001:db8:1:3::1'))).status).toBe(200);
  });

  it('who only says to be another one is counted as himself', async () => {
    const app = await serve({ SLUICE_RATE: '1' });
    for (let i = 0; i < 10; i++) await app.ask('/healthz', from(`203.0.113.${i}`));
    expect((await app.ask('/healthz', from('203.0.113.99'))).status).toBe(429);
  });

  it.for([
    [{}, 200],
    [{ SLUICE_RATE: '0' }, 200],
    [{ SLUICE_RATE: '100' }, 429],
  ] as const)('of this machine have a limit where one is set: %j', async ([env, last]) => {
    const app = await serve(env);
    const answers: number[] = [];
    for (let i = 0; i < 30; i++)
      answers.push(
        ...(await Promise.all(Array.from({ length: 40 }, () => app.ask('/healthz')))).map((a) => a.status),
      );
    expect(Math.max(...answers)).toBe(last);
  });
});

describe('requests at a time that read from upstreams', () => {
  /** Answers nothing until it is told to. */
  async function hanging() {
    const upstream = await upstreamOf(() => undefined);
    const app = await serve({ ...PROXIED, SLUICE_CLIENT_UPSTREAMS: '2' });
    const path = (n: number) => `${app.url}${masterPath(`${upstream.url}/${n}.mkv`)}`;
    const start = (n: number, client: string) => {
      const stop = new AbortController();
      const headers = { 'x-forwarded-for': client };
      const answer = fetch(path(n), { headers, signal: stop.signal }).then(
        ({ status }) => status,
        () => 0,
      );
      return { answer, stop: () => stop.abort() };
    };
    return { app, upstream, start };
  }

  it('are as many as allowed; who leaves makes room', async () => {
    const { app, upstream, start } = await hanging();
    const held = [start(1, '203.0.113.7'), start(2, '203.0.113.7')];
    await expect.poll(() => upstream.requests.length).toBe(2);
    const third = await app.ask(masterPath(`${upstream.url}/3.mkv`), from('203.0.113.7'));
    expect([third.status, JSON.parse(third.text).error.code, third.headers['retry-after']]).toEqual([
      429,
      'rate',
      '1',
    ]);
    const raw = `/file?d=${encodeURIComponent(`${upstream.url}/3.mkv`)}`;
    expect((await app.ask(raw, from('203.0.113.7'))).status).toBe(429);
    const user = Buffer.from(`${upstream.url}:user`).toString('base64url');
    for (const path of [
      ...['player_api', 'panel_api', 'get', 'xmltv'].map((name) => `${name}.php?username=${user}&password=p`),
      ...['live', 'movie', 'series'].map((kind) => `${kind}/${user}/p/1.ts`),
      ...[`${user}/p/1`, `timeshift/${user}/p/60/1/1.ts`, `hlsr/t/${user}/p/1/2/3/index.m3u8`],
      ...[`tuner/stream/${'a'.repeat(40)}.ts`, `playlist/playlist?d=${upstream.url}`],
      `streaming/timeshift.php?username=${user}&password=p`,
    ])
      expect((await app.ask(`/${path}`, from('203.0.113.7'))).status, path).toBe(429);
    expect((await app.ask('/healthz', from('203.0.113.7'))).status).toBe(200);
    const other = start(4, '203.0.113.8');
    await expect.poll(() => upstream.requests.length).toBe(3);
    held[0]?.stop();
    const asked = async () => (await app.ask('/probe?d=nonsense', from('203.0.113.7'))).status;
    await expect.poll(asked).toBe(400);
    for (const { stop } of [...held, other]) stop();
    await Promise.all([...held, other].map(({ answer }) => answer));
  });

  it('that end make room, whatever they end with', async () => {
    const app = await serve({ ...PROXIED, SLUICE_CLIENT_UPSTREAMS: '1' });
    const film = masterPath('root:demo/no-audio.mkv');
    const answers: number[] = [];
    for (const path of [film, '/probe?d=nonsense', film, '/hls/none/1/v0/index.m3u8', film, '/proxy/none'])
      answers.push((await app.ask(path, from('203.0.113.7'))).status);
    expect(answers).not.toContain(429);
    const { segments } = rendition(await openTitle(app, film, from('203.0.113.7')), 'v0');
    for (const method of ['GET', 'HEAD'])
      expect((await app.ask(nth(segments, 0), { method, ...from('203.0.113.7') })).status).toBe(200);
  });
});

describe('ids of requests', () => {
  it.for([
    [PROXIED, 'a1b2-c3', 'a1b2-c3'],
    [PROXIED, '../../etc/passwd\u0009', null],
    [PROXIED, 'x'.repeat(129), null],
    [PROXIED, '"><script>', null],
    [{}, 'a1b2-c3', null],
  ] as const)('with %j, given %j: %j', async ([env, given, expected]) => {
    const app = await serve(env);
    const ids: unknown[] = [];
    for (const path of ['/healthz', '/none', masterPath('root:demo/no-audio.mkv')]) {
      const { headers } = await app.ask(path, { headers: { 'x-request-id': given } });
      ids.push(headers['x-request-id']);
    }
    if (expected !== null) expect(ids).toEqual([expected, expected, expected]);
    else {
      expect(new Set(ids).size).toBe(3);
      for (const id of ids) expect(id).toMatch(/^[\da-f-]{36}$/);
    }
  });

  it('stand in what is sent past the framework, too', async () => {
    const app = await serve(PROXIED);
    const film = await openTitle(app, masterPath('root:demo/no-audio.mkv'));
    const headers = { 'x-request-id': 'seg' };
    const segment = await app.ask(nth(rendition(film, 'v0').segments, 0), { headers });
    expect(segment.headers['x-request-id']).toBe('seg');
  });
});

describe('within a process', () => {
  /** A watched app in another one, asked without any connection. */
  function inProcess() {
    const lines: object[] = [];
    const samples: Sample[] = [];
    const log = {
      info: (fields: object) => lines.push(fields),
      warn: (fields: object) => lines.push(fields),
      error: (fields: object) => lines.push(fields),
    };
    let active = 0;
    let count = 0;
    const app = new Hono<AppEnv>();
    app.use(async (c, next) => {
      c.set('deps', { log } as never);
      await next();
    });
    app.use(
      watchRequests({
        isTrusted: () => true,
        limits: createClientLimits({ rate: 1, upstreams: 1, now: () => 0 }),
        sparesLoopback: false,
        publicPlace: null,
        now: () => 0,
        newId: () => `id-${++count}`,
        onBegin: () => active++,
        onEnd: (sample) => {
          active--;
          samples.push(sample);
        },
      }),
    );
    app.get('/hls/:token', (c) => {
      c.var.deps.log.warn({ film: 1 }, 'slow');
      return c.text(String(active));
    });
    app.get('/broken', (c) => {
      c.var.deps.log.error({}, 'about to fail');
      throw new MediaError('corrupt', 'broken');
    });
    app.onError((error, c) => c.json({ error: error.message }, 422));
    const host = new Hono().route('/media', app);
    return { lines, samples, active: () => active, ask: (path: string) => host.request(`/media${path}`) };
  }

  it('each line has the id of its request, and each request is over at its end', async () => {
    const { lines, samples, active, ask } = inProcess();
    const first = await ask('/hls/secret');
    expect([await first.text(), first.headers.get('x-request-id')]).toEqual(['1', 'id-1']);
    const second = await ask('/broken');
    expect([second.status, second.headers.get('x-request-id')]).toEqual([422, 'id-2']);
    expect(lines).toEqual([{ request: 'id-1', film: 1 }, { request: 'id-2' }]);
    expect(samples).toEqual([
      { route: '/media/hls/:token', method: 'GET', status: 200, seconds: 0, bytes: null, refusal: null },
      { route: '/media/broken', method: 'GET', status: 422, seconds: 0, bytes: null, refusal: 'corrupt' },
    ]);
    expect(active()).toBe(0);
  });

  it('nobody knows the client: nothing is limited', async () => {
    const { ask } = inProcess();
    const answers: number[] = [];
    for (let i = 0; i < 50; i++) answers.push((await ask('/hls/a')).status);
    expect(new Set(answers)).toEqual(new Set([200]));
  });
});

describe('lines of requests', () => {
  const lines = (app: ServedApp) =>
    app.log
      .filter(({ message }) => message === 'request')
      .map(({ fields }) => fields as Record<string, unknown>);

  it('are written at info only', async () => {
    const app = await serve({ SLUICE_LOG: 'warn' });
    await app.ask('/healthz');
    expect(app.log).toEqual([]);
  });

  it('tell what was asked and what came of it, and open nothing', async () => {
    const app = await serve({ ...PROXIED, SLUICE_LOG: 'info', API_PASSWORD: 'sesame' });
    const question = from('203.0.113.7');
    const film = masterPath('root:demo/no-audio.mkv', '&api_password=sesame');
    const { segments } = rendition(await openTitle(app, film, question), 'v0');
    const segment = await app.ask(nth(segments, 1), question);
    await app.ask('/browse/secret-films/of-mine', question);
    await app.ask('/uploads/0123456789?api_password=sesame', question);
    await app.ask('/https://example.org/film.mkv', question);
    await app.ask('/probe?d=https://example.org/', question);
    await expect.poll(() => lines(app).length).toBe(7);
    const told = lines(app);
    expect(told.slice(0, 3).map(({ path }) => path)).toEqual([
      '/hls/master.m3u8',
      expect.stringMatching(/^\/hls\/…\/…\/\w+\/index\.m3u8$/),
      expect.stringMatching(/^\/hls\/…\/…\/v0\/1\.m4s$/),
    ]);
    expect(told.slice(-4).map(({ path, status }) => [path, status])).toEqual([
      [expect.stringMatching(/^\/browse\/…(\/…)?$/), 404],
      ['/uploads/…', 501],
      ['/…', 404],
      ['/probe', 403],
    ]);
    expect(told[2]).toMatchObject({
      method: 'GET',
      status: 200,
      client: '203.0.113.7',
      id: expect.any(String),
    });
    expect(told[2]?.bytes).toBeGreaterThan(segment.body.length);
    expect(told[2]?.bytes).toBeLessThan(segment.body.length + 1000);
    expect(told[2]?.ms).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(app.log)).not.toMatch(/sesame|0123456789|example\.org|secret-films|demo/);
  });

  it('say so where the client left before there was an answer', async () => {
    const upstream = await upstreamOf(() => undefined);
    const app = await serve({ SLUICE_LOG: 'info' });
    const stop = new AbortController();
    const asked = fetch(`${app.url}${masterPath(`${upstream.url}/film.mkv`)}`, { signal: stop.signal });
    await expect.poll(() => upstream.requests.length).toBe(1);
    stop.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => lines(app).map(({ status }) => status)).toEqual([499]);
  });
});

describe('/metrics', () => {
  const metrics = async (app: ServedApp) => {
    const { text, headers } = await app.ask('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    return text;
  };

  it('counts requests by their routes, never by what is in them', async () => {
    const app = await serve({});
    const film = masterPath('root:demo/no-audio.mkv');
    const { segments } = rendition(await openTitle(app, film), 'v0');
    for (const segment of segments) await app.ask(segment);
    await app.ask('/healthz', { method: 'HEAD' });
    await app.ask('/nothing/here');
    await app.ask('/probe?d=nonsense');
    await app.ask('/uploads/abc');
    const line = (name: string) => expect.stringContaining(`\n${name}\n`);
    const route = '/hls/:token/:version/:rendition/:file';
    const counted = async () => metrics(app);
    await expect
      .poll(counted)
      .toEqual(line(`sluice_requests_total{route="${route}",method="GET",status="200"} ${segments.length}`));
    const text = await counted();
    for (const name of [
      'sluice_requests_total{route="/hls/master.m3u8",method="GET",status="200"} 1',
      'sluice_requests_total{route="/healthz",method="HEAD",status="200"} 1',
      'sluice_requests_total{route="none",method="GET",status="404"} 1',
      'sluice_requests_total{route="/probe",method="GET",status="400"} 1',
      `sluice_request_seconds_count{route="${route}"} ${segments.length}`,
      'sluice_refused_total{code="bad-request"} 1',
      'sluice_refused_total{code="not-found"} 1',
      'sluice_refused_total{code="not-offered"} 1',
      'sluice_active_requests 1',
    ])
      expect(`\n${text}`).toEqual(line(name));
    const bytes = Number(/^sluice_bytes_sent_total (\d+)$/m.exec(text)?.[1]);
    expect(bytes).toBeGreaterThan(10_000);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
    expect(text).not.toMatch(/nonsense|nothing|abc|no-audio/);
  });

  it('has as many labels as there are routes, whatever is asked', async () => {
    const app = await serve({});
    const series = async () => (await metrics(app)).match(/^sluice_requests_total\{/gm)?.length ?? 0;
    await app.ask('/x');
    await app.ask('/uploads/x');
    await app.ask('/x', { method: 'PATCH' });
    await series();
    const before = await series();
    for (let i = 0; i < 50; i++) {
      await app.ask(`/x${i}`);
      await app.ask(`/uploads/x${i}`);
      await app.ask(`/y${i}`, { method: ['PUT', 'PATCH', 'TRACE', 'PROPFIND'][i % 4] ?? '' });
    }
    expect(await series()).toBe(before);
  });
});

describe('the documentation', () => {
  it('is one page with its own scripts, and the document that it shows', async () => {
    const app = await serve({});
    const page = await app.ask('/docs');
    expect([page.status, page.headers['content-security-policy']]).toEqual([
      200,
      expect.stringMatching(/default-src 'none'.*script-src 'self';/),
    ]);
    const files = [...page.text.matchAll(/(?:href|src)="(docs\/[^"]+)"/g)].map(([, path]) => path);
    expect(files).toEqual(['docs/swagger-ui.css', 'docs/swagger-ui-bundle.js', 'docs/docs.js']);
    for (const path of files.slice(0, 2)) {
      const { status, headers, body } = await app.ask(`/${path}`);
      expect([status, headers['content-type']]).toEqual([
        200,
        expect.stringMatching(/^text\/(css|javascript)/),
      ]);
      expect(body.length).toBeGreaterThan(100_000);
    }
    expect(page.text).not.toMatch(/https?:|<script>/);
    expect((await app.ask('/docs/')).headers.location).toBe('../docs');
    for (const name of ['index.html', '..%2fpackage.json', 'toString'])
      expect((await app.ask(`/docs/${name}`)).status, name).toBe(404);
    const { headers, text } = await app.ask('/openapi.json');
    expect([headers['content-type'], JSON.parse(text).openapi]).toEqual(['application/json', '3.1.1']);
    expect(JSON.parse(text).info.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('can be turned off', async () => {
    const app = await serve({ DISABLE_DOCS: '1' });
    for (const path of ['/docs', '/docs/', '/docs/swagger-ui.css', '/openapi.json'])
      expect((await app.ask(path)).status, path).toBe(path === '/docs/' ? 302 : 404);
  });
});
