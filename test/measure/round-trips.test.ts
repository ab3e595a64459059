import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from '../http/serve-app.ts';
import { type FilmServer, roundTrips, serveFilm, sum } from './film-server.ts';

const LATENCY = 100;
const GIGABYTE = 2 ** 30;
const SECONDS = 2400;
const SECRET = 'of both servers';

describe('a film of 2 GB, 100 ms away', () => {
  let film: FilmServer;
  let app: ServedApp;

  beforeAll(async () => {
    film = await serveFilm(
      { seconds: SECONDS, bytesPerSecond: Math.ceil((2 * GIGABYTE) / SECONDS), gopSeconds: 2 },
      LATENCY,
    );
    app = await serveApp({ secret: SECRET });
  });
  afterAll(async () => {
    await app?.close();
    await film?.close();
  });

  it('master, first segment and a cold start in the middle cost few round trips and few bytes', async () => {
    expect(film.film.size).toBeGreaterThan(2 * GIGABYTE);
    const { status } = await app.ask(masterPath(film.url));
    expect(status).toBe(200);
    const forMaster = film.take();
    const title = await openTitle(app, masterPath(film.url));
    const { segments, init } = rendition(title, 'v0');
    expect((await app.ask(init)).status).toBe(200);
    expect(film.take(), 'playlists and init cost nothing more').toEqual([]);

    const first = await app.ask(nth(segments, 0));
    const forFirst = film.take();

    const sound = await app.ask(nth(rendition(title, 'a1-copy').segments, 0));
    const forSound = film.take();

    const cold = await serveApp({ secret: SECRET });
    const middle = await cold.ask(new URL(nth(segments, 200)).pathname);
    const forMiddle = film.take();
    await cold.close();

    const told = (name: string, transfers: typeof forMaster) =>
      `${name}: ${roundTrips(transfers, LATENCY)} round trips, ${transfers.length} requests, ${(sum(transfers) / 1e6).toFixed(2)} MB`;
    console.log(
      [
        told('master', forMaster),
        `${told('first segment', forFirst)} for ${(first.body.length / 1e6).toFixed(2)} MB`,
        `${told('its sound', forSound)}`,
        `${told('cold, segment 200', forMiddle)} for ${(middle.body.length / 1e6).toFixed(2)} MB`,
      ].join('\n'),
    );

    expect(roundTrips(forMaster, LATENCY)).toBeLessThanOrEqual(3);
    expect(sum(forMaster)).toBeLessThanOrEqual(1.5e6);
    expect(first.status).toBe(200);
    expect(roundTrips(forFirst, LATENCY)).toBeLessThanOrEqual(1);
    expect(sum(forFirst)).toBeLessThanOrEqual(first.body.length * 1.1);
    expect(sound.status).toBe(200);
    // Only what lies behind the next cut's first picture: the picture's own bytes were no business of segment 0.
    expect(roundTrips(forSound, LATENCY)).toBeLessThanOrEqual(1);
    expect(sum(forSound)).toBeLessThanOrEqual(64 * 1024);
    expect(middle.status).toBe(200);
    expect(middle.body.length).toBeGreaterThan(1e6);
    expect(sum(forMiddle)).toBeLessThanOrEqual(sum(forMaster) + middle.body.length * 1.05);
    expect(roundTrips(forMiddle, LATENCY)).toBeLessThanOrEqual(4);
  });
});
