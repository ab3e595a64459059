import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { endlessBytes, formOf, formType, inPieces, partHead, type SendOptions } from './send-body.ts';
import { masterPath, nth, openTitle, rendition } from './serve-app.ts';
import { asForm, formWith, post, UploadBench } from './upload-bench.ts';

const film = fixture('no-audio');
const FOREIGN = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };

let bench: UploadBench;
beforeEach(() => {
  bench = new UploadBench();
});
afterEach(() => bench.clear());

describe('an upload', () => {
  const FORMS: Readonly<Record<string, SendOptions>> = {
    'in a form': formWith(film),
    'in a form, byte by byte at first': asForm(
      (function* () {
        const form = Buffer.concat([...formOf([film])].map((piece) => Buffer.from(piece)));
        yield* inPieces(form.subarray(0, 300), 1);
        yield* inPieces(form.subarray(300, form.length - 60), 5000);
        yield* inPieces(form.subarray(form.length - 60), 1);
      })(),
    ),
    'behind fields': asForm([
      partHead('name="title"'),
      'Film\r\n',
      partHead('name="x"'),
      '\r\n',
      ...formOf([film]),
    ]),
    'with preamble and epilogue': asForm(['To be ignored\r\n', ...formOf([film]), '\r\nThis as well']),
    'as the body': { body: [film] },
    'as the body, as curl --data-binary names it': {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: inPieces(film, 7777),
    },
  };
  it.for(Object.entries(FORMS))('%s: stored, and played as it was', async ([, options]) => {
    const app = await bench.serve();
    const { status, head, json } = await post(app, '/uploads', options);
    expect(status).toBe(201);
    expect(json).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      url: `/hls/master.m3u8?d=upload:${json.id}`,
      bytes: film.length,
      expires: expect.any(String),
    });
    expect(Math.abs(Date.parse(json.expires) - Date.now() - 24 * 3600 * 1000)).toBeLessThan(60_000);
    expect(head).toMatch(new RegExp(`^location: /uploads/${json.id}$`, 'im'));
    expect(head).toMatch(/^cache-control: no-store$/im);
    const own = rendition(await openTitle(app, json.url), 'v0');
    const demo = rendition(await openTitle(app, masterPath('root:demo/no-audio.mkv')), 'v0');
    const [mine, other] = [await app.ask(nth(own.segments, 1)), await app.ask(nth(demo.segments, 1))];
    expect(mine.body.equals(other.body)).toBe(true);
    expect(JSON.parse((await app.ask(`/probe?d=upload:${json.id}`)).text).container).toBe('matroska');
    expect(app.log).toEqual([]);
  });

  it('is told of, and removed with all that it was', async () => {
    const app = await bench.serve();
    const { json } = await post(app, '/uploads', formWith(film));
    const { segments } = rendition(await openTitle(app, json.url), 'v0');
    const told = await app.ask(`/uploads/${json.id}`);
    expect([told.status, JSON.parse(told.text)]).toEqual([200, json]);
    const removed = await app.ask(`/uploads/${json.id}`, { method: 'DELETE' });
    expect([removed.status, removed.text]).toEqual([204, '']);
    expect(bench.files()).toEqual([]);
    for (const [path, method] of [
      [json.url, 'GET'],
      [nth(segments, 1), 'GET'],
      [`/uploads/${json.id}`, 'GET'],
      [`/uploads/${json.id}`, 'DELETE'],
    ] as const) {
      const { status, text } = await app.ask(path, { method });
      expect([status, JSON.parse(text).error.code], `${method} ${path}`).toEqual([404, 'not-found']);
    }
  });

  it('that has expired is not there', async () => {
    let now = Date.now();
    const app = await bench.serve({ now: () => now, env: { SLUICE_UPLOADS_HOURS: '2' } });
    const { json } = await post(app, '/uploads', formWith(film));
    const playlist = await app.ask(json.url);
    expect(playlist.status).toBe(200);
    now += 2 * 3600 * 1000 + 1000;
    expect((await app.ask(`/uploads/${json.id}`)).status).toBe(404);
  });

  it('that cannot be guessed cannot be reached by another path', async () => {
    const app = await bench.serve();
    const { json } = await post(app, '/uploads', formWith(film));
    for (const id of [`./${json.id}`, `../${json.id}`, `${json.id}/`, `${json.id}%00`, `x${json.id}`, ''])
      expect((await app.ask(`/probe?d=upload:${id}`)).status, id).toBe(404);
  });

  it('is not offered without its flag: the answer names it', async () => {
    const app = await bench.serve({ flags: {} });
    for (const [path, method] of [
      ['/uploads', 'POST'],
      ['/uploads/x', 'GET'],
      ['/uploads/x', 'DELETE'],
    ] as const) {
      const { status, json } = await post(app, path, { method, body: method === 'POST' ? [film] : [] });
      expect([status, json.error.code]).toEqual([501, 'not-offered']);
      expect(json.error.message).toContain('--uploads');
    }
  });
});

