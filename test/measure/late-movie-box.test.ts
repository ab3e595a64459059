import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { fixturePath } from '../helpers/fixtures.ts';
import { masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from '../http/serve-app.ts';
import { roundTrips, serveFile, sum, type Transfer } from './film-server.ts';

const LATENCY = 100;
const MEGABYTE = 1e6;
/** Times that the minute of the demo is repeated: its tables take 5 MB then. */
const MINUTES = 90;

beforeEach(needsFfmpeg);

describe('an MP4 file of an hour and a half with its movie box at the end, 100 ms away', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-late-'));
  const path = join(folder, 'film.mp4');
  let film: Awaited<ReturnType<typeof serveFile>>;
  let app: ServedApp;

  beforeAll(async () => {
    const input = ['-stream_loop', String(MINUTES - 1), '-i', fixturePath('demo')];
    execFileSync('ffmpeg', ['-v', 'error', ...input, '-c', 'copy', path]);
    film = await serveFile(path, LATENCY);
    app = await serveApp({});
  });
  afterAll(async () => {
    await app?.close();
    await film?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is planned after four round trips, and plays after one more', async () => {
    const { status } = await app.ask(masterPath(film.url));
    const forMaster = film.take();
    const title = await openTitle(app, masterPath(film.url));
    const first = await app.ask(nth(rendition(title, 'v0').segments, 0));
    const forFirst = film.take();
    const far = await app.ask(nth(rendition(title, 'v0').segments, 800));
    const forFar = film.take();
    const told = (name: string, transfers: readonly Transfer[]) =>
      `${name}: ${roundTrips(transfers, LATENCY)} round trips, ${transfers.length} requests, ${(sum(transfers) / MEGABYTE).toFixed(2)} MB`;
    console.log(told('master', forMaster));
    console.log(told('segment 800', forFar));
    expect([status, first.status, far.status]).toEqual([200, 200, 200]);
    expect(sum(forMaster)).toBeGreaterThan(5 * MEGABYTE);
    expect(sum(forMaster)).toBeLessThan(6.5 * MEGABYTE);
    expect(roundTrips(forMaster, LATENCY)).toBeLessThanOrEqual(4);
    expect(roundTrips(forFirst, LATENCY)).toBeLessThanOrEqual(1);
    expect(roundTrips(forFar, LATENCY)).toBe(1);
  });
});
