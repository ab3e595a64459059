import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { PlayerEvent } from '../../src/web/player-state.ts';

const SEEKS = 20;
/** From asking for a position until time moves on there. */
const SEEK_TIMEOUT = 10_000;
/** What the media element has decoded so far. */
export interface Decoded {
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

export const readDecoded = (page: Page): Promise<Decoded> =>
  page.evaluate(() => {
    const { video } = window.sluicePlayer;
    const bytes: unknown = Reflect.get(video, 'webkitAudioDecodedByteCount');
    return {
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
      audioBytes: typeof bytes === 'number' ? bytes : 0,
    };
  });

export const readEvents = (page: Page): Promise<readonly PlayerEvent[]> =>
  page.evaluate(() => window.sluicePlayer.events);

export const seek = (page: Page, time: number): Promise<void> =>
  page.evaluate((to) => {
    window.sluicePlayer.video.currentTime = to;
  }, time);

/** Waits until there is data at `time` and it plays on; says what the player was doing when it does not. */
export async function waitForPlaying(page: Page, time: number): Promise<void> {
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

export async function firstFrameSeconds(page: Page): Promise<number> {
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
export async function seekAbout(page: Page, duration: number): Promise<void> {
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

export async function playToTheEnd(page: Page, duration: number): Promise<void> {
  await seek(page, duration - 3);
  await page.waitForFunction(() => window.sluicePlayer.video.ended, undefined, {
    timeout: SEEK_TIMEOUT,
    polling: 50,
  });
}
