import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { largeFilm } from './large-film.ts';
import {
  type Answer,
  masterPath,
  nth,
  openTitle,
  type Playlists,
  rendition,
  type ServedApp,
  serveApp,
} from './serve-app.ts';

const PLAYLIST = 'application/vnd.apple.mpegurl';

/** First boxes of a body, by name. */
function boxNames(body: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at + 8 <= body.length; at += body.readUInt32BE(at)) {
    names.push(body.toString('latin1', at + 4, at + 8));
    if (body.readUInt32BE(at) < 8) throw new Error(`A box of ${body.readUInt32BE(at)} bytes at ${at}`);
  }
  return names;
}

/** Every fixture that can be played, with its renditions. */
const PLAYABLE: Readonly<Record<string, readonly string[]>> = {
  'bframes-aac': ['v0', 'a1-copy'],
  'ffmpeg-mux': ['v0', 'a1-copy'],
  'open-gop': ['v0', 'a1-copy'],
  'open-gop-no-idr': ['v0'],
  'film-rate-unknown': ['v0', 'a1-copy'],
  'fps60-vui-only': ['v0', 'a1-copy'],
  'surround-44k': ['v0', 'a1-copy'],
  'two-languages': ['v0', 'a1-copy', 'a2-copy'],
  'no-audio': ['v0'],
  'late-audio': ['v0', 'a1-copy'],
  'audio-hole': ['v0', 'a1-copy'],
  'long-gop': ['v0', 'a1-copy'],
  'audio-only': ['a0-copy'],
  'no-cues': ['v0', 'a1-copy'],
  anamorphic: ['v0', 'a1-copy'],
  ac3: ['v0', 'a1-copy'],
  'hevc-hdr10': ['v0', 'a1-copy'],
  'vp9-opus': ['v0', 'a1-copy', 'a2-copy'],
  'av1-eac3': ['v0', 'a1-copy'],
  'alac-flac-mp3': ['v0', 'a1-copy', 'a2-copy', 'a3-copy'],
};

