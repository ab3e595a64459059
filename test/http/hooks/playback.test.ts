import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Hooks, PlaybackEvent } from '../../../src/http/hooks/hooks.ts';
import { openSluice } from '../../../src/sluice.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { file, startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from '../serve-app.ts';

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
