import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { startUpstream, type Upstream } from '../helpers/upstream.ts';
import { makeStreams, type PageHost, type Streams, startPageHost, type Watched } from './proxied-streams.ts';

const PASSWORD = 'open sesame';
/** Milliseconds until something plays, on a busy machine. */
const PATIENCE = 20_000;
const LIVE_SECONDS = 15;

const title = hasChromium() ? 'HLS of other servers in Chromium' : `HLS in Chromium (${SKIPPED})`;

describe.skipIf(!hasChromium())(title, () => {
  let browser: Browser;
  let sluice: RunningSluice;
  let upstream: Upstream;
  let streams: Streams;
  let host: PageHost;

  beforeAll(async () => {
    streams = makeStreams();
    upstream = await startUpstream(streams.handler);
    sluice = await startSluice({ env: { API_PASSWORD: PASSWORD } });
    host = await startPageHost();
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
    await upstream?.close();
    await host?.close();
    streams?.remove();
  });

  /** A page of another site that plays a stream of the upstream's through the proxy. */
  async function open(path: string): Promise<Player> {
    const context = await browser.newContext();
    const page = await context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const query = new URLSearchParams({ d: `${upstream.url}${path}`, api_password: PASSWORD });
    const src = encodeURIComponent(`${sluice.url}/proxy/hls/manifest.m3u8?${query}`);
    await page.goto(`${host.url}?src=${src}`);
    return { page, asked, close: () => context.close() };
  }

  /** Nothing ended playback, and each byte came through the proxy. */
  async function expectProxied({ page, asked }: Player, folder: string): Promise<void> {
    expect((await watched(page)).fatal).toEqual([]);
    const origins = new Set(asked.map((url) => new URL(url).origin));
    expect(origins).toEqual(new Set([new URL(host.url).origin, sluice.url]));
    const seen = upstream.requests.filter(({ path }) => path.startsWith(folder));
    expect(seen.length).toBeGreaterThan(3);
    for (const { headers } of seen) {
      expect(headers['user-agent']).toMatch(/^Sluice\//);
      for (const name of ['origin', 'referer', 'cookie', 'sec-fetch-mode', 'sec-ch-ua'])
        expect(headers[name], name).toBeUndefined();
    }
    expect(sluice.log()).not.toMatch(/unexpected|broken/);
  }

  it.concurrent('two variants of transport streams play, seek and change', { timeout: 60_000 }, async () => {
    const player = await open('/ts/master.m3u8');
    await expectPlaying(player.page, 0);
    expect(await watched(player.page)).toMatchObject({ levels: 2, width: 320, sequence: null });
    await seekAbout(player.page, streams.vodSeconds);
    await player.page.evaluate(() => window.proxied.show(1));
    await until(player.page, 'the larger pictures', ({ width }) => width === 640);
    await seekAbout(player.page, streams.vodSeconds);
    await expectProxied(player, '/ts/');
    await player.close();
  });

  it.concurrent('encrypted fMP4 plays and seeks, and its key comes once', { timeout: 60_000 }, async () => {
    const player = await open('/fmp4/index.m3u8');
    await expectPlaying(player.page, 0);
    expect(await watched(player.page)).toMatchObject({ width: 320, sequence: null });
    await seekAbout(player.page, streams.vodSeconds);
    await expectProxied(player, '/fmp4/');
    expect(player.asked.filter((url) => /\/key\.\w+$/.test(url))).toHaveLength(1);
    expect(upstream.requests.filter(({ path }) => path === '/fmp4/secret.bin')).toHaveLength(1);
    await player.close();
  });

  it.concurrent('a live playlist that grows plays on', { timeout: 60_000 }, async () => {
    const player = await open('/live/index.m3u8');
    await until(player.page, 'live pictures', ({ frames }) => frames > 0);
    const first = await watched(player.page);
    await until(player.page, 'more of it', ({ time }) => time >= first.time + LIVE_SECONDS, 2 * LIVE_SECONDS);
    const last = await watched(player.page);
    expect(last.frames - first.frames).toBeGreaterThan(LIVE_SECONDS * 15);
    expect(first.sequence).not.toBeNull();
    expect(Number(last.sequence) - Number(first.sequence)).toBeGreaterThanOrEqual(5);
    await expectProxied(player, '/live/');
    const reloads = upstream.requests.filter(({ path }) => path === '/live/index.m3u8');
    expect(reloads.filter(({ headers }) => headers['if-none-match'] !== undefined)).not.toEqual([]);
    await player.close();
  });
});

interface Player {
  readonly page: Page;
  /** What the browser asked for. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

const watched = (page: Page): Promise<Watched> => page.evaluate(() => window.proxied.watched);

/** Waits until it holds; says what there was when it never does. */
async function until(
  page: Page,
  what: string,
  holds: (watched: Watched) => boolean,
  seconds = PATIENCE / 1000,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  await page.waitForFunction(() => 'proxied' in window, undefined, { timeout: PATIENCE });
  for (;;) {
    const now = await watched(page);
    if (holds(now)) return;
    if (now.fatal.length > 0 || performance.now() > deadline)
      throw new Error(`No ${what}: ${JSON.stringify(now)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Time and pictures go on from there. */
async function expectPlaying(page: Page, from: number): Promise<void> {
  const arrived = ({ time, isSeeking }: Watched) => !isSeeking && time > from && time < from + 3;
  await until(page, `playing at ${from} s`, arrived);
  const { frames } = await watched(page);
  await until(page, `pictures from ${from} s`, (now) => now.frames > frames + 5 && now.time > from + 0.5);
}

async function seekAbout(page: Page, duration: number): Promise<void> {
  for (const time of [duration - 5, 1, duration / 2]) {
    await page.evaluate((to) => window.proxied.seek(to), time);
    await expectPlaying(page, time);
  }
}
