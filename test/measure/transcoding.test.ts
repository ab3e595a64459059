import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAudioPool } from '../../src/threads/audio-pool.ts';
import { eac3Job, splitEac3, transcodeWhole } from '../threads/sound-jobs.ts';
import {
  arrivalOf,
  baseOf,
  FIRST_LONG,
  ffmpegMilliseconds,
  median,
  SEGMENT_SECONDS,
  serveSurround,
  startIdle,
  startWatched,
  type TranscodedFilm,
  type WatchedSluice,
} from './transcoding-film.ts';

/** Where time alone decides, a noisy machine may be this much slower than the aim. */
const SLACK = 2;
/** Of the time that a new ffmpeg takes for the same sound. */
const MAX_RATIO = 1.3;
const MAX_FIRST_MS = 150;
const RUNS = 5;
/** Times real time, of one core. */
const MIN_SPEED = 20;
const MAX_DELAY_MS = 20;
/** Measured: 34 MB. */
const MAX_THREAD_MB = 70;
const MAX_IDLE_SHARE = 0.01;

const SECONDS = 128;
const TRACKS = 3;
const SYNCFRAMES_PER_SECOND = 48_000 / 1536;
const FRAMES_PER_SEGMENT = 281;

const compiled = (name: string) => new URL(`../../dist/src/threads/${name}.js`, import.meta.url);

/** Tells the memory of a process before its threads do anything, while all work, and when they have done. */
const MEMORY_SCRIPT = `
import { readFileSync } from 'node:fs';
import { deserialize } from 'node:v8';
const [, pools, entry, file, size] = process.argv;
const { createAudioPool } = await import(pools);
const job = deserialize(readFileSync(file));
const pool = createAudioPool({ size: Number(size), lambda: 120, entry: new URL(entry) });
const settle = async () => {
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 300));
  globalThis.gc();
  return process.memoryUsage.rss();
};
const before = await settle();
let working = 0;
const run = async () => {
  const wishes = { signal: new AbortController().signal, isUrgent: () => true };
  for (let i = 0; i < 4; i++)
    for await (const _ of pool.transcode(job, wishes)) working = Math.max(working, process.memoryUsage.rss());
};
await Promise.all(Array.from({ length: Number(size) }, run));
console.log(JSON.stringify({ before, working, after: await settle() }));
`;

/** Milliseconds. Told twice, so that the loop is watched no more than before. */
async function cpuOf(sluice: WatchedSluice): Promise<number> {
  await sluice.tell();
  return (await sluice.tell()).cpu;
}

