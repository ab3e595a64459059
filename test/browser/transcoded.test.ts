import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { someOf } from '../helpers/rows.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { firstFrameSeconds, playToTheEnd, readEvents, seekAbout, waitForPlaying } from './playing.ts';

const SECONDS = 40;
/** Of a tone at half of full scale in one of six channels, mixed down: about -20 dB. */
const AUDIBLE = 0.02;
/** A first frame waits for a first segment of sound. */
const FIRST_FRAME_SECONDS = 4;

/** Tones in all channels, in a codec that Chromium does not decode. */
function makeFilm(path: string, codec: readonly string[]): void {
  const sound = [440, 550, 660, 50, 770, 880].map((hertz) => `0.5*sin(2*PI*${hertz}*t)`).join('|');
  const video = ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=24:duration=${SECONDS}`];
  const audio = ['-f', 'lavfi', '-i', `aevalsrc=${sound}:c=5.1:s=48000:d=${SECONDS}`];
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '48', ...codec];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...video, ...audio, ...encode, path]);
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

declare global {
  interface Window {
    tapped?: { context: AudioContext; analyser: AnalyserNode; source: MediaElementAudioSourceNode };
  }
}

const FILMS = [
  { name: 'AC-3 5.1 in MPEG-TS', codec: ['-c:a', 'ac3', '-b:a', '448k', '-f', 'mpegts'] },
  { name: 'E-AC-3 5.1', codec: ['-c:a', 'eac3', '-b:a', '448k'] },
] as const;

const isForced = process.env.SLUICE_NO_SKIP === '1';
const title = hasChromium() ? 'transcoded sound in Chromium' : `transcoded sound in Chromium (${SKIPPED})`;

describe.skipIf(!hasChromium() && !isForced)(title, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sound-'));
  let browser: Browser;
  let sluice: RunningSluice;

  beforeAll(async () => {
    sluice = await startSluice();
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.for(someOf<(typeof FILMS)[number]>(FILMS, 2))('H.264 and $name: sound, twenty seeks, the end', {
    timeout: 120_000,
  }, async ({ name, codec }) => {
    const path = join(folder, 'film.mkv');
    makeFilm(path, codec);
    const upstream: Upstream = await startUpstream(
      file(readFileSync(path), { headers: { etag: `"${name}"` } }),
    );
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`${sluice.url}/?d=${encodeURIComponent(`${upstream.url}/film.mkv`)}`);
    expect(await firstFrameSeconds(page)).toBeLessThan(FIRST_FRAME_SECONDS);
    await waitForPlaying(page, 0);
    expect(await loudness(page)).toBeGreaterThan(AUDIBLE);
    await seekAbout(page, SECONDS);
    expect(await loudness(page)).toBeGreaterThan(AUDIBLE);
    await playToTheEnd(page, SECONDS);
    const errors = (await readEvents(page)).filter(({ type }) => /error|failure|failed/.test(type));
    expect(errors.map(({ type, detail }) => `${type} ${detail}`)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
    await upstream.close();
  });
});
