import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { startUpstream, type Upstream } from '../helpers/upstream.ts';
import { teachNumbers } from './numbered-film.ts';
import { makeStremioFilms, RATE, SECONDS, type StremioFilms, textAt } from './stremio-films.ts';
import { type StremioHost, type StremioState, startStremioHost } from './stremio-player.ts';

/** Milliseconds until something plays, on a busy machine. */
const PATIENCE = 30_000;
/** Seconds to jump to, forth and back: not on cuts. */
const SEEKS = [33.3, 3.1, 17.7, 38.2, 0.4, 25.9, 11.5, 36.6, 7.8, 21.2];

const title = hasChromium() ? "Stremio's player in Chromium" : `Stremio's player (${SKIPPED})`;

describe.skipIf(!hasChromium())(title, () => {
  let browser: Browser;
  let sluice: RunningSluice;
  let upstream: Upstream;
  let films: StremioFilms;
  let host: StremioHost;

  beforeAll(async () => {
    films = makeStremioFilms();
    upstream = await startUpstream(films.handler);
    sluice = await startSluice({ args: ['--root', `films=${films.folder}`] });
    host = await startStremioHost();
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
    await upstream?.close();
    await host?.close();
    films?.remove();
  });

  /** Loads a film as stremio-web does. */
  async function open(film: string): Promise<Player> {
    const context = await browser.newContext();
    const page = await context.newPage();
    await teachNumbers(page);
    const talk: string[] = [];
    page.on('response', (response) => {
      if (response.url().startsWith(sluice.url)) talk.push(lineOf(response));
    });
    await page.goto(host.url);
    await page.evaluate(
      ([url, server]) =>
        window.stremio.dispatch({
          type: 'command',
          commandName: 'load',
          commandArgs: {
            stream: { url },
            streamingServerURL: server,
            autoplay: true,
            time: 0,
            maxAudioChannels: 2,
          },
        }),
      [film, `${sluice.url}/`] as const,
    );
    return { page, talk, close: () => context.close() };
  }

  it('H.264 with E-AC-3 5.1: ten seeks, each to its picture', { timeout: 120_000 }, async () => {
    const { page, talk, close } = await open(`${upstream.url}/surround.mkv`);
    await expectPlaying(page, 0);
    await seekAll(page);
    expect(conversation(talk)).toEqual(
      [
        'GET /hlsv2/probe 200 application/json',
        'HEAD /hlsv2/<id>/master.m3u8 200 application/vnd.apple.mpegurl',
        'GET /hlsv2/<id>/master.m3u8 200 application/vnd.apple.mpegurl',
        'GET /opensubHash 200 application/json',
        'GET v0/index.m3u8 200 application/vnd.apple.mpegurl',
        'GET a1-aac/index.m3u8 200 application/vnd.apple.mpegurl',
        'GET v0/init.mp4 200 video/mp4',
        'GET a1-aac/init.mp4 200 audio/mp4',
        'GET v0/<n>.m4s 200 video/mp4',
        'GET a1-aac/<n>.m4s 200 audio/mp4',
      ].sort(),
    );
    const { props } = await state(page);
    expect(props).toMatchObject({ duration: expect.closeTo(SECONDS * 1000, -2), loaded: true });
    expect(props.videoParams).toMatchObject({
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      filename: 'surround.mkv',
      fpsMilli: RATE * 1000,
    });
    await close();
  });

  it('HEVC, which this browser does not play, becomes H.264: ten seeks', { timeout: 240_000 }, async () => {
    const { page, talk, close } = await open(`${upstream.url}/hevc.mkv`);
    await expectPlaying(page, 0);
    await seekAll(page);
    expect(talk.filter((line) => / v0\//.test(line))).toEqual([]);
    expect(conversation(talk)).toContain('GET v0-h264-<form>/<n>.m4s 200 video/mp4');
    await close();
  });

  it('another language is heard, and goes on behind a seek', { timeout: 120_000 }, async () => {
    const { page, talk, close } = await open(`${upstream.url}/languages.mkv`);
    await expectPlaying(page, 0);
    const { props } = await state(page);
    expect(props.audioTracks).toMatchObject([{ lang: 'en' }, { lang: 'de' }]);
    expect(talk.filter((line) => / a2/.test(line))).toEqual([]);
    await set(page, 'selectedAudioTrackId', 'EMBEDDED_1');
    await until(page, 'another language', (now) => now.props.selectedAudioTrackId === 'EMBEDDED_1');
    await seekAll(page);
    expect(conversation(talk)).toContain('GET a2-aac/<n>.m4s 200 audio/mp4');
    await close();
  });

  it('subtitles of the film, and others of an address, are shown at their times', {
    timeout: 120_000,
  }, async () => {
    const { page, talk, close } = await open(`${upstream.url}/languages.mkv`);
    await expectPlaying(page, 0);
    const { props } = await state(page);
    expect(props.subtitlesTracks).toMatchObject([{ lang: 'en' }, { lang: 'de' }]);
    await set(page, 'selectedSubtitlesTrackId', 'EMBEDDED_1');
    for (const time of SEEKS) {
      await set(page, 'time', time * 1000);
      await until(page, `a text at ${time} s`, ({ cues }) =>
        cues.some((cue) => cue.includes(textAt('ger', time))),
      );
    }
    expect(conversation(talk)).toContain('GET s4/<n>.vtt 200 text/vtt');
    await set(page, 'selectedSubtitlesTrackId', null);
    const loose = {
      id: 'loose',
      url: `${upstream.url}/loose.srt`,
      lang: 'eng',
      label: 'English',
      origin: 'test',
    };
    await page.evaluate(
      (track) =>
        window.stremio.dispatch({
          type: 'command',
          commandName: 'addExtraSubtitlesTracks',
          commandArgs: { tracks: [track] },
        }),
      loose,
    );
    await set(page, 'selectedExtraSubtitlesTrackId', 'loose');
    await set(page, 'time', 30_500);
    await until(page, 'a text of an address', ({ drawn }) => drawn.includes(textAt('loose', 30.5)));
    expect(conversation(talk)).toContain('GET /subtitles.vtt 200 text/vtt');
    await close();
  });

  it("what the addon lists plays, though its addresses are the server's own", {
    timeout: 120_000,
  }, async () => {
    const json = async (url: string) => (await fetch(url)).json() as Promise<unknown>;
    const manifest = /http:\S+manifest\.json/.exec(sluice.output())?.[0] ?? '';
    const base = manifest.replace(/\/manifest\.json$/, '');
    const { catalogs } = (await json(manifest)) as { catalogs: { type: string; id: string }[] };
    const movies = catalogs.find(({ type }) => type === 'movie')?.id;
    const { metas } = (await json(`${base}/catalog/movie/${movies}.json`)) as {
      metas: { id: string; name: string }[];
    };
    const id = metas.find(({ name }) => name === 'surround')?.id;
    const { streams } = (await json(`${base}/stream/movie/${id}.json`)) as { streams: { url: string }[] };
    expect(streams.map(({ url }) => new URL(url).origin)).toEqual([sluice.url, sluice.url]);
    const before = upstream.requests.length;
    for (const { url } of streams) {
      const { page, close } = await open(url);
      await expectPlaying(page, 0);
      for (const time of SEEKS.slice(0, 3)) {
        await set(page, 'time', time * 1000);
        await expectPlaying(page, time);
      }
      await close();
    }
    expect(upstream.requests.length).toBe(before);
  });
});

interface Player {
  readonly page: Page;
  /** What the page asked the server, and what it got. */
  readonly talk: readonly string[];
  close(): Promise<void>;
}

interface Answered {
  url(): string;
  status(): number;
  request(): { method(): string };
  headers(): Record<string, string>;
}

/** One request as text: what stands for anything is left out. */
function lineOf(response: Answered): string {
  const path = new URL(response.url()).pathname
    .replace(/^\/hlsv2\/[0-9a-f]+\/(?!probe)/, '/hlsv2/<id>/')
    .replace(/^\/hls\/[^/]+\/[^/]+\//, '')
    .replace(/^(v\d+-\w+)-[^/]+/, '$1-<form>')
    .replace(/\/\d+\.(m4s|vtt)$/, '/<n>.$1');
  const type = (response.headers()['content-type'] ?? '').split(';')[0];
  return `${response.request().method()} ${path} ${response.status()} ${type}`;
}

const conversation = (talk: readonly string[]): string[] => [...new Set(talk)].sort();

const state = (page: Page): Promise<StremioState> => page.evaluate(() => window.stremio.state);

/** Waits until it holds; says what there was when it never does. */
async function until(
  page: Page,
  what: string,
  holds: (state: StremioState) => boolean,
): Promise<StremioState> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const now = await state(page);
    if (holds(now)) return now;
    if (now.errors.length > 0 || performance.now() > deadline)
      throw new Error(`No ${what}: ${JSON.stringify(now)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Time, pictures and sound go on from there, and the picture is the one of that time. */
async function expectPlaying(page: Page, from: number): Promise<void> {
  const arrived = await until(
    page,
    `playing at ${from} s`,
    ({ time, isSeeking }) => !isSeeking && time > from && time < from + 3,
  );
  await until(
    page,
    `pictures and sound from ${from} s`,
    ({ frames, sound, time }) => frames > arrived.frames + 5 && sound > arrived.sound && time > from + 0.4,
  );
  const [number, time] = await page.evaluate(() => [window.pictureNumber(), window.stremio.state.time]);
  expect(Math.abs((number ?? 0) / RATE - (time ?? 0))).toBeLessThan(0.25);
}

const set = (page: Page, propName: string, propValue: unknown): Promise<void> =>
  page.evaluate(
    ([name, value]) => window.stremio.dispatch({ type: 'setProp', propName: name, propValue: value }),
    [propName, propValue] as const,
  );

async function seekAll(page: Page): Promise<void> {
  for (const time of SEEKS) {
    await set(page, 'time', time * 1000);
    await expectPlaying(page, time);
  }
}
