import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Hls from 'hls.js';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { isThorough } from '../helpers/rows.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { makeNumberedFilm, teachNumbers } from './numbered-film.ts';
import { readEvents } from './playing.ts';

const SECONDS = 10;
const RATE = 12;
const PICTURES = SECONDS * RATE;
/** Where segments begin. */
const CUTS = [0, 2, 4, 8];
/** A busy machine drops pictures at more. */
const SPEED = 2;
const DROPPED_AT_MOST = 0.1 * PICTURES;

const x264 = (params: string) =>
  ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-x264-params', `scenecut=0:${params}`] as const;

const FILMS = [
  { name: 'closed GOPs', query: '', codec: x264('keyint=24:min-keyint=24') },
  // Chromium cannot begin at recovery points: IDR pictures are at the cuts, and others, which it is not told of, between.
  {
    name: 'open GOPs between the cuts',
    query: '&recovery=hidden',
    codec: [
      ...x264('open-gop=1:keyint=12:min-keyint=12'),
      ...['-forced-idr', '1', '-force_key_frames', 'expr:gte(t,n_forced*2)'],
    ],
  },
] as const;

type Form = 'copy' | 'encoded';

interface Shown {
  readonly number: number;
  readonly time: number;
}

declare global {
  interface Window {
    /** Form of each segment, as it was loaded. */
    formsLoaded: string[];
    picturesShown: Shown[];
    /** Where playing stood still, in seconds. */
    waitedAt: number[];
  }
}

const title = hasChromium() ? 'copy and encoded in turns' : `copy and encoded in turns (${SKIPPED})`;

describe.skipIf(!hasChromium())(title, { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-turns-'));
  let browser: Browser;
  let sluice: RunningSluice;

  beforeAll(async () => {
    sluice = await startSluice({ args: ['--root', `films=${folder}`] });
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const films = FILMS.flatMap((film) => (['copy', 'encoded'] as const).map((first) => ({ ...film, first })));

  // Usually only those that begin with the copy.
  it.each(isThorough ? films : films.filter((_, i) => i % 2 === 0))('$name, the first one $first', async ({
    name,
    query,
    codec,
    first,
  }) => {
    const file = `${name.replaceAll(' ', '-')}.mkv`;
    if (first === 'copy') makeNumberedFilm(join(folder, file), { seconds: SECONDS, rate: RATE, codec });
    const page = await browser.newPage();
    await teachNumbers(page);
    await page.goto(`${sluice.url}/?video=copy,h264&hls.maxBufferHole=0${query}`);
    await openInTurns(page, `root:films/${file}`, first);
    await page.waitForFunction((count) => window.formsLoaded.length === count, CUTS.length);
    const second = first === 'copy' ? 'encoded' : 'copy';
    expect(await page.evaluate(() => window.formsLoaded)).toEqual(
      CUTS.map((_, n) => (n % 2 === 0 ? first : second)),
    );
    await page.waitForFunction((end) => window.sluicePlayer.video.buffered.end(0) > end, SECONDS - 0.1);
    expect(await page.evaluate(() => window.sluicePlayer.video.buffered.length)).toBe(1);
    if (first === 'copy') {
      expectAllInOrder(await watch(page));
      expect(await page.evaluate(() => window.waitedAt)).toEqual([]);
    }
    expect(await numbersAroundCuts(page)).toEqual(CUTS.flatMap(around));
    const types = (await readEvents(page)).map(({ type }) => type);
    expect(types.filter((type) => /error|failure|failed/.test(type))).toEqual([]);
    await page.close();
  });
});

/** Opens a film so that every segment is loaded in the other form than the one before it; copies are played, too. */
const openInTurns = (page: Page, media: string, first: Form): Promise<void> =>
  page.evaluate(
    ([url, begin]) => {
      const { sluicePlayer: player } = window;
      window.formsLoaded = [];
      // What is watched must not depend on how fast this machine encodes.
      player.video.play = async () => undefined;
      const field = document.querySelector<HTMLInputElement>('#url');
      if (field) field.value = url;
      document.querySelector<HTMLFormElement>('#open')?.requestSubmit();
      const { hls } = player;
      if (!hls) throw new Error('hls.js was not started');
      const { Events } = hls.constructor as typeof Hls;
      const take = (form: string) => {
        hls.loadLevel = hls.levels.findIndex(({ uri }) => uri.includes('h264') === (form === 'encoded'));
      };
      const other = begin === 'copy' ? 'encoded' : 'copy';
      hls.on(Events.MANIFEST_PARSED, () => take(begin));
      hls.on(Events.FRAG_LOADED, (_, { frag }) => {
        if (String(frag.type) !== 'main' || typeof frag.sn !== 'number') return;
        window.formsLoaded[frag.sn] = frag.url.includes('h264') ? 'encoded' : 'copy';
        take(frag.sn % 2 === 0 ? other : begin);
      });
    },
    [media, first] as const,
  );

/** Plays what is loaded to the end. @returns what was shown, as far as the browser tells */
async function watch(page: Page): Promise<readonly Shown[]> {
  await page.evaluate((speed) => {
    const { video } = window.sluicePlayer;
    video.playbackRate = speed;
    void HTMLMediaElement.prototype.play.call(video);
    window.picturesShown = [];
    window.waitedAt = [];
    video.addEventListener('waiting', () => window.waitedAt.push(video.currentTime));
    const look: VideoFrameRequestCallback = (_, { mediaTime }) => {
      window.picturesShown.push({ number: window.pictureNumber(), time: mediaTime });
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }, SPEED);
  await page.waitForFunction(() => window.sluicePlayer.video.ended, undefined, { polling: 50 });
  return page.evaluate(() => window.picturesShown);
}

/** Every picture at its time, none before its turn, and none left out but those that a busy machine drops. */
function expectAllInOrder(shown: readonly Shown[]): void {
  const places = shown.map(({ time }) => time * RATE);
  const offGrid = places.map((place) => Math.abs(place - Math.round(place)) / RATE);
  expect(Math.max(...offGrid)).toBeLessThan(0.001);
  const steps = places.slice(1).map((place, i) => Math.round(place - (places[i] ?? 0)));
  expect(Math.min(...steps)).toBe(1);
  // A callback that comes late finds the next picture on the screen.
  const late = shown.map(({ number }, i) => number - Math.round(places[i] ?? 0));
  expect(late.filter((by) => by !== 0 && by !== 1)).toEqual([]);
  console.log(`${shown.length} of ${PICTURES} pictures seen, in steps of ${[...new Set(steps)].join(', ')}`);
  expect(PICTURES - shown.length).toBeLessThanOrEqual(DROPPED_AT_MOST);
}

/** Numbers of the last picture before a cut and of the two behind it. */
const around = (cut: number): readonly number[] =>
  [-1, 0, 1].map((step) => cut * RATE + step).filter((number) => number >= 0);

/** What is shown in the middle of the time of each of these. */
async function numbersAroundCuts(page: Page): Promise<number[]> {
  const numbers: number[] = [];
  for (const number of CUTS.flatMap(around))
    numbers.push(
      await page.evaluate(
        async (time) => {
          const { video } = window.sluicePlayer;
          video.pause();
          const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
          video.currentTime = time;
          await shown;
          return window.pictureNumber();
        },
        (number + 0.5) / RATE,
      ),
    );
  return numbers;
}
