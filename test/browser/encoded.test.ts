import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { someOf } from '../helpers/rows.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { makeNumberedFilm, teachNumbers } from './numbered-film.ts';
import { firstFrameSeconds, readDecoded, readEvents, seek, waitForPlaying } from './playing.ts';

const SECONDS = 16;
const RATE = 12;
/** The first film waits for encoders to be tried, three seconds are promised of the others; a busy machine takes longer. */
const FIRST_FRAME_SECONDS = 8;
/** Into parts that nobody asked for yet, and back to one that was played. */
const SEEKS = [12, 1];

const FILMS = [
  {
    name: 'HEVC in Matroska',
    file: 'hevc.mkv',
    codec: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=24:log-level=error'],
    source: 'HEVC',
  },
  {
    name: 'MPEG-2 in a transport stream',
    file: 'mpeg2.ts',
    codec: ['-c:v', 'mpeg2video', '-b:v', '2M', '-bf', '2', '-f', 'mpegts'],
    source: 'MPEG-2',
  },
  {
    name: 'VP8 in Matroska',
    file: 'vp8.mkv',
    codec: ['-c:v', 'libvpx', '-deadline', 'realtime'],
    source: 'VP8',
  },
  {
    name: 'MPEG-4 ASP in AVI',
    file: 'asp.avi',
    codec: ['-c:v', 'mpeg4', '-bf', '2', '-b:v', '2M'],
    // As FFmpeg calls it, which reads AVI.
    source: 'mpeg4',
  },
] as const;

const title = hasChromium() ? 'encoded video in Chromium' : `encoded video in Chromium (${SKIPPED})`;

