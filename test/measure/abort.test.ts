import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { file, type Handler, paced, startUpstream, type Upstream } from '../helpers/upstream.ts';

/** Bytes a second of one upstream connection: a segment takes seconds. */
const SLOW = 400_000;
/** Rule 25: milliseconds in which a client that left has left upstream too. */
const MOST = 1000;

/** 24 s at 4 Mbit/s: about 12 MB, a key picture every 4 s. */
function makeFilm(path: string): void {
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25:d=24', '-f', 'lavfi', '-i', 'sine=d=24'];
  const rate = ['-b:v', '4M', '-minrate', '4M', '-maxrate', '4M', '-bufsize', '4M', '-nal-hrd', 'cbr'];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '100', ...rate];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...inputs, ...video, '-c:a', 'aac', path]);
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const hash = (body: ArrayBuffer): string => createHash('sha256').update(Buffer.from(body)).digest('hex');

describe('a client that leaves', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-abort-'));
  let bytes: Uint8Array;
  let upstream: Upstream;
  let sluice: RunningSluice;
  /** Requests whose body is being sent, or waited for. */
  const open = new Set<object>();

  const tracked =
    (handler: Handler): Handler =>
    (request, response, seen) => {
      open.add(response);
      response.on('close', () => open.delete(response));
      handler(request, response, seen);
    };

  beforeAll(async () => {
    const path = join(folder, 'film.mkv');
    makeFilm(path);
    bytes = readFileSync(path);
    upstream = await startUpstream(tracked(file(bytes, { headers: { etag: '"paced"' } })));
  });
  beforeEach(async () => {
    await sluice?.close();
    sluice = await startSluice();
    upstream.answer(tracked(file(bytes, { headers: { etag: '"paced"' } })));
  });
  afterAll(async () => {
    await sluice?.close();
    await upstream?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const masterUrl = () => `${sluice.url}/hls/master.m3u8?d=${encodeURIComponent(`${upstream.url}/film.mkv`)}`;

  /** The address of the title's files; the title is open then. */
  async function baseUrl(): Promise<string> {
    const master = await (await fetch(masterUrl())).text();
    const uri = master.split('\n').find((line) => /^[^#].*\/index\.m3u8/.test(line)) ?? '';
    return `${sluice.url}/hls/${uri.replace(/\/[^/]+\/index\.m3u8.*/, '')}`;
  }

  /** Milliseconds until upstream has no open request, after `leave`. */
  async function timeToSilence(leave: () => void): Promise<number> {
    const left = performance.now();
    leave();
    while (open.size > 0 && performance.now() - left < 5000) await sleep(5);
    return performance.now() - left;
  }

  /** Asks, reads `wanted` bytes of the body, and gives what ends the request. */
  async function begin(url: string, wanted: number): Promise<() => void> {
    const controller = new AbortController();
    const response = fetch(url, { signal: controller.signal });
    if (wanted === 0) {
      response.catch(() => {});
      for (let turn = 0; turn < 100 && open.size === 0; turn++) await sleep(50);
    } else await readSome(await response, wanted);
    expect(open.size).toBeGreaterThan(0);
    return () => controller.abort();
  }

  async function readSome(response: Response, wanted: number): Promise<void> {
    const reader = response.body?.getReader();
    for (let got = 0; got < wanted; ) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done || !value) throw new Error('The body ended before the test could leave');
      got += value.length;
    }
  }

  const silent: Handler = () => {};
  const MOMENTS: readonly (readonly [string, { handler: () => Handler; wanted: number }])[] = [
    ['while upstream has not answered', { handler: () => silent, wanted: 0 }],
    ['in the middle of a segment', { handler: () => paced(bytes, SLOW), wanted: 100_000 }],
  ];
  it.each(MOMENTS)('%s has left upstream within a second', async (_name, { handler, wanted }) => {
    const base = await baseUrl();
    upstream.answer(tracked(handler()));
    const leave = await begin(`${base}/v0/2.m4s`, wanted);
    const { length } = upstream.requests;
    const time = await timeToSilence(leave);
    console.log(`${_name}: upstream quiet after ${time.toFixed(0)} ms`);
    expect(time).toBeLessThan(MOST);
    await sleep(300);
    expect(upstream.requests.length, 'nothing is read ahead for nobody').toBe(length);
    expect(sluice.log()).toBe('');
  });

  it('while the title is being opened has left upstream within a second', async () => {
    upstream.answer(tracked(paced(bytes, 20_000)));
    const leave = await begin(masterUrl(), 0);
    expect(await timeToSilence(leave)).toBeLessThan(MOST);
    expect(sluice.log()).toBe('');
  });

  it('does not take the bytes from another who reads the same', async () => {
    const expected = hash(await (await fetch(`${await baseUrl()}/v0/2.m4s`)).arrayBuffer());
    await sluice.close();
    sluice = await startSluice(); // nothing is held
    upstream.answer(tracked(file(bytes, { headers: { etag: '"paced"' } })));
    const base = await baseUrl();
    upstream.answer(tracked(paced(bytes, SLOW)));
    const leave = await begin(`${base}/v0/2.m4s`, 50_000);
    const staying = fetch(`${base}/v0/2.m4s`).then((response) => response.arrayBuffer());
    await sleep(200);
    const { length } = upstream.requests;
    leave();
    expect(hash(await staying)).toBe(expected);
    expect(upstream.requests.length - length, 'further requests for the one who stays').toBeLessThanOrEqual(
      1,
    );
    expect(open.size).toBe(0);
  });
});
