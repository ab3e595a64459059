import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';

const title = hasChromium() ? 'receivers in Chromium' : `receivers in Chromium (${SKIPPED})`;
const require = createRequire(import.meta.url);
const DEMO = 'root:demo/demo.mkv';
const PLACE = 'http://media.test/';

/** What Google's script makes, and what it was asked for, in `window.sent`. */
const FAKE_SENDER = `
  const listeners = {};
  const sent = (window.sent = []);
  const named = (name) => class { constructor(...given) { Object.assign(this, { is: name, given }); } };
  let session = null;
  const context = {
    setOptions: (options) => sent.push({ options }),
    getCastState: () => window.castState ?? 'NOT_CONNECTED',
    getCurrentSession: () => session,
    requestSession: async () => { session = { loadMedia: async (request) => void sent.push({ request }) }; },
    endCurrentSession: (stops) => { sent.push({ stops }); session = null; listeners.session({ sessionState: 'SESSION_ENDED' }); },
    addEventListener: (type, listener) => { listeners[type] = listener; },
  };
  window.castListeners = listeners;
  window.cast = { framework: {
    CastContext: { getInstance: () => context },
    CastContextEventType: { CAST_STATE_CHANGED: 'state', SESSION_STATE_CHANGED: 'session' },
    RemotePlayer: class { savedPlayerState = { currentTime: 3 }; },
    RemotePlayerController: class {},
  } };
  window.chrome = { cast: {
    AutoJoinPolicy: { ORIGIN_SCOPED: 'origin_scoped' },
    media: {
      DEFAULT_MEDIA_RECEIVER_APP_ID: 'CC1AD845',
      StreamType: { BUFFERED: 'BUFFERED' },
      HlsSegmentFormat: { FMP4: 'fmp4' },
      HlsVideoSegmentFormat: { FMP4: 'fmp4' },
      MediaInfo: named('MediaInfo'),
      GenericMediaMetadata: named('GenericMediaMetadata'),
      LoadRequest: named('LoadRequest'),
    },
  } };
  window.__onGCastApiAvailable(true);
`;

/** What Safari has beside the standard, and a MediaSource that is attached as a managed one is. */
const FAKE_WEBKIT = `
  window.ManagedMediaSource = window.MediaSource;
  window.picked = 0;
  HTMLVideoElement.prototype.webkitShowPlaybackTargetPicker = () => { window.picked++; };
  Object.defineProperty(HTMLVideoElement.prototype, 'webkitCurrentPlaybackTargetIsWireless', { get: () => window.isWireless ?? false });
`;

/** Devices for the Remote Playback API. */
const FAKE_REMOTE = `
  window.prompted = [];
  RemotePlayback.prototype.watchAvailability = async function (tell) { window.tellAvailable = tell; return 1; };
  let lead;
  const src = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'src');
  Object.defineProperty(HTMLMediaElement.prototype, 'src', { ...src, set(url) { lead = this; src.set.call(this, url); } });
  RemotePlayback.prototype.prompt = async function () {
    window.prompted.push(lead.src);
    this.dispatchEvent(new Event('connect'));
    window.end = () => { Object.defineProperty(lead, 'currentTime', { value: 7 }); this.dispatchEvent(new Event('disconnect')); };
  };
`;

