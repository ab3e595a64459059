import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';
import { filesOf, film } from './films.ts';
import { freePort, needs, startRedis } from './services.ts';

const GONE = 4000;

const master = ({ url }: RunningSluice, media: string): string =>
  `${url}/hls/master.m3u8?d=${encodeURIComponent(media)}`;

describe('servers started with SLUICE_SHARED_CACHE', () => {
  let upstream: Upstream;
  let folder: string;
  beforeAll(async () => {
    upstream = await startUpstream(file(film('indexed'), { headers: { etag: '"film"' } }));
    folder = mkdtempSync(join(tmpdir(), 'sluice-processes-'));
  });
  afterAll(async () => {
    await upstream.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Requests that one server after the other needs for a plan. */
  async function requestsOfTwo(place: string, stored: () => Promise<unknown>): Promise<number[]> {
    const counts: number[] = [];
    const env = { SLUICE_SECRET: 'of both', SLUICE_SHARED_CACHE: place, SLUICE_LOG: 'info' };
    for (let i = 0; i < 2; i++) {
      const sluice = await startSluice({ env });
      const before = upstream.requests.length;
      const { status } = await fetch(master(sluice, `${upstream.url}/film.mkv`));
      counts.push(upstream.requests.length - before);
      await stored();
      const start = performance.now();
      await sluice.close();
      const told = sluice.log().replaceAll(/.*"msg":"request".*\n/g, '');
      expect([status, told, sluice.process.exitCode]).toEqual([200, '', 0]);
      expect(performance.now() - start).toBeLessThan(GONE);
    }
    return counts;
  }

  it('share a folder', async () => {
    const isStored = () => expect.poll(async () => (await filesOf(folder)).size).toBeGreaterThan(0);
    const [first, second] = await requestsOfTwo(folder, isStored);
    expect(first).toBeGreaterThan(1);
    expect(second).toBe(1);
  });

  it('share a Redis', async (context) => {
    needs('redis-server', context);
    const redis = await startRedis();
    try {
      const [first, second] = await requestsOfTwo(redis.url, async () => undefined);
      expect(first).toBeGreaterThan(1);
      expect(second).toBe(1);
    } finally {
      await redis.close();
    }
  });

  it('serve and end without the Redis that was named', async () => {
    const env = { SLUICE_SHARED_CACHE: `redis://127.0.0.1:${await freePort()}` };
    const sluice = await startSluice({ env });
    const { status } = await fetch(master(sluice, `${upstream.url}/film.mkv`));
    await sluice.close();
    expect([status, sluice.process.exitCode]).toEqual([200, 0]);
  });

  it('say in one line what cannot be', async () => {
    const env = { SLUICE_SHARED_CACHE: '/dev/null/x' };
    await expect(startSluice({ env })).rejects.toThrow(/cannot be made \(ENOTDIR\)/);
  });
});
