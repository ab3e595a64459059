import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { file, startUpstream } from '../helpers/upstream.ts';
import { ask } from '../http/serve-app.ts';
import { encodeEac3 } from '../threads/sound-jobs.ts';

/** Behind the short segments of the beginning (2, 2 and 4 s) each has so many seconds. */
export const SEGMENT_SECONDS = 6;
export const FIRST_LONG = 3;

/** Small pictures and a stream of sound, as several tracks that are the same. */
export interface FilmOptions {
  readonly seconds: number;
  readonly tracks: number;
}

export interface TranscodedFilm {
  readonly url: string;
  /** The sound alone, from the beginning. */
  readonly sound: Uint8Array;
  close(): Promise<void>;
}

/** H.264 and E-AC-3 5.1 of 448 kbit/s on a local upstream. */
export async function serveSurround({ seconds, tracks }: FilmOptions): Promise<TranscodedFilm> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-surround-'));
  const [sound, film] = [join(folder, 'sound.eac3'), join(folder, 'film.mkv')];
  const stream = encodeEac3(seconds);
  writeFileSync(sound, stream);
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=24:duration=${seconds}`, '-i', sound];
  const maps = Array.from({ length: tracks }, () => ['-map', '1:a']).flat();
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '48', '-c:a', 'copy'];
  execFileSync('ffmpeg', ['-v', 'error', ...pictures, '-map', '0:v', ...maps, ...encode, film]);
  const upstream = await startUpstream(file(readFileSync(film), { headers: { etag: '"film"' } }));
  rmSync(folder, { recursive: true, force: true });
  return { url: `${upstream.url}/film.mkv`, sound: stream, close: () => upstream.close() };
}

/** Where the segments of the film lie: `<rendition>/<n>.m4s` behind it. */
export async function baseOf({ url }: RunningSluice, { url: film }: TranscodedFilm): Promise<URL> {
  const master = new URL(`/hls/master.m3u8?d=${encodeURIComponent(film)}`, url);
  const { text } = await ask(master);
  const [base] = /[\w-]+\/[\w-]+\/(?=v0\/)/.exec(text) ?? [];
  if (base === undefined) throw new Error(`No rendition v0: ${text}`);
  return new URL(base, master);
}

/** Milliseconds. */
export interface Arrival {
  readonly status: number;
  readonly first: number;
  readonly whole: number;
}

/** When the first byte of a body comes, and the last. */
export function arrivalOf(url: URL): Promise<Arrival> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let first = 0;
      response.on('data', () => {
        first ||= performance.now() - start;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, first, whole: performance.now() - start }),
      );
    }).on('error', reject);
  });
}

/** Milliseconds that a new ffmpeg takes for the same. */
export async function ffmpegMilliseconds(path: string): Promise<number> {
  const start = performance.now();
  const encode = ['-ac', '2', '-c:a', 'aac', '-b:a', '192k', '-f', 'adts', '-'];
  const child = spawn('ffmpeg', ['-v', 'error', '-i', path, ...encode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.resume();
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  return performance.now() - start;
}

/** What a watched process tells of itself. Times are milliseconds. */
export interface Told {
  /** Of all its threads, since it began. */
  readonly cpu: number;
  /** By which its event loop came late since it told last: nothing while it does not watch. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly most: number };
}

const RESOLUTION = 10;

/** Loaded into the server before it starts: tells of itself when asked, and watches its loop every other time. */
const TELL = `import { monitorEventLoopDelay } from 'node:perf_hooks';
const delays = monitorEventLoopDelay({ resolution: ${RESOLUTION} });
let isWatching = false;
const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - ${RESOLUTION});
process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage();
  const delay = { p50: late(delays.percentile(50)), p99: late(delays.percentile(99)), most: late(delays.max) };
  delays.reset();
  isWatching = !isWatching;
  if (isWatching) delays.enable();
  else delays.disable();
  process.stderr.write('told ' + JSON.stringify({ cpu: (user + system) / 1000, delay }) + '\\n');
});`;

export interface Watched {
  tell(): Promise<Told>;
  close(): Promise<void>;
}

export type WatchedSluice = RunningSluice & Watched;

function writeHook() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-watch-'));
  const path = join(folder, 'tell.mjs');
  writeFileSync(path, TELL);
  return { folder, hook: pathToFileURL(path).href };
}

/** The server as it is by default. */
export async function startWatched(): Promise<WatchedSluice> {
  const { folder, hook } = writeHook();
  const sluice = await startSluice({ env: { NODE_OPTIONS: `--import ${hook}` } });
  return {
    ...sluice,
    tell: () => tell(sluice.process),
    async close() {
      await sluice.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A process that has nothing to do: by as much as it comes late the machine is to blame. */
export async function startIdle(): Promise<Watched> {
  const { folder, hook } = writeHook();
  const code = 'setInterval(() => {}, 1e6); console.log("ready")';
  const child = spawn(process.execPath, ['--import', hook, '-e', code], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child.stdout, 'data');
  return {
    tell: () => tell(child),
    async close() {
      child.kill('SIGKILL');
      await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function tell(process: ChildProcess): Promise<Told> {
  if (!process.stderr) throw new Error('No standard error');
  const told = once(process.stderr, 'data') as Promise<[Buffer]>;
  process.kill('SIGUSR2');
  const [line] = await told;
  return JSON.parse(line.toString().replace('told ', '')) as Told;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