describe.skipIf(!hasChromium())(title, { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-encoded-'));
  const args = ['--root', `films=${folder}`];
  let browser: Browser;
  let sluice: RunningSluice;

  beforeAll(async () => {
    for (const { file, codec } of FILMS)
      makeNumberedFilm(join(folder, file), { seconds: SECONDS, rate: RATE, codec });
    sluice = await startSluice({ args, env: { SLUICE_LADDER: '120:200' } });
    browser = await launchChromium();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const hevc = ({ url } = sluice) => `${url}/?d=root:films/hevc.mkv`;

  async function withPage(address: string, check: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser.newPage();
    try {
      await teachNumbers(page);
      await page.goto(address);
      await check(page);
    } finally {
      await page.close();
    }
  }

  it.each(someOf(FILMS, 2))('$name: at once, after seeks, and the right pictures', ({ name, file, source }) =>
    withPage(`${sluice.url}/?d=root:films/${file}`, async (page) => {
      const first = await firstFrameSeconds(page);
      console.log(`${name}: first picture after ${first.toFixed(2)} s`);
      expect(first).toBeLessThan(FIRST_FRAME_SECONDS);
      await waitForPlaying(page, 0);
      for (const time of SEEKS) {
        const before = await readDecoded(page);
        await seek(page, time);
        await waitForPlaying(page, time);
        const { number, at } = await pictureAt(page);
        // The one that is on the screen may be the one before the clock's.
        expect(Math.abs(number - at * RATE), `picture ${number} at ${at}`).toBeLessThan(2.5);
        const after = await readDecoded(page);
        expect(after.frames).toBeGreaterThan(before.frames);
        expect(after.audioBytes).toBeGreaterThan(before.audioBytes);
      }
      await expect
        .poll(() => page.locator('#shown').textContent())
        .toMatch(/^Playing H\.264, 320×184, made here from (.+) by \S+$/);
      expect(await page.locator('#shown').textContent()).toContain(` ${source} `);
      expect(await failuresOf(page)).toEqual([]);
    }));

  const probe = async ({ url }: RunningSluice) => {
    const { renditions, encoding } = await (await fetch(`${url}/probe?d=root:films/hevc.mkv`)).json();
    return { encoders: renditions.map(({ encoder }: { encoder?: string | null }) => encoder), encoding };
  };

  it('tells in /probe what encodes it', async () => {
    const encoding = {
      needed: true,
      why: 'not every player takes HEVC like this',
      offered: true,
      encoders: 'here',
    };
    const encoder = expect.stringMatching(/^\w+$/);
    expect(await probe(sluice)).toEqual({ encoders: [null, encoder, encoder, undefined], encoding });
  });

  it('offers smaller pictures in a menu that keys reach', () =>
    withPage(hevc(), async (page) => {
      await waitForPlaying(page, 0);
      const menu = page.getByLabel('Quality');
      await expect
        .poll(() => menu.locator('option').allTextContents())
        .toEqual(['Automatic', '184p, H.264', '120p, H.264']);
      for (const _ of ['184p', '120p']) await menu.press('ArrowDown');
      await page.waitForFunction(() => window.sluicePlayer.video.videoHeight === 120);
      const { number, at } = await pictureAt(page);
      expect(Math.abs(number - at * RATE), `picture ${number} at ${at}`).toBeLessThan(2.5);
      await expect.poll(() => page.locator('#shown').textContent()).toContain('208×120');
      expect(await failuresOf(page)).toEqual([]);
    }));

  it('tries again where a transfer breaks off, and where all encoders are busy', () =>
    withPage('about:blank', async (page) => {
      const busy = {
        status: 503,
        headers: { 'retry-after': '1' },
        json: { error: { code: 'busy', message: '' } },
      };
      const faults = [
        (route: Route) => route.abort('connectionreset'),
        (route: Route) => route.fulfill(busy),
      ];
      await page.route(/h264.*\/1\.m4s$/, (route) =>
        (faults.shift() ?? ((sound) => sound.continue()))(route),
      );
      await page.goto(hevc());
      await waitForPlaying(page, 0);
      await waitForPlaying(page, 2.5);
      expect(faults).toEqual([]);
      expect((await readEvents(page)).filter(({ isFatal }) => isFatal)).toEqual([]);
    }));

  it('takes what is encoded where the copy turns out not to be decodable', async () => {
    const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '24'];
    makeNumberedFilm(join(folder, 'h264.mkv'), { seconds: 10, rate: RATE, codec });
    await withPage('about:blank', async (page) => {
      await page.route(/\/v0\/\d+\.m4s$/, async (route) => {
        await route.fulfill({ body: spoilSlices(await (await route.fetch()).body()) });
      });
      await page.goto(`${sluice.url}/?d=root:films/h264.mkv&video=copy,h264`);
      await waitForPlaying(page, 3);
      const types = (await readEvents(page)).map(({ type }) => type);
      expect(types.filter((type) => type === 'without-recovery-points' || type === 'left-copy')).toEqual([
        'without-recovery-points',
        'left-copy',
      ]);
      await expect.poll(() => page.locator('#shown').textContent()).toContain('made here from H.264');
      expect(await page.getByRole('alert').isVisible()).toBe(false);
    });
  });

  describe('without FFmpeg', () => {
    let bare: RunningSluice;
    beforeAll(async () => {
      bare = await startSluice({ args, env: { SLUICE_FFMPEG: 'off' } });
    });
    afterAll(() => bare?.close());

    it('says what is missing where nothing can be played', () =>
      withPage(hevc(bare), async (page) => {
        const box = page.getByRole('alert');
        await box.waitFor();
        expect(await box.textContent()).toMatch(
          /cannot decode the video hvc1\S+ \(HEVC\).*has FFmpeg makes H\.264/s,
        );
        expect(await page.locator('#failure-code').textContent()).toBe('browser-codec');
        await expect
          .poll(() => page.locator('#tracks').textContent())
          .toContain('takes FFmpeg, which is not here');
      }));

    it('tells so in /probe', async () => {
      const encoding = { needed: true, offered: false, encoders: 'absent' };
      expect(await probe(bare)).toMatchObject({ encoders: [null, undefined], encoding });
    });

    it('plays the sound, and says why there is no picture', () =>
      withPage(`${bare.url}/?d=root:films/mpeg2.ts`, async (page) => {
        await waitForPlaying(page, 0);
        expect(await page.locator('#silent').textContent()).toMatch(/There is no picture.*takes FFmpeg/s);
        expect(await page.locator('#shown').isVisible()).toBe(false);
      }));
  });
});

/** H.264 whose NAL units are as long as before, and make no sense: what decoders fail at and parsers do not. */
function spoilSlices(segment: Buffer): Buffer {
  for (let at = 0, size = 0; at < segment.length; at += size) {
    size = segment.readUInt32BE(at);
    if (segment.toString('latin1', at + 4, at + 8) !== 'mdat') continue;
    for (let unit = at + 8, length = 0; unit < at + size; unit += 4 + length) {
      length = segment.readUInt32BE(unit);
      segment.fill(0x55, unit + 5, unit + 4 + length);
    }
  }
  return segment;
}

/** What is shown, and the time that it has in the film. */
const pictureAt = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<{ readonly number: number; readonly at: number }>((resolve) => {
        window.sluicePlayer.video.requestVideoFrameCallback((_, { mediaTime }) =>
          resolve({ number: window.pictureNumber(), at: mediaTime }),
        );
      }),
  );

const failuresOf = async (page: Page) =>
  (await readEvents(page))
    .filter(({ type, isFatal }) => isFatal || /error|failure|failed/.test(type))
    .map(({ type, detail }) => `${type} ${detail}`);