describe('transcoding', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-transcoding-'));
  let film: TranscodedFilm;
  let stream: readonly Uint8Array[];
  let sluice: WatchedSluice;
  let base: URL;

  beforeAll(async () => {
    film = await serveSurround({ seconds: SECONDS, tracks: TRACKS });
    stream = splitEac3(film.sound);
    sluice = await startWatched();
    base = await baseOf(sluice, film);
    for (const n of [0, 1, 2]) await arrivalOf(new URL(`a1-aac/${n}.m4s`, base));
  }, 120_000);

  afterAll(async () => {
    await sluice?.close();
    await film?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The sound of a long segment as a file of its own. */
  function soundOf(n: number): string {
    const start = 8 + (n - FIRST_LONG) * SEGMENT_SECONDS;
    const path = join(folder, `${n}.eac3`);
    const [from, to] = [start, start + SEGMENT_SECONDS].map((at) => Math.round(at * SYNCFRAMES_PER_SECOND));
    writeFileSync(path, Buffer.concat(stream.slice(from, to)));
    return path;
  }

  it('a segment takes hardly longer than a new ffmpeg does, and begins at once', {
    timeout: 60_000,
  }, async () => {
    const rows: { ratio: number; first: number; whole: number; ffmpeg: number }[] = [];
    for (let run = 0; run < RUNS; run++) {
      const n = FIRST_LONG + 2 * run;
      const path = soundOf(n);
      const { status, first, whole } = await arrivalOf(new URL(`a1-aac/${n}.m4s`, base));
      expect(status).toBe(200);
      await pause(100);
      const ffmpeg = await ffmpegMilliseconds(path);
      rows.push({ ratio: whole / ffmpeg, first, whole, ffmpeg });
    }
    const mid = (name: 'ratio' | 'first' | 'whole' | 'ffmpeg') => median(rows.map((row) => row[name]));
    const list = rows.map(({ ratio }) => ratio.toFixed(2)).join(' ');
    console.log(
      `6 s of E-AC-3 5.1: ${mid('whole').toFixed(0)} ms, first bytes after ${mid('first').toFixed(0)} ms; ` +
        `new ffmpeg ${mid('ffmpeg').toFixed(0)} ms; ratio ${mid('ratio').toFixed(2)} (${list})`,
    );
    expect(mid('ratio')).toBeLessThan(SLACK * MAX_RATIO);
    expect(mid('first')).toBeLessThan(SLACK * MAX_FIRST_MS);
  });

  it('goes on at many times real time on one thread', { timeout: 60_000 }, async () => {
    const pool = createAudioPool({ size: 1, lambda: 120, entry: compiled('audio-worker') });
    const took = async (count: number) => {
      const [start, cpu] = [performance.now(), process.cpuUsage()];
      for (let n = 1; n <= count; n++) {
        const first = n * FRAMES_PER_SEGMENT;
        await transcodeWhole(pool, eac3Job(stream, first, first + FRAMES_PER_SEGMENT));
      }
      const { user, system } = process.cpuUsage(cpu);
      return { wall: performance.now() - start, cpu: (user + system) / 1000 };
    };
    await took(2);
    const [some, twice] = [await took(8), await took(16)];
    await pool.close();
    const seconds = (8 * FRAMES_PER_SEGMENT * 1024) / 48_000;
    const wall = (1000 * seconds) / (twice.wall - some.wall);
    const cpu = (1000 * seconds) / (twice.cpu - some.cpu);
    console.log(
      `One thread: ${wall.toFixed(1)} times real time; a second of its core: ${cpu.toFixed(1)} s of sound`,
    );
    expect(Math.max(wall, cpu)).toBeGreaterThan(MIN_SPEED / SLACK);
  });

  it('leaves the event loop free while all threads work', { timeout: 120_000 }, async () => {
    const idle = await startIdle();
    await Promise.all([sluice.tell(), idle.tell()]);
    const asked = [1, 2, 3].flatMap((track) =>
      Array.from(
        { length: 12 },
        (_, i) => new URL(`a${track}-aac/${FIRST_LONG + 7 - (track % 2) + i}.m4s`, base),
      ),
    );
    const start = performance.now();
    const answers = await Promise.all(asked.map(arrivalOf));
    const seconds = (performance.now() - start) / 1000;
    const [{ delay }, { delay: usual }] = await Promise.all([sluice.tell(), idle.tell()]);
    await idle.close();
    const refused = answers.filter(({ status }) => status !== 200);
    console.log(
      `${asked.length} segments at once in ${seconds.toFixed(1)} s: event loop late by p50 ${delay.p50.toFixed(1)}, ` +
        `p99 ${delay.p99.toFixed(1)}, at most ${delay.most.toFixed(1)} ms; an idle process p99 ${usual.p99.toFixed(1)} ms`,
    );
    expect(refused).toEqual([]);
    // 10 to 28 ms alone; 44 was seen on a machine that paused for 190.
    expect(delay.p99 - usual.p99).toBeLessThan(SLACK * SLACK * MAX_DELAY_MS);
  });

  it('costs nothing when there is nothing to do', { timeout: 60_000 }, async () => {
    // What was made ahead of the last requests is work still.
    for (let [last, cpu] = [0, await cpuOf(sluice)]; cpu - last > 10; ) {
      await pause(500);
      [last, cpu] = [cpu, await cpuOf(sluice)];
    }
    const [before, start] = [await cpuOf(sluice), performance.now()];
    await pause(5000);
    const share = ((await cpuOf(sluice)) - before) / (performance.now() - start);
    console.log(`Idle: ${(100 * share).toFixed(2)} % of one core`);
    expect(share).toBeLessThan(MAX_IDLE_SHARE);
  });

  it('takes a stated amount of memory for each thread', { timeout: 120_000 }, async () => {
    const threads = 4;
    const path = join(folder, 'job');
    writeFileSync(path, serialize(eac3Job(stream, 300, 300 + FRAMES_PER_SEGMENT)));
    const flags = ['--expose-gc', '--input-type=module', '-e', MEMORY_SCRIPT];
    const args = [compiled('audio-pool').href, compiled('audio-worker').href, path, String(threads)];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...args]);
    const { before, working, after } = JSON.parse(stdout) as Record<'before' | 'working' | 'after', number>;
    const each = (bytes: number) => (bytes - before) / threads / 2 ** 20;
    console.log(
      `Process without threads ${(before / 2 ** 20).toFixed(0)} MB; each of ${threads} adds ` +
        `${each(working).toFixed(0)} MB at work, ${each(after).toFixed(0)} MB at rest`,
    );
    expect(each(working)).toBeLessThan(MAX_THREAD_MB);
  });
});
