import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { firstFrameSeconds, readEvents, seek, waitForPlaying } from './playing.ts';

const SECONDS = 40;

/** Each second says which it is, and one text lasts from the fifth to the twentieth. */
function subtitles(language: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const rows = Array.from(
    { length: SECONDS },
    (_, i) => `00:00:${two(i)},100 --> 00:00:${two(i)},900\n${language} ${i}`,
  );
  rows.push(`00:00:05,000 --> 00:00:20,000\n${language} long`);
  return rows.map((row, i) => `${i + 1}\n${row}`).join('\n\n');
}

/** A film that is not read whole at once, with texts of two languages in its index. */
function makeFilm(folder: string): void {
  for (const language of ['eng', 'ger']) writeFileSync(join(folder, `${language}.srt`), subtitles(language));
  const picture = ['-f', 'lavfi', '-i', `testsrc2=s=320x180:r=24:d=${SECONDS}`];
  const sound = ['-f', 'lavfi', '-i', `sine=f=440:r=48000:d=${SECONDS}`];
  const texts = ['eng', 'ger'].flatMap((language) => ['-i', join(folder, `${language}.srt`)]);
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '48', '-b:v', '700k', '-minrate', '700k'];
  const even = ['-maxrate', '700k', '-bufsize', '700k', '-nal-hrd', 'cbr', '-c:a', 'aac', '-c:s', 'srt'];
  const maps = ['-map', '0', '-map', '1', '-map', '2', '-map', '3'];
  const languages = ['-metadata:s:s:0', 'language=eng', '-metadata:s:s:1', 'language=ger'];
  const all = [...picture, ...sound, ...texts, ...maps, ...video, ...even, ...languages];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...all, join(folder, 'film.mkv')]);
}

/** Texts that are shown now, of the track that is shown. */
const shownTexts = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const tracks = [...window.sluicePlayer.video.textTracks].filter(({ mode }) => mode === 'showing');
    const cues = tracks.flatMap(({ activeCues }) => [...(activeCues ?? [])]);
    return cues.map((cue) => (cue instanceof VTTCue ? cue.text : ''));
  });

/** Stands still in the middle of a second, and waits for what is shown there. */
async function textsAt(page: Page, second: number): Promise<readonly string[]> {
  await page.evaluate(() => window.sluicePlayer.video.pause());
  await seek(page, second + 0.5);
  await page.waitForFunction(
    (expected) => {
      const { video } = window.sluicePlayer;
      const tracks = [...video.textTracks].filter(({ mode }) => mode === 'showing');
      const cues = tracks.flatMap(({ activeCues }) => [...(activeCues ?? [])]);
      return cues.some((cue) => cue instanceof VTTCue && cue.text.endsWith(expected));
    },
    ` ${second}`,
    { timeout: 10_000, polling: 20 },
  );
  return (await shownTexts(page)).toSorted();
}

/** As the menu of the browser's own controls does it. */
const choose = (page: Page, language: string): Promise<void> =>
  page.evaluate((wanted) => {
    for (const track of window.sluicePlayer.video.textTracks)
      track.mode = track.language === wanted ? 'showing' : 'disabled';
  }, language);

const title = hasChromium() ? 'subtitles in the page' : `subtitles in the page (${SKIPPED})`;

describe.skipIf(!hasChromium())(title, { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-subtitles-'));
  let browser: Browser;
  let sluice: RunningSluice;

  beforeAll(async () => {
    makeFilm(folder);
    sluice = await startSluice({ args: ['--root', `films=${folder}`] });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('the film is one that is not read whole', () =>
    expect(statSync(join(folder, 'film.mkv')).size).toBeGreaterThan(LIMITS.wholeAtOnce));

  it('nothing is shown until it is chosen; then each text at its time, before and after a seek', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`${sluice.url}/?d=root:films/film.mkv`);
    await firstFrameSeconds(page);
    const tracks = await page.evaluate(() =>
      [...window.sluicePlayer.video.textTracks].map(({ label, language, mode }) => [label, language, mode]),
    );
    expect(tracks).toEqual([
      ['English', 'en', 'disabled'],
      ['German', 'de', 'disabled'],
    ]);
    await choose(page, 'en');
    expect(await textsAt(page, 3)).toEqual(['eng 3']);
    expect(await textsAt(page, 30)).toEqual(['eng 30']);
    // Over the borders of segments, of which none before was read from its beginning on.
    expect(await textsAt(page, 19)).toEqual(['eng 19', 'eng long']);
    await choose(page, 'de');
    expect(await textsAt(page, 11)).toEqual(['ger 11', 'ger long']);
    await page.evaluate(() => window.sluicePlayer.video.play());
    await waitForPlaying(page, 11.5);
    const errors = (await readEvents(page)).filter(({ type }) => type === 'error');
    expect(errors).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
