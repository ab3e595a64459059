import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { serialize } from 'node:v8';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createInlineTranscoder } from '../../src/audio/inline-transcoder.ts';
import type { TranscodeJob } from '../../src/core/transcoding.ts';
import { createAudioPool } from '../../src/threads/audio-pool.ts';
import { loadWasmFile } from '../../src/threads/wasm-files.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { digestOf, eac3Job, encodeEac3, pcmJob, splitEac3, transcodeWhole, wanted } from './sound-jobs.ts';

const compiled = (name: string) => new URL(`../../dist/src/threads/${name}.js`, import.meta.url);
const open = (size: number, more: { readonly idle?: number } = {}) =>
  createAudioPool({ size, lambda: 120, entry: compiled('audio-worker'), ...more });

/** Jobs unlike each other, and what the thread that asks makes of them. */
async function prepare() {
  const stream = splitEac3(encodeEac3(6));
  const surround = { ...eac3Job(stream, 100, 140), output: { rate: 48_000, channels: 6 } as const };
  const stereo = [0, 70, 140].map((first) => eac3Job(stream, first, first + 70));
  const jobs: readonly TranscodeJob[] = [...stereo, surround, pcmJob(60), pcmJob(60, 2)];
  const inline = createInlineTranscoder(loadWasmFile, { lambda: 120 });
  const expected: string[] = [];
  for (const job of jobs) expected.push(digestOf(await transcodeWhole(inline, job)));
  return { jobs, expected };
}

/** Runs the jobs of a file in a pool, tells each one's digest, and has nothing else to wait for then. */
const SCRIPT = `
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deserialize } from 'node:v8';
const { createAudioPool } = await import(process.argv[1]);
const pool = createAudioPool({ size: 2, lambda: 120, entry: new URL(process.argv[2]) });
const told = deserialize(readFileSync(process.argv[3])).map(async (job) => {
  const hash = createHash('md5');
  let count = 0;
  const wishes = { signal: new AbortController().signal, isUrgent: () => true };
  for await (const packets of pool.transcode(job, wishes))
    for (const packet of packets) {
      hash.update(packet.length + ' ').update(packet);
      count++;
    }
  return count + ' packets, ' + hash.digest('hex');
});
console.log(JSON.stringify(await Promise.all(told)));
`;

describe('bytes from threads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-threads-'));
  let prepared: ReturnType<typeof prepare> | undefined;
  const ready = () => {
    prepared ??= prepare();
    return prepared;
  };

  beforeEach(needsFfmpeg);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are those of the thread that asks, a packet a frame, each job its own', async () => {
    const { jobs, expected } = await ready();
    expect(new Set(expected).size).toBe(jobs.length);
    for (const [i, { first, end }] of jobs.entries())
      expect(expected[i]).toMatch(new RegExp(`^${end - first} packets`));
  });

  it.each([1, 2])('are the same from %i threads, in any order, after a restart', async (size) => {
    const { jobs, expected } = await ready();
    for (const turn of ['forwards', 'backwards']) {
      const pool = open(size);
      const order = [...jobs.keys()];
      if (turn === 'backwards') order.reverse();
      const digests: string[] = [];
      await Promise.all(
        order.map(async (i) => {
          const job = jobs[i];
          if (job) digests[i] = digestOf(await transcodeWhole(pool, job));
        }),
      );
      expect(digests, turn).toEqual(expected);
      await pool.close();
    }
  });

  it('are the same from a thread that takes the place of one that ended', async () => {
    const { jobs, expected } = await ready();
    const pool = open(1, { idle: 50 });
    for (const [i, job] of jobs.entries()) {
      expect(digestOf(await transcodeWhole(pool, job))).toBe(expected[i]);
      await pause(200);
    }
    await pool.close();
  });

  it('are the same from another process, which ends by itself though threads are left', async () => {
    const { jobs, expected } = await ready();
    const path = join(folder, 'jobs');
    writeFileSync(path, serialize(jobs));
    const from = compiled('audio-pool').href;
    const args = ['--input-type=module', '-e', SCRIPT, from, compiled('audio-worker').href, path];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 15_000 });
    expect(JSON.parse(stdout)).toEqual(expected);
  });

  it('are the same after a job that was stopped, and one that failed', async () => {
    const { jobs, expected } = await ready();
    const pool = open(1);
    const controller = new AbortController();
    const long = pcmJob(3000);
    const stopped = transcodeWhole(pool, long, wanted({ signal: controller.signal }));
    const [job = long] = jobs;
    const broken = { ...job, output: { rate: 12_345, channels: 2 } as const };
    const failed = transcodeWhole(pool, broken);
    const next = transcodeWhole(pool, job);
    setTimeout(() => controller.abort(new Error('Enough')), 300);
    await expect(stopped).rejects.toThrow('Enough');
    await expect(failed).rejects.toMatchObject({ code: 'unsupported' });
    expect(digestOf(await next)).toBe(expected[0]);
    await pool.close();
  });

  it('are not waited for by a stopped job: the thread is free at once', async () => {
    const pool = open(1);
    const long = pcmJob(700);
    const from = performance.now();
    await transcodeWhole(pool, long);
    const whole = performance.now() - from;
    const again = performance.now();
    for await (const _ of pool.transcode(long, wanted())) break;
    await transcodeWhole(pool, pcmJob(10));
    const stopped = performance.now() - again;
    console.log(`15 s of sound: ${whole.toFixed(0)} ms; stopped at once: ${stopped.toFixed(0)} ms`);
    expect(stopped).toBeLessThan(whole / 2);
    await pool.close();
  });
});