describe('pages of other sites', () => {
  it.for(['/remux', '/uploads'])('may not post to %s, with CORS headers for nobody', async (path) => {
    const app = await bench.serve();
    for (const headers of [
      FOREIGN,
      { origin: 'https://elsewhere.example' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const { status, json, head } = await post(app, path, {
        headers: { ...formType, ...headers },
        body: formOf([film]),
      });
      expect([status, json.error.code]).toEqual([403, 'unauthorized']);
      expect(json.error.message).toContain('key=');
      expect(head.toLowerCase()).not.toContain('access-control');
    }
    const preflight = await app.ask(path, { method: 'OPTIONS', headers: FOREIGN });
    expect(JSON.stringify(preflight.headers)).not.toContain('access-control');
    expect(bench.files()).toEqual([]);
  });

  it('nor ask, nor remove', async () => {
    const app = await bench.serve();
    const { json } = await post(app, '/uploads', formWith(film));
    for (const method of ['GET', 'DELETE'])
      expect((await app.ask(`/uploads/${json.id}`, { method, headers: FOREIGN })).status).toBe(403);
    for (const path of [json.url, `/probe?d=upload:${json.id}`, '/probe?d=upload:none']) {
      const { status, headers } = await app.ask(path, { headers: FOREIGN });
      expect([status, headers['access-control-allow-origin']], path).toEqual([403, undefined]);
    }
    const { segments } = rendition(await openTitle(app, json.url), 'v0');
    for (const method of ['GET', 'HEAD'])
      expect((await app.ask(nth(segments, 0), { method, headers: FOREIGN })).status).toBe(403);
    expect((await app.ask(`/uploads/${json.id}`)).status).toBe(200);
  });

  it('may with the key of the server; own pages without it', async () => {
    const app = await bench.serve();
    for (const [path, headers] of [
      [`/uploads?key=${app.accessKey}`, FOREIGN],
      ['/uploads', { ...FOREIGN, 'x-sluice-key': app.accessKey }],
      ['/uploads', { origin: app.url, 'sec-fetch-site': 'same-origin' }],
    ] as const) {
      const { status, head } = await post(app, path, {
        headers: { ...formType, ...headers },
        body: formOf([film]),
      });
      expect(status).toBe(201);
      expect(head.toLowerCase()).not.toContain('access-control');
    }
  });

  it('the password is asked for before anything is read', async () => {
    const app = await bench.serve({ env: { API_PASSWORD: 'open sesame' } });
    for (const path of ['/uploads', '/remux', '/uploads?api_password=x']) {
      const { status, sent } = await post(app, path, { ...asForm(formOf(endlessBytes())) });
      expect(status).toBe(403);
      expect(sent).toBeLessThan(64 * 2 ** 20);
    }
    expect((await post(app, '/uploads?api_password=open%20sesame', formWith(film))).status).toBe(201);
  });
});
