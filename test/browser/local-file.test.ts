import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { fixturePath } from '../helpers/fixtures.ts';
import { sparseMatroska } from '../helpers/sparse-matroska.ts';
import { firstFrameSeconds, readDecoded, readEvents, seek, waitForPlaying } from './playing.ts';
import { type StaticHost, startStaticHost } from './static-host.ts';

/** Two hours at 48 Mbit/s; with few holes, which are slow to remove. */
const FILM = { seconds: 7200, bytesPerSecond: 6_000_000, gopSeconds: 2, paddedEvery: 48 };
const FILM_BYTES = 40 * 2 ** 30;
/** For what does not depend on size. */
const LIGHT = { ...FILM, seconds: 1200, bytesPerSecond: 100_000 };
/** From the choice of the file; a seek reads 36 MB. Generous: two cores, shared. */
const FIRST_FRAME_SECONDS = 4;
const SEEK_SECONDS = 5;
/** Of a tone at half of full scale. */
const AUDIBLE = 0.02;

const title = hasChromium() ? 'the page without a server' : `the page without a server (${SKIPPED})`;

describe.skipIf(!hasChromium())(title, { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-local-'));
  const filmPath = join(folder, 'film.mkv');
  const lightPath = join(folder, 'light.mkv');
  let host: StaticHost;
  let browser: Browser;
  /** One for all: the worker is installed once. */
  let context: BrowserContext;

  beforeAll(async () => {
    expect(sparseMatroska(filmPath, FILM).size).toBeGreaterThan(FILM_BYTES);
    sparseMatroska(lightPath, LIGHT);
    host = await startStaticHost();
    browser = await launchChromium();
    context = await browser.newContext();
  });

  afterAll(async () => {
    await browser?.close();
    await host?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  async function withPage(address: string, check: (page: Page) => Promise<void>): Promise<void> {
    const page = await context.newPage();
    try {
      await page.goto(address);
      await check(page);
    } finally {
      await page.close();
    }
  }

  /** It has told the player what to open. */
  const waitForOpen = (page: Page) =>
    page.waitForFunction(() => window.sluicePlayer?.events.some(({ type }) => type === 'open'));

  async function choose(page: Page, path: string): Promise<void> {
    await page.getByLabel('Choose a film').setInputFiles(path);
    await waitForOpen(page);
  }

  const withFile = (path: string, check: (page: Page) => Promise<void>) =>
    withPage(host.url, async (page) => {
      await choose(page, path);
      await check(page);
    });

  /** As the browser does after half a minute without requests, but at once. */
  async function stopWorkers(page: Page): Promise<void> {
    const session = await context.newCDPSession(page);
    await session.send('ServiceWorker.enable');
    await session.send('ServiceWorker.stopAllWorkers');
    await session.detach();
  }

  const codeShown = async (page: Page) => {
    await page.getByRole('alert').waitFor();
    return page.locator('#failure-code').textContent();
  };

  it('is within its budget', () => {
    console.log(host.report.split('\n').find((line) => line.startsWith('*')));
    expect(host.report).toMatch(/with gzip: +1[0-4]\d\.\d kB of 150\.0 kB/);
  });

  it('plays a film of 43 GB at once, seeks to its end, and sends nothing', async () => {
    const sent: string[] = [];
    context.on('request', (request) => {
      if (request.method() !== 'GET' || request.postDataBuffer() !== null) sent.push(request.url());
    });
    await withFile(filmPath, async (page) => {
      const first = await firstFrameSeconds(page);
      await waitForPlaying(page, 0);
      expect(await page.evaluate(() => window.sluicePlayer.video.videoWidth)).toBe(320);
      let decoded = await readDecoded(page);
      const seeks: number[] = [];
      for (const time of [FILM.seconds - 10, FILM.seconds / 2, 60]) {
        const from = performance.now();
        await seek(page, time);
        await waitForPlaying(page, time);
        seeks.push((performance.now() - from) / 1000);
        const now = await readDecoded(page);
        expect(now.frames).toBeGreaterThan(decoded.frames);
        expect(now.audioBytes).toBeGreaterThan(decoded.audioBytes);
        decoded = now;
      }
      const told = seeks.map((seconds) => seconds.toFixed(2)).join(', ');
      console.log(`43 GB: first frame after ${first.toFixed(2)} s, seeks ${told} s`);
      expect(first).toBeLessThan(FIRST_FRAME_SECONDS);
      expect(Math.max(...seeks)).toBeLessThan(SEEK_SECONDS);
      expect(await failuresOf(page)).toEqual([]);
      expect(await page.locator('#chosen').textContent()).toContain('film.mkv, 43.2 GB');
      expect(page.url()).toContain(`${host.url}?d=upload`);
      expect(sent).toEqual([]);
      expect(host.requests.filter((line) => !/^GET \/some\/where\/[\w.-]* 0$/.test(line))).toEqual([]);
      expect(host.requests.filter((line) => line.includes('sound'))).toEqual([]);
    });
  });

  it('makes AAC of AC-3, DTS and MP2 in a thread of the page, whose modules come late', async () => {
    const path = join(folder, 'sounds.mkv');
    makeFilm(path, ['ac3', 'dca', 'mp2']);
    await withFile(path, async (page) => {
      await waitForPlaying(page, 0);
      for (const track of [0, 1, 2]) {
        await page.getByLabel('Audio').selectOption({ index: track });
        const time = 3 + 5 * track;
        // The one that is started next wants another port to the thread.
        if (track === 2) await stopWorkers(page);
        await seek(page, time);
        await waitForPlaying(page, time);
        expect(await loudness(page), `track ${track}`).toBeGreaterThan(AUDIBLE);
      }
      expect(await page.locator('#tracks .transcode').count()).toBe(2);
      expect(await failuresOf(page)).toEqual([]);
      for (const name of ['sound-worker.js', 'aac-encoder.wasm', 'ac3.wasm', 'dts.wasm'])
        expect(host.requests, name).toContain(`GET /some/where/${name} 0`);
    });
  });

  it('plays a film with subtitles, and says that it leaves them out', () =>
    withFile(fixturePath('subtitles'), async (page) => {
      await waitForPlaying(page, 0);
      await page.locator('#tracks .omit').first().waitFor({ state: 'attached' });
      const rows = await page.locator('#tracks tr', { has: page.locator('.omit') }).allTextContents();
      expect(rows).toHaveLength(3);
      for (const row of rows) expect(row).toContain('subtitles are not offered in this page');
      expect(await page.evaluate(() => window.sluicePlayer.video.textTracks.length)).toBe(0);
      expect(await failuresOf(page)).toEqual([]);
    }));

  it('plays on when the browser stops the worker, and when the page is reloaded', () =>
    withFile(lightPath, async (page) => {
      await waitForPlaying(page, 0);
      await stopWorkers(page);
      await seek(page, 1000);
      await waitForPlaying(page, 1000);
      await page.reload();
      await waitForOpen(page);
      await waitForPlaying(page, 0);
      expect(await page.locator('#chosen').textContent()).toContain('light.mkv');
      // The page that was reloaded has the file again, not only its worker.
      await stopWorkers(page);
      await seek(page, 500);
      await waitForPlaying(page, 500);
      expect(await failuresOf(page)).toEqual([]);
    }));

  it('plays in another tab what one tab holds, and says so when none holds it any more', () =>
    withFile(lightPath, async (page) => {
      const address = page.url();
      await stopWorkers(page);
      await withPage(address, async (other) => {
        await waitForOpen(other);
        await waitForPlaying(other, 0);
      });
      await page.goto('about:blank');
      await stopWorkers(page);
      await page.goto(address);
      expect(await codeShown(page)).toBe('not-found');
      await choose(page, lightPath);
      await waitForPlaying(page, 0);
      expect(page.url()).toBe(address);
    }));

  it.each([
    { what: 'written to', change: (path: string) => appendFileSync(path, 'more'), code: 'changed' },
    { what: 'removed', change: rmSync, code: 'not-found' },
  ])('tells that a file was $what', async ({ change, code }) => {
    const path = join(folder, 'passing.mkv');
    // Larger than what is kept of it in memory.
    sparseMatroska(path, LIGHT);
    await withFile(path, async (page) => {
      await waitForPlaying(page, 0);
      change(path);
      await seek(page, 1000);
      expect(await codeShown(page)).toBe(code);
    });
  });

  it.each([
    { name: 'notes.txt', bytes: 'no film at all', words: 'no media container' },
    { name: 'song.flac', bytes: 'fLaC', words: 'without pictures' },
  ])('says why it does not play $name', async ({ name, bytes, words }) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    await withFile(path, async (page) => {
      expect(await codeShown(page)).toBe('unsupported');
      expect(await page.getByRole('alert').textContent()).toContain(words);
    });
  });
});

/** hls.js gets over them: a busy machine, and what was on its way when the worker was stopped. */
const PASSING = ['mediaError bufferStalledError', 'networkError fragLoadError'];

const failuresOf = async (page: Page) =>
  (await readEvents(page))
    .filter(({ type, isFatal }) => isFatal || /error|failure|failed/.test(type))
    .filter(({ detail, isFatal }) => isFatal || !PASSING.includes(detail))
    .map(({ type, detail }) => `${type} ${detail}`);

/** A tone in several codecs, one track each. */
function makeFilm(path: string, codecs: readonly string[]): void {
  const video = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=24:duration=20'];
  const audio = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=20'];
  const encode = ['-map', '0', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '48'];
  const sounds = codecs.flatMap((codec, i) => ['-map', '1', `-c:a:${i}`, codec]);
  const loud = ['-ac', '2', '-af', 'volume=8', '-strict', '-2'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...video, ...audio, ...encode, ...sounds, ...loud, path]);
}

/** The loudest sample that comes out within half a second. */
const loudness = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    // An element can be tapped once: the graph stays for later questions.
    window.tapped ??= {
      context,
      analyser,
      source: context.createMediaElementSource(window.sluicePlayer.video),
    };
    const tap = window.tapped;
    tap.source.connect(tap.analyser);
    tap.analyser.connect(tap.context.destination);
    await tap.context.resume();
    const samples = new Float32Array(tap.analyser.fftSize);
    let loudest = 0;
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      tap.analyser.getFloatTimeDomainData(samples);
      loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), loudest);
    }
    return loudest;
  });
