import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { fixturePath } from '../helpers/fixtures.ts';
import { type Element, elements, segmentElements } from '../helpers/matroska-edit.ts';
import { ID } from '../helpers/matroska-writer.ts';
import { someOf } from '../helpers/rows.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { type FilmServer, serveFile, sum } from './film-server.ts';

/** Rule 26. */
/** Of the file's bytes. */
const VIEWERS = [
  { count: 2, most: 1.1, subtitles: 'not in the index' },
  { count: 2, most: 1.1, subtitles: 'none' },
  { count: 1, most: 1.05, subtitles: 'none' },
  { count: 1, most: 1.05, subtitles: 'not in the index' },
  { count: 1, most: 1.05, subtitles: 'in the index' },
] as const;
type Subtitles = (typeof VIEWERS)[number]['subtitles'];
const LATENCY = 20;
const SPEED = 4;
const isForced = process.env.SLUICE_NO_SKIP === '1';
const title = hasChromium() ? 'bytes of a whole playback' : `bytes of a whole playback (${SKIPPED})`;

/** A text every second, and one that lasts for half of the film. */
const TEXTS = [
  ...Array.from({ length: 49 }, (_, i) => `00:00:${two(i)},100 --> 00:00:${two(i)},900\nSecond ${i}`),
  '00:00:10,000 --> 00:00:35,000\nLong',
].map((row, i) => `${i + 1}\n${row}`);

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** The demo with filler up to a constant bitrate and subtitles: 50 s, about 7 MB. */
function makeFilm(path: string): void {
  writeFileSync(`${path}.srt`, TEXTS.join('\n\n'));
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '48', '-b:v', '900k', '-minrate', '900k'];
  const filler = ['-maxrate', '900k', '-bufsize', '900k', '-nal-hrd', 'cbr', '-c:a', 'copy', '-t', '50'];
  const inputs = ['-i', fixturePath('demo'), '-i', `${path}.srt`, '-map', '0', '-map', '1', '-c:s', 'srt'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...inputs, ...encode, ...filler, path]);
}

/** The same without CueDuration, which tells how long texts are shown. */
function withoutTextIndex(from: string, to: string): void {
  const file = readFileSync(from);
  const inside = (parts: readonly Element[], id: number) =>
    parts.filter((part) => part.id === id).flatMap(({ data }) => elements(data));
  const points = inside(inside(segmentElements(file), ID.Cues), ID.CuePoint);
  const durations = inside(points, ID.CueTrackPositions).filter(({ id }) => id === ID.CueDuration);
  expect(durations).toHaveLength(TEXTS.length);
  // Views of the file's own bytes.
  for (const { whole } of durations) whole[0] = ID.Void;
  writeFileSync(to, file);
}

/** Plays from the beginning to the end, faster than life. */
async function playAll(browser: Browser, address: string, subtitles: Subtitles): Promise<void> {
  const context = await browser.newContext();
  const page: Page = await context.newPage();
  await page.goto(address);
  await page.waitForFunction(() => window.sluicePlayer?.video.currentTime > 0.1, undefined, {
    timeout: 10_000,
  });
  await page.evaluate(
    ({ speed, isShown }) => {
      const { video } = window.sluicePlayer;
      for (const track of video.textTracks) track.mode = isShown ? 'showing' : 'disabled';
      video.playbackRate = speed;
    },
    { speed: SPEED, isShown: subtitles !== 'none' },
  );
  await page.waitForFunction(() => window.sluicePlayer.video.ended, undefined, {
    timeout: 60_000,
    polling: 100,
  });
  // A stall at this speed is the machine's; what ends playback is not.
  const errors = await page.evaluate(() =>
    window.sluicePlayer.events.filter(({ isFatal }) => isFatal).map(({ detail }) => detail),
  );
  const texts = await page.evaluate(() =>
    [...window.sluicePlayer.video.textTracks].flatMap(({ cues }) =>
      [...(cues ?? [])].map(({ startTime }) => startTime),
    ),
  );
  await context.close();
  expect(errors).toEqual([]);
  // Those of what was played go from memory after a while.
  if (subtitles !== 'none') expect(texts.length).toBeGreaterThan(5);
}

describe.skipIf(!hasChromium() && !isForced)(title, { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bytes-'));
  const path = join(folder, 'film.mkv');
  const bare = join(folder, 'bare.mkv');
  let browser: Browser;
  let sluice: RunningSluice;
  let film: Omit<FilmServer, 'film'>;
  let other: Omit<FilmServer, 'film'>;
  let size: number;

  beforeAll(async () => {
    makeFilm(path);
    size = statSync(path).size;
    film = await serveFile(path, LATENCY);
    withoutTextIndex(path, bare);
    other = await serveFile(bare, LATENCY);
    browser = await launchChromium();
  });
  beforeEach(async () => {
    await sluice?.close();
    sluice = await startSluice();
    film.take();
    other.take();
  });
  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
    await film?.close();
    await other?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const filmOf = (subtitles: Subtitles) => (subtitles === 'not in the index' ? other : film);

  it('the film is one that is not read whole at once', () => {
    expect(size).toBeGreaterThan(2 * LIMITS.wholeAtOnce);
  });

  it.for(
    someOf<(typeof VIEWERS)[number]>(VIEWERS, 5),
  )('$count at once, subtitles $subtitles, cost at most $most times the file in all', async ({
    count,
    most,
    subtitles,
  }) => {
    const { url, take } = filmOf(subtitles);
    const address = `${sluice.url}/?d=${encodeURIComponent(url)}`;
    await Promise.all(Array.from({ length: count }, () => playAll(browser, address, subtitles)));
    const transfers = take();
    const share = sum(transfers) / size;
    console.log(
      `${count} viewers, subtitles ${subtitles}: ${share.toFixed(3)} × ${(size / 1e6).toFixed(1)} MB in ${transfers.length} requests`,
    );
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThanOrEqual(most);
  });
});
