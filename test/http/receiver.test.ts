import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nth, openTitle, rendition, type ServedApp, serveApp } from './serve-app.ts';

const films = fileURLToPath(new URL('../../fixtures', import.meta.url));
const NOW = Date.UTC(2026, 0, 1, 12, 30);
const FILM = 'root:films/bframes-aac.mkv';
const CAST = { origin: 'https://www.gstatic.com', 'sec-fetch-site': 'cross-site' };

const clock = { now: NOW };
let app: ServedApp;
beforeAll(async () => {
  app = await serveApp({
    flags: { root: [`films=${films}`] },
    env: { API_PASSWORD: 'word' },
    now: () => clock.now,
  });
});
afterAll(() => app.close());

const place = `/receiver?d=${encodeURIComponent(FILM)}`;

async function addressOf(path = `${place}&api_password=word`): Promise<{ path: string; expires: number }> {
  const answer = await app.ask(path);
  expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
  return JSON.parse(answer.text) as { path: string; expires: number };
}

describe('/receiver', () => {
  it('gives an address that a receiver plays, of a local film, without key, password or origin of ours', async () => {
    const { path, expires } = await addressOf();
    expect(expires).toBe(Date.UTC(2026, 0, 2, 1) / 1000);
    const title = await openTitle(app, `/${path}`, { headers: CAST });
    const { init, segments, playlist } = rendition(title, 'v0');
    const wanted = [
      [`/${path}`, 'application/vnd.apple.mpegurl'],
      [playlist, 'application/vnd.apple.mpegurl'],
      [init, 'video/mp4'],
      [nth(segments, 0), 'video/mp4'],
      [nth(segments, -1), 'video/mp4'],
    ];
    for (const [address = '', type] of wanted) {
      const answer = await app.ask(address, { headers: CAST });
      expect([
        answer.status,
        answer.headers['content-type'],
        answer.headers['access-control-allow-origin'],
      ]).toEqual([200, type, '*']);
    }
    // The film by its own name stays closed to it.
    const plain = await app.ask(`/hls/master.m3u8?d=${encodeURIComponent(FILM)}&api_password=word`, {
      headers: CAST,
    });
    expect(plain.status).toBe(403);
  });

  it('is over when it says so', async () => {
    const { path, expires } = await addressOf();
    clock.now = expires * 1000 - 1;
    expect((await app.ask(`/${path}`, { headers: CAST })).status).toBe(200);
    clock.now = expires * 1000 + 1000;
    expect((await app.ask(`/${path}`, { headers: CAST })).status).toBe(403);
    clock.now = NOW;
  });

  it('keeps what is chosen of the film, and a sooner end', async () => {
    const { path, expires } = await addressOf(`${place}&audio=none&expires=60&api_password=word`);
    expect(expires).toBe(Date.UTC(2026, 0, 1, 13) / 1000);
    const { media } = await openTitle(app, `/${path}`);
    expect([...media.keys()]).toEqual(['v0']);
  });

  it('is over after twelve hours at most, whatever is asked for', async () => {
    for (const expires of [3_153_600_000, 86_400])
      expect((await addressOf(`${place}&expires=${expires}&api_password=word`)).expires).toBe(
        Date.UTC(2026, 0, 2, 1) / 1000,
      );
  });

  it.each([
    { name: 'without the password', path: place, headers: {}, status: 403 },
    { name: 'for a page of another site', path: `${place}&api_password=word`, headers: CAST, status: 403 },
    {
      name: 'for one without Fetch Metadata',
      path: `${place}&api_password=word`,
      headers: { origin: 'https://a.example', host: 'localhost' },
      status: 403,
    },
    {
      name: 'for one that reaches it by its address',
      path: `${place}&api_password=word`,
      headers: { origin: 'https://a.example', 'sec-fetch-site': 'same-site' },
      status: 403,
    },
    { name: 'of nothing', path: '/receiver?api_password=word', headers: {}, status: 400 },
  ])('$name: $status', async ({ path, headers, status }) => {
    const answer = await app.ask(path, { headers });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([status, undefined]);
  });

  it('says where the server lies for others', async () => {
    const other = await serveApp({
      flags: { root: [`films=${films}`], 'public-url': 'https://media.example.org/sluice' },
    });
    try {
      const { text } = await other.ask(place);
      expect(JSON.parse(text)).toMatchObject({ place: 'https://media.example.org/sluice/' });
    } finally {
      await other.close();
    }
    expect(await addressOf()).toMatchObject({ place: null });
  });
});
