import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { fixturePath } from '../helpers/fixtures.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { firstFrameSeconds, playToTheEnd, readEvents, seekAbout, waitForPlaying } from './playing.ts';

/** What a viewer takes for "at once", with 50 ms to the upstream. */
const FIRST_FRAME_SECONDS = 1.5;
const UPSTREAM_LATENCY = 50;

const CONFIGS = { 'hls.js as it comes': '', 'maxBufferHole 0': '&hls.maxBufferHole=0' } as const;
const SOURCES = ['the demo', 'the same as MP4 on an upstream 50 ms away'] as const;

/** Its movie box is at the end. */
function demoAsMp4(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'));
  try {
    const path = join(folder, 'demo.mp4');
    execFileSync('ffmpeg', ['-v', 'error', '-i', fixturePath('demo'), '-c', 'copy', path]);
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const title = hasChromium() ? 'playback in Chromium' : `playback in Chromium (${SKIPPED})`;

describe.skipIf(!hasChromium())(title, () => {
  let browser: Browser;
  let sluice: RunningSluice;
  let upstream: Upstream;

  beforeAll(async () => {
    const answer = file(demoAsMp4(), { headers: { etag: '"demo"' } });
    upstream = await startUpstream((...request) => setTimeout(() => answer(...request), UPSTREAM_LATENCY));
    sluice = await startSluice();
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
    await upstream?.close();
  });

  // Each configuration with a source of its own: all four pairs take a minute.
  const cases = Object.entries(CONFIGS).flatMap(([name, query], i) =>
    SOURCES.slice(i, i + 1).map((source) => ({ name, query, source })),
  );

  it.for(cases)('starts, seeks and ends: $source, $name', { timeout: 120_000 }, async ({ query, source }) => {
    const media = source === 'the demo' ? 'root:demo/demo.mkv' : `${upstream.url}/demo.mp4`;
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