describe('from the master playlist to the last segment', () => {
  let app: ServedApp;
  let upstream: Upstream;

  beforeAll(async () => {
    upstream = await startUpstream((request, ...rest) =>
      file(fixture(/(\w[\w-]*)\.mk[av]$/.exec(request.url ?? '')?.[1] ?? ''))(request, ...rest),
    );
    app = await serveApp();
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  it.for(Object.entries(PLAYABLE))('%s', async ([name, names]) => {
    const opened = await openTitle(app, masterPath(`${upstream.url}/${name}.mkv`));
    expect([...opened.media.keys()].sort()).toEqual(expect.arrayContaining([...names].sort()));
    expect(opened.media.size).toBe(names.length);
    const counts = [...opened.media.values()].map(({ segments }) => segments.length);
    expect(new Set(counts).size, 'all renditions list as many segments').toBe(1);
    for (const [which, { init, segments }] of opened.media) {
      const type = which.startsWith('v') ? 'video/mp4' : 'audio/mp4';
      const head = await app.ask(init);
      expect([head.status, head.headers['content-type']], init).toEqual([200, type]);
      expect(boxNames(head.body)).toEqual(['ftyp', 'moov']);
      for (const segment of segments) {
        const { status, headers, body } = await app.ask(segment);
        expect([status, headers['content-type']], segment).toEqual([200, type]);
        const [first, ...boxes] = boxNames(body);
        expect(first).toBe('styp');
        expect(boxes.filter((box) => box !== 'prft' && box !== 'emsg').join(' ')).toMatch(
          /^moof mdat( moof mdat)*$/,
        );
      }
    }
    expect(app.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it.for([
    'bframes-aac',
    'open-gop',
    'audio-hole',
    'two-languages',
    'audio-only',
  ])('%s: segments asked for backwards by a fresh server are the same bytes', async (name) => {
    const path = masterPath(`root:demo/${name}.${name === 'audio-only' ? 'mka' : 'mkv'}`);
    const [first, second] = await Promise.all([serveApp({ secret: 's' }), serveApp({ secret: 's' })]);
    try {
      const addresses = [...(await openTitle(first, path)).media.values()].flatMap((m) => m.segments);
      const forwards = new Map<string, Buffer>();
      for (const address of addresses) forwards.set(address, (await first.ask(address)).body);
      for (const address of addresses.toReversed()) {
        const { body } = await second.ask(new URL(address).pathname);
        expect(body.equals(forwards.get(address) ?? Buffer.alloc(0)), address).toBe(true);
      }
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });
});

describe('headers', () => {
  let app: ServedApp;
  let upstream: Upstream;
  let opened: Playlists;

  beforeAll(async () => {
    upstream = await startUpstream(file(fixture('bframes-aac'), { headers: { etag: '"film"' } }));
    app = await serveApp();
    opened = await openTitle(app, masterPath(`${upstream.url}/film.mkv`));
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  const master = () => masterPath(`${upstream.url}/film.mkv`);
  const video = () => rendition(opened, 'v0');
  const audio = () => rendition(opened, 'a1-copy');

  /** Every kind of address with the type it is served as. */
  const kinds: readonly (readonly [string, () => string, string])[] = [
    ['master playlist', master, PLAYLIST],
    ['video playlist', () => video().playlist, PLAYLIST],
    ['audio playlist', () => audio().playlist, PLAYLIST],
    ['video init', () => video().init, 'video/mp4'],
    ['audio init', () => audio().init, 'audio/mp4'],
    ['video segment', () => nth(video().segments, 1), 'video/mp4'],
    ['audio segment', () => nth(audio().segments, 1), 'audio/mp4'],
  ];

  it.for(kinds)('%s: its exact type, open to every origin', async ([, address, type]) => {
    const { status, headers } = await app.ask(address(), {
      headers: { origin: 'https://elsewhere.example' },
    });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(type);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  it.for(kinds)('%s: HEAD has the headers of GET and no body', async ([name, address]) => {
    const [get, head] = [await app.ask(address()), await app.ask(address(), { method: 'HEAD' })];
    expect([head.status, head.body.length]).toEqual([200, 0]);
    const told = ({ headers }: Answer) => {
      const ofOne = ['date', 'connection', 'keep-alive', 'transfer-encoding', 'x-request-id'];
      return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofOne.includes(name)));
    };
    expect(told(head), name).toEqual(told(get));
  });

  it.for(kinds.slice(0, 3))('%s: zipped only for those who ask, the same text', async ([, address]) => {
    const plain = await app.ask(address());
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.headers.vary).toBe('Accept-Encoding');
    expect(Number(plain.headers['content-length'])).toBe(plain.body.length);
    for (const asked of ['gzip', 'br, gzip;q=0.5', 'deflate, GZIP', '*']) {
      const zipped = await app.ask(address(), { headers: { 'accept-encoding': asked } });
      expect(zipped.headers['content-encoding'], asked).toBe('gzip');
      expect(zipped.headers.vary).toBe('Accept-Encoding');
      expect(Number(zipped.headers['content-length'])).toBe(zipped.body.length);
      expect(gunzipSync(zipped.body).toString()).toBe(plain.text);
    }
    for (const refused of ['', 'identity', 'br', 'gzip;q=0', 'gzip;q=0.0, br', 'x-gzipped', 'gzip;q=0, *'])
      expect(
        (await app.ask(address(), { headers: { 'accept-encoding': refused } })).headers['content-encoding'],
        `"${refused}"`,
      ).toBeUndefined();
  });

  it('media is never zipped', async () => {
    for (const address of [video().init, nth(video().segments, 0)]) {
      const { headers } = await app.ask(address, { headers: { 'accept-encoding': 'gzip' } });
      expect(headers['content-encoding']).toBeUndefined();
    }
  });

  it('what a versioned address names never changes; the master may', async () => {
    const control = async (address: string) => (await app.ask(address)).headers['cache-control'];
    for (const address of [
      video().playlist,
      video().init,
      nth(video().segments, 0),
      nth(audio().segments, 0),
    ])
      expect(await control(address), address).toBe('public, max-age=31536000, immutable');
    expect(await control(master())).toBe('no-cache');
  });

  it('segments have no length and no ranges', async () => {
    const { status, headers, body } = await app.ask(nth(video().segments, 1), {
      headers: { range: 'bytes=0-9' },
    });
    expect(status).toBe(200);
    expect(headers['content-length']).toBeUndefined();
    expect(headers['content-range']).toBeUndefined();
    expect(headers['accept-ranges']).toBe('none');
    expect(body.length).toBeGreaterThan(1000);
  });

  it('HEAD on a segment asks nothing of the upstream, also in a server that has just started', async () => {
    const fresh = await serveApp({ secret: 'the same' });
    const before = await serveApp({ secret: 'the same' });
    try {
      const title = await openTitle(before, master());
      const asked = upstream.requests.length;
      for (const name of ['v0', 'a1-copy']) {
        const { pathname } = new URL(nth(rendition(title, name).segments, 2));
        const { status, headers } = await fresh.ask(pathname, { method: 'HEAD' });
        expect(status).toBe(200);
        expect(headers.etag).toMatch(/^"[^"]+"$/);
        const again = await fresh.ask(pathname, { headers: { 'if-none-match': headers.etag ?? '' } });
        expect(again.status).toBe(304);
      }
      expect(upstream.requests.length).toBe(asked);
      expect(fresh.openings()).toBe(0);
    } finally {
      await Promise.all([fresh.close(), before.close()]);
    }
  });

  it('ETags differ by version, rendition and number, and are answered with 304', async () => {
    const addresses = [
      video().init,
      audio().init,
      ...video().segments.slice(0, 3),
      ...audio().segments.slice(0, 3),
    ];
    const tags = new Set<string>();
    for (const address of addresses) {
      const { headers } = await app.ask(address);
      const etag = headers.etag ?? '';
      expect(etag).toMatch(/^"[\w-]+"$/);
      tags.add(etag);
      for (const match of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await app.ask(address, { headers: { 'if-none-match': match } });
        expect([again.status, again.body.length, again.headers.etag], match).toEqual([304, 0, etag]);
        expect(again.headers['cache-control']).toContain('immutable');
        expect(again.headers['access-control-allow-origin']).toBe('*');
      }
      expect((await app.ask(address, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    }
    expect(tags.size).toBe(addresses.length);
  });

  it('preflights are answered, and reaching into a private network is granted to nobody', async () => {
    const { status, headers } = await app.ask(nth(video().segments, 0), {
      method: 'OPTIONS',
      headers: {
        origin: 'https://elsewhere.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'range',
        'access-control-request-private-network': 'true',
      },
    });
    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-methods']).toContain('GET');
    expect(headers['access-control-allow-headers']?.toLowerCase()).toContain('range');
    expect(headers['access-control-allow-private-network']).toBeUndefined();
  });

  const absent: readonly (readonly [string, () => string])[] = [
    ['a segment behind the last one', () => nth(video().segments, -1).replace(/(\d+)\.m4s/, '999.m4s')],
    [
      'a segment number that no number holds',
      () => nth(video().segments, 0).replace('0.m4s', `${'9'.repeat(400)}.m4s`),
    ],
    ['a rendition that is not there', () => video().playlist.replace('/v0/', '/v7/')],
    ['the init of a rendition that is not there', () => video().init.replace('/v0/', '/a1-aac/')],
    ['a segment of a rendition that is not there', () => nth(video().segments, 0).replace('/v0/', '/s3/')],
    ['a file of another kind', () => video().playlist.replace('index.m3u8', 'index.mpd')],
    ['a negative segment', () => nth(video().segments, 0).replace('0.m4s', '-1.m4s')],
    ['another address', () => '/nothing/here'],
  ];
  it.for(absent)('404: %s', async ([, address]) => {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, text } = await app.ask(address(), { method });
      expect(status, method).toBe(404);
      expect(headers['content-type']).toContain('application/json');
      if (method === 'GET') expect(JSON.parse(text)).toMatchObject({ error: { code: 'not-found' } });
    }
  });

  it('a segment has one address: 07.m4s is not 7.m4s', async () => {
    const { status } = await app.ask(nth(video().segments, 0).replace('/0.m4s', '/00.m4s'));
    expect(status).toBe(404);
  });

  it('other methods are no way in', async () => {
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect((await app.ask(video().playlist, { method })).status, method).toBeGreaterThanOrEqual(404);
  });
});

const SECRET = 'shared by two replicas';

describe('versions', () => {
  let app: ServedApp;
  let upstream: Upstream;

  beforeAll(async () => {
    upstream = await startUpstream(() => undefined);
    app = await serveApp({ secret: SECRET });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  it('another version in the address is 410', async () => {
    upstream.answer(file(fixture('bframes-aac')));
    const { media } = await openTitle(app, masterPath(`${upstream.url}/a.mkv`));
    const video = media.get('v0');
    for (const address of [video?.playlist, video?.init, video?.segments[0]]) {
      const [, , , version = ''] = new URL(address ?? '').pathname.split('/');
      const other = (address ?? '').replace(
        version,
        version.replace(/^./, (c) => (c === 'a' ? 'b' : 'a')),
      );
      const { status, text } = await app.ask(other);
      expect(status).toBe(410);
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'changed' } });
    }
  });

  it('a file that changes under an open title is 410, and the next master has its new version', async () => {
    const film = (name: string) => file(fixture(name), { headers: { etag: `"${name}"` } });
    upstream.answer(film('bframes-aac'));
    const path = masterPath(`${upstream.url}/changing.mkv`);
    const before = await openTitle(app, path);
    expect(before.media.has('a2-copy')).toBe(false);
    upstream.answer(film('two-languages'));
    // What was small enough to be read whole is still served; a server that has let go of it meets the new file.
    const later = await serveApp({ secret: SECRET });
    try {
      const gone = await later.ask(new URL(nth(rendition(before, 'v0').segments, 0)).pathname);
      expect([gone.status, JSON.parse(gone.text).error.code]).toEqual([410, 'changed']);
      expect((await openTitle(later, path)).media.has('a2-copy')).toBe(true);
    } finally {
      await later.close();
    }
  });

  it('a local file that is replaced under its name: the old addresses are 410, the next master is the new one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-root-'));
    const local = await serveApp({ flags: { root: [`films=${folder}`] } });
    try {
      await writeFile(join(folder, 'a.mkv'), fixture('no-audio'));
      const before = await openTitle(local, masterPath('root:films/a.mkv'));
      await writeFile(join(folder, 'a.mkv'), fixture('two-languages'));
      const gone = await local.ask(nth(rendition(before, 'v0').segments, 0));
      expect([gone.status, JSON.parse(gone.text).error.code]).toEqual([410, 'changed']);
      expect((await openTitle(local, masterPath('root:films/a.mkv'))).media.has('a2-copy')).toBe(true);
    } finally {
      await local.close();
      await rm(folder, { recursive: true });
    }
  });

  it('a large file that changes between two segments: 410, forgotten, then its new master', async () => {
    upstream.answer(file(largeFilm(), { headers: { etag: '"1"' } }));
    const path = masterPath(`${upstream.url}/large.mkv`);
    const video = rendition(await openTitle(app, path), 'v0');
    expect((await app.ask(nth(video.segments, 0))).status).toBe(200);
    upstream.answer(file(largeFilm({ seconds: 20 }), { headers: { etag: '"2"' } }));
    const gone = await app.ask(nth(video.segments, -2));
    expect([gone.status, JSON.parse(gone.text).error.code]).toEqual([410, 'changed']);
    const { segments } = rendition(await openTitle(app, path), 'v0');
    expect(segments.length).toBeLessThan(video.segments.length);
    expect((await app.ask(nth(segments, -1))).status).toBe(200);
  });
});
