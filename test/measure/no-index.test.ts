import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from '../http/serve-app.ts';
import { type FilmServer, roundTrips, serveFilm, sum } from './film-server.ts';

const LATENCY = 100;
const GIGABYTE = 2 ** 30;
const SECONDS = 2400;
const SECRET = 'of both servers';
const mean = (2 * GIGABYTE) / SECONDS;

const FILMS = [
  { name: 'an even bit rate, a cluster every 2 s', gopSeconds: 2, bytesPerSecond: Math.ceil(mean) },
  {
    name: 'a bit rate from one to nine, a cluster every 4 s',
    gopSeconds: 4,
    bytesPerSecond: (second: number) => Math.ceil(mean * (1 + 0.8 * Math.sin(second / 37))),
  },
] as const;

describe.each(FILMS)('a film of 2 GB without an index, 100 ms away: $name', (options) => {
  let film: FilmServer;
  let app: ServedApp;

  beforeAll(async () => {
    film = await serveFilm({ ...options, seconds: SECONDS, isUnindexed: true }, LATENCY);
    app = await serveApp({ secret: SECRET });
  });
  afterAll(async () => {
    await app?.close();
    await film?.close();
  });

  it('master and seeks cost few round trips', async () => {
    const { status } = await app.ask(masterPath(film.url));
    expect(status).toBe(200);
    const forMaster = film.take();
    const told = (name: string, transfers: typeof forMaster) =>
      `${name}: ${roundTrips(transfers, LATENCY)} round trips, ${transfers.length} requests, ${(sum(transfers) / 1e6).toFixed(2)} MB`;
    const lines = [told('master', forMaster)];
    // The head is one more.
    expect(roundTrips(forMaster, LATENCY)).toBeLessThanOrEqual(4);

    const title = await openTitle(app, masterPath(film.url));
    const pictures = rendition(title, 'v0').segments;
    const sound = rendition(title, 'a1-copy').segments;
    film.take();
    for (const n of [120, 33, 77, 150]) {
      const answer = await app.ask(nth(pictures, n));
      const taken = film.take();
      expect(answer.status).toBe(200);
      lines.push(`${told(`segment ${n}`, taken)} for ${(answer.body.length / 1e6).toFixed(2)} MB`);
      expect(taken.length).toBeLessThanOrEqual(10);
      expect(roundTrips(taken, LATENCY)).toBeLessThanOrEqual(5);
      expect((await app.ask(nth(sound, n))).status).toBe(200);
      const forSound = film.take();
      lines.push(told('  its sound', forSound));
      expect(forSound).toEqual([]);
    }
    for (const n of [151, 152, 153, 154]) {
      const answer = await app.ask(nth(pictures, n));
      const taken = film.take();
      expect(roundTrips(taken, LATENCY)).toBeLessThanOrEqual(5);
      lines.push(`${told(`on to ${n}`, taken)} for ${(answer.body.length / 1e6).toFixed(2)} MB`);
      expect((await app.ask(nth(sound, n))).status).toBe(200);
      const forSound = film.take();
      lines.push(told('  its sound', forSound));
      expect(forSound).toEqual([]);
    }
    console.log(lines.join('\n'));
  });
});
