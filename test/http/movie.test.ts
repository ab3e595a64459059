import { type IncomingMessage, request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { fixture } from '../helpers/fixtures.ts';
import { askedRange, file, type Handler, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { largeFilm } from './large-film.ts';
import { type ServedApp, serveApp } from './serve-app.ts';

const MEGABYTE = 2 ** 20;

interface Stream {
  readonly codec_name: string;
  readonly start_time: string;
}

const streamsOf = (body: Uint8Array): readonly Stream[] =>
  JSON.parse(
    run(
      'ffprobe',
      ['-of', 'json', '-show_entries', 'stream=codec_name,start_time', '-'],
      body,
    ).stdout.toString(),
  ).streams;

/** Sends no faster than the socket takes it, and counts. */
const flowing =
  (bytes: Uint8Array, ranges: 'with ranges' | 'without ranges'): Handler =>
  (request, response, seen) => {
    const range = ranges === 'with ranges' ? askedRange(request.headers.range, bytes.length) : null;
    const { start, end } = range === null || range === 'beyond' ? { start: 0, end: bytes.length } : range;
    response.writeHead(range ? 206 : 200, {
      'content-length': String(end - start),
      ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` } : {}),
    });
    const push = () => {
      while (seen.sent < end - start) {
        const part = bytes.subarray(start + seen.sent, Math.min(end, start + seen.sent + 65_536));
        seen.sent += part.length;
        if (!response.write(part)) return void response.once('drain', push);
      }
      response.end();
    };
    push();
  };

/** Sends the beginning of what was asked for, and no more. */
const stalling =
  (bytes: Uint8Array, length: number): Handler =>
  (request, response) => {
    const range = askedRange(request.headers.range, bytes.length);
    if (range === null || range === 'beyond') throw new Error('A range was expected');
    const { start, end } = range;
    response.writeHead(206, {
      'content-length': String(end - start),
      'content-range': `bytes ${start}-${end - 1}/${bytes.length}`,
    });
    const last = Math.min(end, start + length);
    if (last === end) response.end(bytes.subarray(start, end));
    else response.write(bytes.subarray(start, last));
  };

const demo = (query = '') => `/remux.mp4?d=${encodeURIComponent('root:demo/bframes-aac.mkv')}${query}`;

describe('GET /remux.mp4', () => {
  let app: ServedApp;
  let upstream: Upstream;
  beforeAll(async () => {
    app = await serveApp();
    upstream = await startUpstream(file(fixture('bframes-aac')));
  });
  afterEach(() => upstream.answer(file(fixture('bframes-aac'))));
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  it('is one file that ffmpeg reads without a complaint', async (context) => {
    needsFfmpeg(context);
    const { status, headers, body } = await app.ask(demo());
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'video/mp4',
      'accept-ranges': 'none',
      'cache-control': 'no-store',
      'sluice-start': '0.000000',
    });
    expect(headers['sluice-omitted']).toBeUndefined();
    expect(streamsOf(body).map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    expect(run('ffmpeg', ['-i', '-', '-f', 'null', '-'], body).stderr).toBe('');
  });

  it('ignores ranges, and says so', async () => {
    const whole = await app.ask(demo());
    const { status, headers, body } = await app.ask(demo(), { headers: { range: 'bytes=100-199' } });
    expect([status, headers['accept-ranges'], headers['content-range']]).toEqual([200, 'none', undefined]);
    expect(body.equals(whole.body)).toBe(true);
  });

  it('begins at the cut before, and tells where that is', async (context) => {
    needsFfmpeg(context);
    const { headers, body } = await app.ask(demo('&start=5.5&duration=3'));
    expect([headers['sluice-start'], headers['sluice-duration']]).toEqual(['4.020983', '4.479017']);
    const [video, audio] = streamsOf(body).map(({ start_time }) => Number(start_time));
    expect(video).toBe(0);
    expect(audio).toBeLessThan(1024 / 44_100);
  });

  it('hides by an edit list what was not asked for', async (context) => {
    needsFfmpeg(context);
    const { headers, body } = await app.ask(demo('&start=5.5&seek=accurate'));
    expect(headers['sluice-start']).toBe('5.500000');
    const [video] = streamsOf(body);
    // What ffprobe calls the start of a track with an edit is its first packet.
    expect(Number(video?.start_time)).toBeCloseTo(4.020983 - 5.5, 3);
  });

  it('takes tracks as they are asked for', async (context) => {
    needsFfmpeg(context);
    const two = `/remux.mp4?d=${encodeURIComponent('root:demo/two-languages.mkv')}`;
    expect(streamsOf((await app.ask(two)).body)).toHaveLength(3);
    const one = await app.ask(`${two}&audio=2`);
    expect(streamsOf(one.body)).toHaveLength(2);
    expect(decodeURIComponent(String(one.headers['sluice-omitted']))).toMatch(/^audio 1: /);
    expect(streamsOf((await app.ask(`${two}&audio=none`)).body)).toHaveLength(1);
  });

  it.each([
    ['&start=-1', 400, /start= must be seconds/],
    ['&start=1e9', 400, /start= must be seconds/],
    ['&start=4000', 400, /nothing from 4000 s on: it ends at 12.032 s/],
    ['&duration=x', 400, /duration= must be seconds/],
    ['&seek=exact', 400, /seek= must be one of before, after, accurate/],
    ['&sound=loud', 400, /sound= must be one of playable, copied/],
  ])('%s is refused', async (query, status, message) => {
    const answer = await app.ask(demo(query));
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).error).toMatchObject({
      code: 'bad-request',
      message: expect.stringMatching(message),
    });
  });

  it('answers HEAD without making a byte', async () => {
    const { status, headers, body } = await app.ask(demo('&start=3'), { method: 'HEAD' });
    expect([status, headers['sluice-start'], body.length]).toEqual([200, '2.020983', 0]);
  });

  it('keeps local files from pages of other sites', async () => {
    const { status, headers } = await app.ask(demo(), { headers: { 'sec-fetch-site': 'cross-site' } });
    expect([status, headers['access-control-allow-origin']]).toEqual([403, undefined]);
  });

  it('lets any page read what is public, and says where the file begins', async () => {
    const { status, headers } = await app.ask(
      `/remux.mp4?d=${encodeURIComponent(`${upstream.url}/film.mkv`)}`,
    );
    expect([status, headers['access-control-allow-origin']]).toEqual([200, '*']);
    expect(headers['access-control-expose-headers']).toMatch(/Sluice-Start/);
  });

  describe('of what comes in order only', () => {
    const film = largeFilm({ seconds: 70, bytesPerSecond: 1_000_000, paddedEvery: 1 });
    const address = () => `/remux.mp4?d=${encodeURIComponent(`${upstream.url}/in-order.mkv`)}`;

    it('is sent from its beginning', async (context) => {
      needsFfmpeg(context);
      upstream.answer(flowing(film, 'without ranges'));
      const { status, headers, body } = await app.ask(address());
      expect([status, headers['accept-ranges']]).toEqual([200, 'none']);
      expect(run('ffmpeg', ['-i', '-', '-c', 'copy', '-f', 'null', '-'], body).stderr).toBe('');
    });

    it('is not read on when only its headers were asked for', async () => {
      upstream.answer(flowing(film, 'without ranges'));
      const path = `/remux.mp4?d=${encodeURIComponent(`${upstream.url}/headers.mkv`)}`;
      expect((await app.ask(path, { method: 'HEAD' })).status).toBe(200);
      const own = upstream.requests.at(-1);
      await vi.waitFor(() => expect(own?.closedAt).not.toBeNull(), { timeout: 1000 });
    });

    it('cannot be begun elsewhere', async () => {
      upstream.answer(flowing(film, 'without ranges'));
      const { status, text } = await app.ask(`${address()}&start=10`);
      expect([status, JSON.parse(text).error.code]).toEqual([501, 'not-offered']);
    });
  });

  it.each([
    '',
    '&start=30',
  ])('%s: a client that leaves cancels its upstream within a second', async (query) => {
    const film = largeFilm({ seconds: 100, bytesPerSecond: MEGABYTE, paddedEvery: 1 });
    const path = `/remux.mp4?d=${encodeURIComponent(`${upstream.url}/left${query}.mkv`)}${query}`;
    upstream.answer(file(film));
    await app.ask(path, { method: 'HEAD' });
    const before = upstream.requests.length;
    // The upstream has stalled: nothing that arrives tells that nobody listens.
    upstream.answer(stalling(film, 2 * MEGABYTE));
    const client = request(`${app.url}${path}`);
    client.on('error', () => undefined);
    client.end();
    await new Promise<void>((resolve) =>
      client.on('response', (response) => response.once('data', () => resolve())),
    );
    expect(upstream.requests.length).toBeGreaterThan(before);
    client.destroy();
    const isOver = () =>
      expect(upstream.requests.slice(before).every(({ closedAt }) => closedAt !== null)).toBe(true);
    await vi.waitFor(isOver, { timeout: 1000 });
  });

  it('is read upstream as fast as the client takes it', async () => {
    const film = largeFilm({ seconds: 100, bytesPerSecond: MEGABYTE, paddedEvery: 1 });
    upstream.answer(flowing(film, 'with ranges'));
    const sent = () => upstream.requests.reduce((sum, seen) => sum + seen.sent, 0);
    const before = sent();
    const url = `${app.url}/remux.mp4?d=${encodeURIComponent(`${upstream.url}/large.mkv`)}`;
    const client = request(url);
    client.end();
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      client.on('response', resolve).on('error', reject);
    });
    response.pause();
    let last = -1;
    for (let now = sent(); now !== last; now = sent()) {
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    client.destroy();
    expect(last - before).toBeLessThan(40 * MEGABYTE);
  });
});
