import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlayerEvent } from '../../src/web/player-state.ts';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { fixture } from '../helpers/fixtures.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';

const SEEKS = 20;
/** From asking for a position until time moves on there. */
const SEEK_TIMEOUT = 10_000;
/** What a viewer takes for "at once", with 50 ms to the upstream. */
const FIRST_FRAME_SECONDS = 1.5;
const UPSTREAM_LATENCY = 50;

const CONFIGS = { 'hls.js as it comes': '', 'maxBufferHole 0': '&hls.maxBufferHole=0' } as const;
const SOURCES = ['the demo', 'an upstream 50 ms away'] as const;

/** What the media element has decoded so far. */
interface Decoded {
  readonly frames: number;
  readonly audioBytes: number;
}

/** Seeded, so that a failing seek can be repeated. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const readDecoded = (page: Page): Promise<Decoded> =>
  page.evaluate(() => {
    const { video } = window.sluicePlayer;
    const bytes: unknown = Reflect.get(video, 'webkitAudioDecodedByteCount');
    return {
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
      audioBytes: typeof bytes === 'number' ? bytes : 0,
    };
  });

const readEvents = (page: Page): Promise<readonly PlayerEvent[]> =>
  page.evaluate(() => window.sluicePlayer.events);

const seek = (page: Page, time: number): Promise<void> =>
  page.evaluate((to) => {
    window.sluicePlayer.video.currentTime = to;
  }, time);

/** Waits until there is data at `time` and it plays on; says what the player was doing when it does not. */
async function waitForPlaying(page: Page, time: number): Promise<void> {
  try {
    await page.waitForFunction(
      (from) => {
        const { video } = window.sluicePlayer;
        return !video.seeking && video.readyState >= 3 && video.currentTime > from + 0.2;
      },
      time,
      { timeout: SEEK_TIMEOUT, polling: 20 },
    );
  } catch (cause) {
    const last = (await readEvents(page)).slice(-6).map((event) => `${event.type} ${event.detail}`);
    throw new Error(`Nothing plays at ${time.toFixed(3)} s; last events: ${last.join(', ')}`, { cause });
  }
}

async function firstFrameSeconds(page: Page): Promise<number> {
  await page.waitForFunction(
    () => window.sluicePlayer?.events.some((event) => event.type === 'first-frame'),
    undefined,
    { timeout: SEEK_TIMEOUT, polling: 20 },
  );
  const events = await readEvents(page);
  const at = (type: string) => events.find((event) => event.type === type)?.at ?? Number.NaN;
  return (at('first-frame') - at('open')) / 1000;
}

/** Seeks about the title and expects pictures and sound from each place. */
async function seekAbout(page: Page, duration: number): Promise<void> {
  const random = randomNumbers(20_240_229);
  for (let i = 0; i < SEEKS; i++) {
    const time = random() * (duration - 3);
    const before = await readDecoded(page);
    await seek(page, time);
    await waitForPlaying(page, time);
    const after = await readDecoded(page);
    expect(after.frames, `pictures after seek ${i} to ${time}`).toBeGreaterThan(before.frames);
    expect(after.audioBytes, `sound after seek ${i} to ${time}`).toBeGreaterThan(before.audioBytes);
  }
}

async function playToTheEnd(page: Page, duration: number): Promise<void> {
  await seek(page, duration - 3);
  await page.waitForFunction(() => window.sluicePlayer.video.ended, undefined, {
    timeout: SEEK_TIMEOUT,
    polling: 50,
  });
}

const title = hasChromium() ? 'playback in Chromium' : `playback in Chromium (${SKIPPED})`;

describe.skipIf(!hasChromium())(title, () => {
  let browser: Browser;
  let sluice: RunningSluice;
  let upstream: Upstream;

  beforeAll(async () => {
    const answer = file(fixture('demo'), { headers: { etag: '"demo"' } });
    upstream = await startUpstream((...request) => setTimeout(() => answer(...request), UPSTREAM_LATENCY));
    sluice = await startSluice();
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
    await upstream?.close();
  });

  const cases = Object.entries(CONFIGS).flatMap(([name, query]) =>
    SOURCES.map((source) => ({ name, query, source })),
  );

  it.for(cases)('starts, seeks and ends: $source, $name', { timeout: 120_000 }, async ({ query, source }) => {
    const media = source === 'the demo' ? 'root:demo/demo.mkv' : `${upstream.url}/demo.mkv`;
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));

    await page.goto(`${sluice.url}/?d=${encodeURIComponent(media)}${query}`);
    expect(await firstFrameSeconds(page)).toBeLessThan(FIRST_FRAME_SECONDS);
    const shown = await page.evaluate(() => {
      const { video } = window.sluicePlayer;
      return { duration: video.duration, width: video.videoWidth, muted: video.muted };
    });
    expect(shown).toEqual({ duration: expect.closeTo(60, 0), width: 640, muted: false });
    await waitForPlaying(page, 0);
    await seekAbout(page, shown.duration);
    await playToTheEnd(page, shown.duration);

    const errors = (await readEvents(page)).filter(({ type }) => /error|failure|failed/.test(type));
    expect(errors.map(({ type, detail }) => `${type} ${detail}`)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