describe.skipIf(!hasChromium())(title, { timeout: 60_000 }, () => {
  let browser: Browser;
  /** Told where others reach it; one that loads Google's script. */
  let sluice: RunningSluice;
  let casting: RunningSluice;
  /** Known as 127.0.0.1 alone. */
  let alone: RunningSluice;

  beforeAll(async () => {
    [sluice, casting, alone] = await Promise.all([
      startSluice({ args: ['--public-url', PLACE] }),
      startSluice({ args: ['--public-url', PLACE], env: { SLUICE_CAST: '1' } }),
      startSluice({ env: { SLUICE_CAST: '1' } }),
    ]);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([sluice, casting, alone].map((running) => running?.close()));
  });

  async function withPage(
    path: string,
    fake: string,
    check: (page: Page, context: BrowserContext) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await context.route('https://www.gstatic.com/**', (route) =>
        route.fulfill({ contentType: 'text/javascript', body: FAKE_SENDER }),
      );
      await page.addInitScript(fake);
      await page.goto(path);
      await isPlaying(page);
      await check(page, context);
    } finally {
      await context.close();
    }
  }

  const isPlaying = (page: Page) =>
    page.waitForFunction(
      () => window.sluicePlayer.video.currentTime > 0.2 && !window.sluicePlayer.video.paused,
    );
  const film = ({ url }: RunningSluice, more = '') => `${url}/?d=${encodeURIComponent(DEMO)}${more}`;
  const shown = (page: Page) =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLButtonElement>('.bar button')]
        .filter(({ hidden }) => !hidden)
        .map(({ textContent }) => textContent),
    );
  const ADDRESS = /^http:\/\/media\.test\/hls\/[\w-]{40,}\/master\.m3u8$/;
  /** What an address that was given out stands for, by what plays from it. */
  const renditionsAt = async (running: RunningSluice, url: string) =>
    [
      ...(await (await fetch(url.replace('http://media.test', running.url))).text()).matchAll(
        /\/([va]\d[\w-]*)\/index/g,
      ),
    ].map(([, name]) => name);

  it('has no button where there is no device, and loads nothing from elsewhere', () =>
    withPage(film(sluice), '', async (page) => {
      expect(await shown(page)).toEqual([]);
      const urls = await page.evaluate(() =>
        performance.getEntriesByType('resource').map(({ name }) => name),
      );
      expect(urls.filter((url) => !/^(http:\/\/127\.0\.0\.1|blob:)/.test(url))).toEqual([]);
      const { headers } = await fetch(sluice.url);
      expect(headers.get('content-security-policy')).not.toContain('gstatic');
    }));

  it('casts by a script of Google where it was told to: the whole request', () =>
    withPage(film(casting), '', async (page) => {
      const button = page.getByRole('button', { name: 'Cast' });
      await button.click();
      await page.waitForFunction(() => (window as unknown as { sent: unknown[] }).sent.length > 1);
      const [options, load] = await page.evaluate(() =>
        JSON.parse(JSON.stringify((window as never as { sent: unknown[] }).sent)),
      );
      expect(options).toEqual({
        options: { receiverApplicationId: 'CC1AD845', autoJoinPolicy: 'origin_scoped' },
      });
      const { request } = load;
      expect(load).toEqual({
        request: {
          is: 'LoadRequest',
          given: [
            {
              is: 'MediaInfo',
              given: [expect.stringMatching(ADDRESS), 'application/vnd.apple.mpegurl'],
              streamType: 'BUFFERED',
              hlsSegmentFormat: 'fmp4',
              hlsVideoSegmentFormat: 'fmp4',
              metadata: { is: 'GenericMediaMetadata', given: [], title: expect.any(String) },
            },
          ],
          currentTime: expect.closeTo(0.5, 0),
          autoplay: true,
        },
      });
      expect(await renditionsAt(casting, request.given[0].given[0])).toContain('v0');
      expect(await page.evaluate(() => window.sluicePlayer.video.paused)).toBe(true);
      await expect.poll(() => page.locator('#status').textContent()).toBe('Playing on another device.');
      if (process.env.SLUICE_SCREENSHOT) await page.screenshot({ path: process.env.SLUICE_SCREENSHOT });
      await button.click();
      await page.waitForFunction(() => window.sluicePlayer.video.currentTime === 3);
      const [, , stopped] = await page.evaluate(() =>
        JSON.parse(JSON.stringify((window as never as { sent: unknown[] }).sent)),
      );
      expect(stopped).toEqual({ stops: true });
      await expect.poll(() => page.locator('#status').textContent()).toBe('Back on this device.');
    }));

  it('shows the button as long as there is a device', () =>
    withPage(film(casting), "window.castState = 'NO_DEVICES_AVAILABLE';", async (page) => {
      expect(await shown(page)).toEqual([]);
      await page.evaluate(() => {
        const host = window as unknown as {
          castState: string;
          castListeners: { state: (event: object) => void };
        };
        host.castState = 'NOT_CONNECTED';
        host.castListeners.state({});
      });
      expect(await shown(page)).toEqual(['Cast']);
    }));

  it('says which address to open where no device can reach the page’s', () =>
    withPage(film(alone), '', async (page) => {
      await page.getByRole('button', { name: 'Cast' }).click();
      await expect.poll(() => page.locator('#status').textContent()).toContain('--public-url');
      expect(await page.evaluate(() => (window as unknown as { sent: unknown[] }).sent.length)).toBe(1);
      expect(await page.evaluate(() => window.sluicePlayer.video.paused)).toBe(false);
    }));

  it('gives AirPlay a source beside the managed one, and a button while there is a device', () =>
    withPage(film(sluice), FAKE_WEBKIT, async (page) => {
      const tell = (availability: string) =>
        page.evaluate(
          (value) =>
            window.sluicePlayer.video.dispatchEvent(
              Object.assign(new Event('webkitplaybacktargetavailabilitychanged'), { availability: value }),
            ),
          availability,
        );
      expect(await shown(page)).toEqual([]);
      expect(await page.locator('video source').count()).toBe(1);
      await tell('available');
      await expect.poll(() => page.locator('video source').count()).toBe(2);
      const sources = await page.evaluate(() =>
        [...document.querySelectorAll('source')].map(({ type, src }) => [type, src]),
      );
      expect(sources).toEqual([
        [expect.any(String), expect.stringMatching(/^blob:/)],
        ['application/x-mpegURL', expect.stringMatching(ADDRESS)],
      ]);
      expect(await page.evaluate(() => window.sluicePlayer.video.disableRemotePlayback)).toBe(false);
      await page.getByRole('button', { name: 'AirPlay' }).click();
      expect(await page.evaluate(() => (window as unknown as { picked: number }).picked)).toBe(1);
      await tell('not-available');
      expect(await shown(page)).toEqual([]);
      await isPlaying(page);
    }));

  it('hands an address to the Remote Playback API, and comes back to where the device was', () =>
    withPage(film(sluice), FAKE_REMOTE, async (page) => {
      expect(await shown(page)).toEqual([]);
      await page.evaluate(() =>
        (window as unknown as { tellAvailable(is: boolean): void }).tellAvailable(true),
      );
      await page.getByRole('button', { name: 'Play on another device' }).click();
      await page.waitForFunction(() => window.sluicePlayer.video.paused);
      const prompted = await page.evaluate(() => (window as unknown as { prompted: string[] }).prompted);
      expect(prompted).toEqual([expect.stringMatching(ADDRESS)]);
      expect(await renditionsAt(sluice, prompted[0] ?? '')).toContain('v0');
      await page.evaluate(() => (window as unknown as { end(): void }).end());
      await page.waitForFunction(() => window.sluicePlayer.video.currentTime === 7);
    }));

  it('says of AirPlay that devices cannot reach the page when it is asked for, not before', () =>
    withPage(film(alone), FAKE_WEBKIT, async (page) => {
      const asked = page.waitForResponse(/\/receiver\?/);
      await page.evaluate(() =>
        window.sluicePlayer.video.dispatchEvent(
          Object.assign(new Event('webkitplaybacktargetavailabilitychanged'), { availability: 'available' }),
        ),
      );
      await (await asked).finished();
      await page.evaluate(() => new Promise(requestAnimationFrame));
      const status = page.locator('#status');
      expect(await status.textContent()).not.toContain('--public-url');
      await page.getByRole('button', { name: 'AirPlay' }).click();
      await expect.poll(() => status.textContent()).toContain('--public-url');
      expect(await page.locator('video source').count()).toBe(1);
    }));

  it('tries again to give AirPlay a source where the server could not be asked', () =>
    withPage(film(sluice), FAKE_WEBKIT, async (page) => {
      const tell = () =>
        page.evaluate(() =>
          window.sluicePlayer.video.dispatchEvent(
            Object.assign(new Event('webkitplaybacktargetavailabilitychanged'), {
              availability: 'available',
            }),
          ),
        );
      await page.route(/\/receiver\?/, (route) => route.abort());
      await tell();
      await page.waitForFunction(() =>
        window.sluicePlayer.events.some(({ type }) => type === 'receiver-failed'),
      );
      await page.unroute(/\/receiver\?/);
      await tell();
      await expect.poll(() => page.locator('video source').count()).toBe(2);
    }));

  it.each([
    ['NotSupportedError', ['Play on another device']],
    ['InvalidStateError', []],
  ])('where devices cannot be watched for (%s) shows %j', (name, buttons) =>
    withPage(
      film(sluice),
      `RemotePlayback.prototype.watchAvailability = () => Promise.reject(new DOMException('', '${name}'));`,
      async (page) => {
        await page.waitForFunction(() =>
          window.sluicePlayer.events.some(({ type }) => type === 'no-watching'),
        );
        expect(await shown(page)).toEqual(buttons);
      },
    ));

  describe('a page at the origin of Google’s receiver', () => {
    /** As the default media receiver: another origin, without key, cookie or password. */
    async function receiver(script: string, play: (page: Page, url: string) => Promise<void>): Promise<void> {
      const context = await browser.newContext();
      try {
        const answer = await fetch(`${alone.url}/receiver?d=${encodeURIComponent(DEMO)}&recovery=hidden`);
        const { path } = (await answer.json()) as { path: string };
        // Browsers ask their viewers before a public page reaches into a private network.
        await context.grantPermissions(['local-network-access']);
        await context.route('https://www.gstatic.com/**', (route) =>
          route.fulfill({ contentType: 'text/html', body: '<!doctype html><video muted></video>' }),
        );
        const page = await context.newPage();
        await page.goto('https://www.gstatic.com/cast/player.html');
        await page.addScriptTag({ path: require.resolve(script) });
        await play(page, `${alone.url}/${path}`);
        await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 1);
        expect(await page.evaluate(() => location.origin)).toBe('https://www.gstatic.com');
      } finally {
        await context.close();
      }
    }

    it('plays what the button sends with Shaka Player, which Cast receivers have', () =>
      receiver('shaka-player/dist/shaka-player.compiled.js', (page, url) =>
        page.evaluate(async (address) => {
          const { shaka } = window as never as {
            shaka: {
              Player: new () => { attach(video: unknown): Promise<void>; load(url: string): Promise<void> };
            };
          };
          const shown = new shaka.Player();
          const video = document.querySelector('video');
          await shown.attach(video);
          await shown.load(address);
          await video?.play();
        }, url),
      ));

    it('plays it with hls.js', () =>
      receiver('hls.js/dist/hls.min.js', (page, url) =>
        page.evaluate((address) => {
          type Player = { loadSource(url: string): void; attachMedia(video: unknown): void };
          const { Hls } = window as never as { Hls: new () => Player };
          const hls = new Hls();
          hls.loadSource(address);
          const video = document.querySelector('video');
          hls.attachMedia(video);
          video?.addEventListener('canplay', () => void video.play());
        }, url),
      ));
  });
});
