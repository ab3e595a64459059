import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { fixturePath } from '../helpers/fixtures.ts';
import { someOf } from '../helpers/rows.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { type FilmServer, serveFile, sum } from './film-server.ts';

/** Rule 26. */
/** Of the file's bytes. */
const VIEWERS = [
  { count: 2, most: 1.1 },
  { count: 1, most: 1.05 },
] as const;
const LATENCY = 20;
const SPEED = 4;
const isForced = process.env.SLUICE_NO_SKIP === '1';
const title = hasChromium() ? 'bytes of a whole playback' : `bytes of a whole playback (${SKIPPED})`;

/** The demo with filler up to a constant bitrate: 50 s, about 7 MB. */
function makeFilm(path: string): void {
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '48', '-b:v', '900k', '-minrate', '900k'];
  const filler = ['-maxrate', '900k', '-bufsize', '900k', '-nal-hrd', 'cbr', '-c:a', 'copy', '-t', '50'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', fixturePath('demo'), ...encode, ...filler, path]);
}

/** Plays from the beginning to the end, faster than life. */
async function playAll(browser: Browser, address: string): Promise<void> {
  const context = await browser.newContext();
  const page: Page = await context.newPage();
  await page.goto(address);
  await page.waitForFunction(() => window.sluicePlayer?.video.currentTime > 0.1, undefined, {
    timeout: 10_000,
  });
  await page.evaluate((speed) => {
    window.sluicePlayer.video.playbackRate = speed;
  }, SPEED);
  await page.waitForFunction(() => window.sluicePlayer.video.ended, undefined, {
    timeout: 60_000,
    polling: 100,
  });
  // A stall at this speed is the machine's; what ends playback is not.
  const errors = await page.evaluate(() =>
    window.sluicePlayer.events.filter(({ isFatal }) => isFatal).map(({ detail }) => detail),
  );
  await context.close();
  expect(errors).toEqual([]);
}

describe.skipIf(!hasChromium() && !isForced)(title, { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bytes-'));
  const path = join(folder, 'film.mkv');
  let browser: Browser;
  let sluice: RunningSluice;
  let film: Omit<FilmServer, 'film'>;
  let size: number;

  beforeAll(async () => {
    makeFilm(path);
    size = statSync(path).size;
    film = await serveFile(path, LATENCY);
    browser = await launchChromium();
  });
  beforeEach(async () => {
    await sluice?.close();
    sluice = await startSluice();
    film.take();
  });
  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
    await film?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const address = () => `${sluice.url}/?d=${encodeURIComponent(film.url)}`;

  it('the film is one that is not read whole at once', () => {
    expect(size).toBeGreaterThan(2 * LIMITS.wholeAtOnce);
  });

  it.for(
    someOf<(typeof VIEWERS)[number]>(VIEWERS, 2),
  )('$count at once cost at most $most times the file in all, picture and sound together', async ({
    count,
    most,
  }) => {
    await Promise.all(Array.from({ length: count }, () => playAll(browser, address())));
    const transfers = film.take();
    const share = sum(transfers) / size;
    console.log(
      `${count} viewers: ${share.toFixed(3)} × ${(size / 1e6).toFixed(1)} MB in ${transfers.length} requests`,
    );
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThanOrEqual(most);
  });
});
