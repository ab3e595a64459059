import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { type Handler, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { largeFilm } from './large-film.ts';
import { masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from './serve-app.ts';

/** Too large to be read whole: a minute of it is 24 MB. */
let film: Uint8Array;
let app: ServedApp;
let upstream: Upstream;

beforeAll(() => {
  film = largeFilm({ seconds: 180 });
});

/** A server that ignores ranges, with its own pace: no faster than the socket takes. */
const inOrder =
  ({ cutAt = Number.POSITIVE_INFINITY }: { readonly cutAt?: number } = {}): Handler =>
  (_request, response, seen) => {
    response.writeHead(200, { 'content-length': String(film.length) });
    const push = () => {
      while (seen.sent < film.length) {
        if (seen.sent >= cutAt) return void setTimeout(() => response.destroy(), 20);
        const part = film.subarray(seen.sent, seen.sent + 256 * 1024);
        seen.sent += part.length;
        if (!response.write(part)) return void response.once('drain', push);
      }
      response.end();
    };
    push();
  };

async function start(handler: Handler): Promise<string> {
  upstream = await startUpstream(handler);
  app = await serveApp();
  return masterPath(`${upstream.url}/film.mkv`);
}

afterEach(async () => {
  await app.close();
  await upstream.close();
});

afterAll(() => {
  film = new Uint8Array(0);
});

/** Plays a rendition to the end of its list; gives its segments. */
async function play(address: { readonly playlist: string }): Promise<Buffer[]> {
  const segments: Buffer[] = [];
  for (;;) {
    const { text } = await app.ask(address.playlist);
    const names = [...text.matchAll(/^(?!#).+$/gm)].map(([name]) => name);
    for (const name of names.slice(segments.length)) {
      const answer = await app.ask(new URL(name, address.playlist).href);
      expect(answer.status).toBe(200);
      segments.push(answer.body);
    }
    if (text.includes('#EXT-X-ENDLIST')) return segments;
  }
}

describe('a film that the upstream gives in order only', () => {
  test('is a growing list that ends with the film', async () => {
    expect(film.length).toBeGreaterThan(LIMITS.wholeWithoutIndex);
    const path = await start(inOrder());
    const title = await openTitle(app, path);
    const video = rendition(title, 'v0');
    const list = await app.ask(video.playlist);
    expect(list.headers).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'cache-control': 'no-cache',
    });
    expect(list.text).toContain('#EXT-X-PLAYLIST-TYPE:EVENT\n');
    expect(list.text).not.toContain('#EXT-X-ENDLIST');
    const first = await app.ask(nth(video.segments, 0));
    expect(first.headers['cache-control']).toContain('immutable');
    const segments = await play(video);
    expect(segments).toHaveLength(46); // 2, 2, then 44 of 4 s
    const sound = await play(rendition(title, 'a1-copy'));
    expect(sound).toHaveLength(46);
    const passes = upstream.requests.filter(({ sent }) => sent === film.length);
    expect(passes.length, 'once; what was held no more by a second pass').toBeLessThanOrEqual(2);
  });

  test('two viewers share the transfer', async () => {
    const path = await start(inOrder());
    const [a, b] = await Promise.all([openTitle(app, path), openTitle(app, path)]);
    expect(a.master.text).toBe(b.master.text);
    await Promise.all([a, b].map((title) => app.ask(nth(rendition(title, 'v0').segments, 0))));
    // The first is the one that showed that ranges are ignored.
    expect(upstream.requests).toHaveLength(2);
  });

  test('/probe says so', async () => {
    const path = await start(inOrder());
    await openTitle(app, path);
    const probe = JSON.parse((await app.ask(path.replace('/hls/master.m3u8', '/probe'))).text);
    expect(probe.index.kind).toBe('in order only');
    expect(probe.warnings).toEqual([expect.stringContaining('in order only')]);
  });

  test('HEAD and If-None-Match cost nothing; what is not listed is not there', async () => {
    const path = await start(inOrder());
    const video = rendition(await openTitle(app, path), 'v0');
    const segment = nth(video.segments, 0);
    const head = await app.ask(segment, { method: 'HEAD' });
    expect(head.status).toBe(200);
    const again = await app.ask(segment, { headers: { 'if-none-match': String(head.headers.etag) } });
    expect(again.status).toBe(304);
    const far = segment.replace('/0.m4s', '/4000.m4s');
    expect((await app.ask(far, { method: 'HEAD' })).status).toBe(404);
    await app.ask(segment);
    expect((await app.ask(far)).status).toBe(404);
  });

  test('a transfer that breaks off for good ends the list, and is told', async () => {
    const path = await start(inOrder({ cutAt: 20 * 1024 * 1024 }));
    const title = await openTitle(app, path);
    const segments = await play(rendition(title, 'v0'));
    expect(segments.length).toBeGreaterThan(5);
    expect(segments.length).toBeLessThan(18);
    const probe = JSON.parse((await app.ask(path.replace('/hls/master.m3u8', '/probe'))).text);
    expect(probe.warnings.at(-1)).toContain('ended early');
    expect(app.log.map(({ message }) => message)).toContain('input read in order ended early');
  });

  test('a transfer that breaks off once goes on', async () => {
    let requests = 0;
    const path = await start((request, response, seen) => {
      requests++;
      inOrder(requests === 2 ? { cutAt: 20 * 1024 * 1024 } : {})(request, response, seen);
    });
    const segments = await play(rendition(await openTitle(app, path), 'v0'));
    expect(segments).toHaveLength(46);
    expect(app.log).toEqual([]);
  });

  test('who leaves while it opens ends the transfer within a second', async () => {
    const path = await start((_request, response) => {
      response.writeHead(200, { 'content-length': String(film.length) }).write(film.subarray(0, 1000));
    });
    const leaver = new AbortController();
    const asked = fetch(new URL(path, app.url), { signal: leaver.signal });
    while (upstream.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    leaver.abort();
    await expect(asked).rejects.toThrow();
    const left = performance.now();
    while (upstream.requests[1]?.closedAt === null) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(performance.now() - left).toBeLessThan(1000);
    }
  });
});
