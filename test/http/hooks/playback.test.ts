import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MediaError } from '../../../src/core/errors.ts';
import type { AppDeps, AppEnv, SendChunks } from '../../../src/http/deps.ts';
import type { AskedRequest, Hooks, PlaybackEvent } from '../../../src/http/hooks/hooks.ts';
import { tellPlayback } from '../../../src/http/hooks/playback.ts';
import { openSluice } from '../../../src/sluice.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { largeFilm } from '../large-film.ts';
import { ask, masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from '../serve-app.ts';

const bytes = fixture('two-languages');
const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url));
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream(file(bytes));
});
afterAll(() => upstream.close());

let app: ServedApp | undefined;
afterEach(() => app?.close());

let events: PlaybackEvent[] = [];
beforeEach(() => {
  events = [];
  upstream.answer(file(bytes));
});

async function serve(hooks: Hooks): Promise<ServedApp> {
  app = await serveApp({ hooks });
  return app;
}

const film = (): string => `${upstream.url}/film.mkv`;
const common = () => ({ media: film(), client: '127.0.0.1', who: null });

describe('onPlayback', () => {
  const onPlayback = (event: PlaybackEvent) => void events.push(event);

  it('is told of films and segments, with who asked', async () => {
    const served = await serve({
      authorize: ({ headers }) => ({ who: headers.get('x-user') ?? 'nobody' }),
      onPlayback,
    });
    const title = await openTitle(served, masterPath(film()), { headers: { 'x-user': 'ann' } });
    const { segments } = rendition(title, 'v0');
    const answers = [];
    for (const address of segments) answers.push(await served.ask(address));
    await expect.poll(() => events.length).toBe(1 + segments.length);
    const facts = { media: film(), client: '127.0.0.1' };
    expect(events[0]).toEqual({ ...facts, who: 'ann', type: 'opened', kind: 'master' });
    const durations = [
      ...(await served.ask(rendition(title, 'v0').playlist)).text.matchAll(/EXTINF:([\d.]+)/g),
    ].map(([, seconds]) => Number(seconds));
    expect(segments.length).toBeGreaterThan(1);
    let time = 0;
    for (const [n, answer] of answers.entries()) {
      const event = events.find((one) => one.type === 'segment' && one.n === n);
      expect(event).toEqual({
        ...facts,
        who: 'nobody',
        type: 'segment',
        rendition: 'v0',
        n,
        time: expect.closeTo(time, 5),
        duration: expect.closeTo(durations[n] ?? 0, 5),
        bytes: answer.body.length,
        isWhole: true,
      });
      time += durations[n] ?? 0;
    }
  });

  it('is told of one file', async () => {
    const served = await serve({ onPlayback });
    await served.ask(`/remux.mp4?d=${encodeURIComponent(film())}`);
    await expect.poll(() => events).toEqual([{ ...common(), type: 'opened', kind: 'film' }]);
  });

  /** The upstream has the film up to a byte, and breaks every transfer there. */
  const breakAt = (film: Uint8Array, limit: number): void =>
    upstream.answer((request, response) => {
      const [, first = '0', last] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
      const [start, end] = [Number(first), last ? Number(last) : film.length - 1];
      if (start >= limit) return response.destroy();
      response.writeHead(206, {
        'content-range': `bytes ${start}-${end}/${film.length}`,
        'content-length': end + 1 - start,
      });
      response.write(film.subarray(start, limit), () => response.destroy());
    });

  it.each([
    { name: 'begins and breaks off', start: 0, told: ['opened', 'failed'] },
    { name: 'does not begin', start: 20, told: ['failed'] },
  ])('is told of a film that $name, in this order', async ({ start, told }) => {
    const large = largeFilm();
    upstream.answer(file(large));
    app = await serveApp({ hooks: { onPlayback }, timeouts: { backoff: 1 } });
    expect((await app.ask(`/probe?d=${encodeURIComponent(film())}`)).status).toBe(200);
    breakAt(large, 6_000_000);
    await app.ask(`/remux.mp4?d=${encodeURIComponent(film())}&start=${start}`).catch(() => undefined);
    await expect.poll(() => events.map(({ type }) => type)).toEqual(told);
    expect(events.at(-1)).toEqual({ ...common(), type: 'failed', kind: 'film', code: 'upstream' });
  });

  it('is told that a part of a file failed, not that it was opened', async () => {
    const large = largeFilm();
    upstream.answer(file(large));
    app = await serveApp({
      hooks: { onPlayback, resolve: () => ({ url: film() }) },
      timeouts: { backoff: 1 },
    });
    const ask = (first: number) =>
      app?.ask('/file?d=name', { headers: { range: `bytes=${first}-` } }).catch(() => undefined);
    expect((await ask(large.length - 100))?.status).toBe(206);
    breakAt(large, 6_000_000);
    await ask(8_000_000);
    const told = { media: 'name', client: '127.0.0.1', who: null, kind: 'film' };
    await expect
      .poll(() => events)
      .toEqual([
        { ...told, type: 'opened' },
        { ...told, type: 'failed', code: 'upstream' },
      ]);
  });

  it('is told of no film whose first byte did not come, though its answer had begun', async () => {
    const asked = { kind: 'film', media: 'name', client: '' } as AskedRequest;
    const sendChunks: SendChunks = async (c, { chunks, onBroken }) => {
      try {
        for await (const _ of chunks);
      } catch (error) {
        onBroken(error);
      }
      return c.body(null);
    };
    async function* broken(): AsyncGenerator<readonly Uint8Array[]> {
      yield* await Promise.reject<never[]>(new MediaError('upstream', 'broken'));
    }
    const host = new Hono<AppEnv>();
    host.use(async (c, next) => {
      c.set('deps', { sendChunks } as AppDeps);
      await tellPlayback(c, { asked, route: { label: '', parts: {} }, who: null, tell: onPlayback }, next);
    });
    host.get('/', (c) =>
      c.var.deps.sendChunks(c, { headers: {}, chunks: broken(), onBroken: () => undefined }),
    );
    expect((await host.request('/')).status).toBe(200);
    expect(events.map(({ type }) => type)).toEqual(['failed']);
  });

  it('is told what failed, by the code that was answered', async () => {
    const served = await serve({ onPlayback });
    upstream.answer((_, response) => response.writeHead(404).end());
    expect((await served.ask(masterPath(film()))).status).toBe(404);
    await expect
      .poll(() => events)
      .toEqual([{ ...common(), type: 'failed', kind: 'master', code: 'not-found' }]);
  });

  it('is told of a segment whose client left', async () => {
    const sluice = await openSluice({
      hooks: { onPlayback },
      roots: new Map([['films', fixtures]]),
      secret: 'kept',
      ffmpeg: null,
    });
    const ask = (url: URL) =>
      sluice.app.fetch(new Request(url, { headers: { host: 'localhost' } })) as Promise<Response>;
    const first = async (url: URL) =>
      new URL(/^(?!#).+$/m.exec(await (await ask(url)).text())?.[0] ?? '', url);
    try {
      const list = await first(new URL(masterPath('root:films/demo.mkv'), 'http://localhost'));
      const reader = (await ask(await first(list))).body?.getReader();
      const part = await reader?.read();
      await reader?.cancel();
      await expect.poll(() => events.map(({ type }) => type)).toEqual(['opened', 'segment']);
      expect(events[1]).toMatchObject({ media: 'root:films/demo.mkv', n: 0, time: 0, isWhole: false });
      expect(part?.value?.length).toBeGreaterThan(0);
    } finally {
      await sluice.close();
    }
  });

  it('is told of nothing that plays nothing', async () => {
    const served = await serve({ onPlayback });
    const { segments, init } = rendition(await openTitle(served, masterPath(film())), 'v0');
    await served.ask(nth(segments, 0), { method: 'HEAD' });
    await served.ask(init);
    await served.ask(`/probe?d=${encodeURIComponent(film())}`);
    await served.ask(nth(segments, 0));
    await expect.poll(() => events.map(({ type }) => type)).toEqual(['opened', 'segment']);
  });

  it('that fails is logged once, and spoils nothing', async () => {
    const served = await serve({
      onPlayback(event) {
        events.push(event);
        if (events.length % 2 === 0) return Promise.reject(new Error('later'));
        throw new Error('at once');
      },
    });
    const { segments } = rendition(await openTitle(served, masterPath(film())), 'v0');
    for (const address of segments) expect((await served.ask(address)).status).toBe(200);
    await expect.poll(() => events.length).toBe(1 + segments.length);
    await expect.poll(() => served.log.length).toBe(1);
    expect(served.log[0]?.message).toMatch(/^the hook onPlayback failed/);
  });

  it('that never ends is not waited for', async () => {
    const served = await serve({ onPlayback: () => new Promise(() => undefined) });
    const { segments } = rendition(await openTitle(served, masterPath(film())), 'v0');
    expect((await served.ask(nth(segments, 0))).status).toBe(200);
  });
});

describe('nameTrack', () => {
  const names: Hooks['nameTrack'] = ({ kind, index, language }, { media, container, tracks }) => {
    expect([media, container, tracks.length]).toEqual([film(), 'matroska', 3]);
    if (kind !== 'audio') return null;
    return index === 1 ? { name: 'Original "5.1"', language: 'pt-BR' } : { name: `Dub of ${language}` };
  };

  it('is what playlists and the probe say; segments stay the same', async () => {
    let calls = 0;
    const served = await serve({
      nameTrack: (track, title) => {
        calls++;
        return names(track, title);
      },
    });
    const title = await openTitle(served, masterPath(film()));
    const media = title.master.text.split('\n').filter((line) => line.startsWith('#EXT-X-MEDIA'));
    expect(
      new Set(media.map((line) => /NAME="([^"]*)",LANGUAGE="([^"]*)"/.exec(line)?.slice(1).join(' | '))),
    ).toEqual(new Set(['Original  5.1  | pt-BR', 'Dub of de | de']));
    const { tracks } = JSON.parse((await served.ask(`/probe?d=${encodeURIComponent(film())}`)).text);
    expect(
      tracks.map((track: { name: unknown; language: unknown }) => [track.name, track.language]).slice(1),
    ).toEqual([
      ['Original "5.1"', 'pt-BR'],
      ['Dub of de', 'de'],
    ]);
    expect(calls).toBe(3);
    const plain = await serveApp();
    try {
      const other = await openTitle(plain, masterPath(film()));
      expect([...title.media.keys()]).toEqual([...other.media.keys()]);
      for (const name of title.media.keys())
        expect((await served.ask(nth(rendition(title, name).segments, 0))).body).toEqual(
          (await plain.ask(nth(rendition(other, name).segments, 0))).body,
        );
    } finally {
      await plain.close();
    }
  });

  it('names subtitles, too', async () => {
    upstream.answer(file(fixture('subtitles')));
    const served = await serve({
      nameTrack: ({ kind, index }) =>
        kind === 'subtitle' ? { name: `Text ${index}`, language: 'spa' } : null,
    });
    const { master } = await openTitle(served, masterPath(film()));
    const texts = master.text.split('\n').filter((line) => line.includes('TYPE=SUBTITLES'));
    expect(texts.length).toBeGreaterThan(1);
    for (const line of texts) expect(line).toMatch(/NAME="Text \d+",LANGUAGE="es"/);
  });

  it('that says the same of all is told apart', async () => {
    const served = await serve({ nameTrack: () => ({ name: 'Sound' }) });
    const { master } = await openTitle(served, masterPath(film()));
    const named = [...master.text.matchAll(/GROUP-ID="audio",NAME="([^"]*)"/g)].map(([, name]) => name);
    expect(named).toEqual(['Sound', 'Sound (2)']);
  });

  it.each([
    { name: 'no language', language: 'no language at all', told: 'und' },
    { name: 'an old code', language: 'ger', told: 'de' },
  ])('takes $name', async ({ language, told }) => {
    const served = await serve({ nameTrack: () => ({ language }) });
    const { master } = await openTitle(served, masterPath(film()));
    expect(master.text).toContain(`LANGUAGE="${told}"`);
  });

  it('that failed is asked again after a minute, not for each segment', async () => {
    const clock = { now: Date.now() };
    let calls = 0;
    app = await serveApp({
      hooks: {
        nameTrack() {
          if (++calls <= 3) throw new Error('x');
          return { name: 'Named' };
        },
      },
      now: () => clock.now,
    });
    const first = await openTitle(app, masterPath(film()));
    expect(first.master.text).not.toContain('Named');
    await app.ask(nth(rendition(first, 'v0').segments, 0));
    expect(calls).toBe(3);
    clock.now += 60_000;
    expect((await app.ask(masterPath(film()))).text).toContain('NAME="Named"');
    await app.ask(masterPath(film()));
    expect(calls).toBe(6);
    expect(app.log).toHaveLength(1);
  });

  it('that never ends is left with who waits', async () => {
    let calls = 0;
    const served = await serve({
      nameTrack: () => (++calls <= 3 ? new Promise(() => undefined) : { name: 'Named' }),
    });
    const leaving = new AbortController();
    const url = new URL(masterPath(film()), served.url);
    const left = fetch(url, { signal: leaving.signal }).catch((error: Error) => error.name);
    await expect.poll(() => calls).toBe(3);
    leaving.abort();
    expect(await left).toBe('AbortError');
    await expect.poll(async () => (await ask(url)).text).toContain('NAME="Named"');
    expect(served.log).toEqual([]);
  });

  it('that fails leaves what the file says, and is logged', async () => {
    const served = await serve({
      nameTrack() {
        throw new Error('x');
      },
    });
    const plain = await serveApp();
    try {
      const strip = (text: string) => text.replaceAll(/[\w-]{40,}\//g, '');
      const [here, there] = [await served.ask(masterPath(film())), await plain.ask(masterPath(film()))];
      expect(strip(here.text)).toBe(strip(there.text));
      expect(served.log.map(({ message }) => message)).toEqual([
        'the hook nameTrack failed: tracks are called as the file says',
      ]);
    } finally {
      await plain.close();
    }
  });
});
