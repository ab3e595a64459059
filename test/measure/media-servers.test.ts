import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Running, runCli, startCli } from '../cli/run-cli.ts';
import { fixturePath } from '../helpers/fixtures.ts';
import { someOf } from '../helpers/rows.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'sluice-media-servers-'));
const films = join(folder, 'films');
const SECRET = 'a secret of the tests';
/** How Jellyfin has FFmpeg look at a film. */
const LOOK = ['-analyzeduration', '200M', '-probesize', '1G'];
/** From a film to its first description: seconds. */
const BUDGET = 1.5;
/** Milliseconds to the upstream and back. */
const AWAY = 50;
const NAMES = ['matroska.mkv', 'moov-behind.mp4', 'broadcast.ts'];
const TIMES = [13.37, 0, 41.9];

let upstream: Upstream;
let server: Running;
let url = '';

beforeAll(async () => {
  mkdirSync(films);
  const demo = fixturePath('demo');
  copyFileSync(demo, join(films, 'matroska.mkv'));
  for (const name of ['moov-behind.mp4', 'broadcast.ts'])
    spawnSync('ffmpeg', [
      '-v',
      'error',
      '-i',
      demo,
      '-map',
      '0:v:0',
      '-map',
      '0:a:0',
      '-c',
      'copy',
      join(films, name),
    ]);
  upstream = await startUpstream((request, response, seen) => {
    const name = request.url?.slice(1) ?? '';
    const answer = file(readFileSync(join(films, name)), { headers: { etag: `"${name}"` } });
    const timer = setTimeout(() => answer(request, response, seen), AWAY);
    response.on('close', () => clearTimeout(timer));
  });
  const roots = ['--root', `films=${films}`];
  server = startCli(
    ['serve', ...roots, '--port', '0', '--host', '127.0.0.1', '--allow', `127.0.0.1:${upstream.port}`],
    { SLUICE_SECRET: SECRET, API_PASSWORD: 'word' },
  );
  url = (await server.seen(/ready at (http:\/\/\S+)\/\n/))[1] ?? '';
  writeFileSync(join(folder, 'list.txt'), NAMES.map((name) => `${upstream.url}/${name}\n`).join(''));
  const write = (args: readonly string[], out: string) =>
    runCli(['library', ...args, '--server', url, '--out', join(folder, out)], { SLUICE_SECRET: SECRET });
  const ended = [
    await write([films, ...roots], 'file of a folder'),
    await write([films, ...roots, '--as', 'hls'], 'HLS of a folder'),
    await write([join(folder, 'list.txt')], 'file of a list'),
    await write([join(folder, 'list.txt'), '--as', 'hls'], 'HLS of a list'),
  ];
  seeksFragments = await tryOwnFragments();
  expect(ended.map(({ code, err }) => [code, err])).toEqual(ended.map(() => [0, '']));
}, 120_000);
afterAll(async () => {
  server.child.kill();
  await server.ended;
  await upstream.close();
  rmSync(folder, { recursive: true });
});

const KINDS = ['file of a folder', 'HLS of a folder', 'file of a list', 'HLS of a list'];
const ROWS = KINDS.flatMap((kind) => NAMES.map((name) => [kind, name] as const));

function addressOf(kind: string, name: string): string {
  const title = name.replace(/\.[^.]*$/, '');
  return readFileSync(join(folder, kind, title, `${title}.strm`), 'utf8').trim();
}

/**
 * FFmpeg 5.1 cannot seek in HLS of fMP4 by a time in front of `-i`, in its own neither: it reads fragments at the places of
 * others. Where it can it is asked to.
 */
let seeksFragments = false;

async function tryOwnFragments(): Promise<boolean> {
  const list = join(folder, 'own.m3u8');
  const form = ['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_playlist_type', 'vod', '-hls_time', '4'];
  const film = join(films, 'matroska.mkv');
  await run('ffmpeg', ['-v', 'error', '-i', film, '-map', '0:v:0', '-c', 'copy', ...form, list], {
    cwd: folder,
  });
  const seek = ['-ss', '13.37'];
  const [[seen], [expected]] = [await pictures([...seek, '-i', list]), await pictures([...seek, '-i', film])];
  return seen === expected;
}

/** Hashes of the first pictures that a command line gives. */
async function pictures(input: readonly string[], count = 1): Promise<readonly string[]> {
  const output = ['-map', '0:v:0', '-frames:v', String(count), '-f', 'framehash', '-'];
  const { stdout } = await run('ffmpeg', ['-v', 'error', ...LOOK, ...input, ...output]);
  return [...stdout.matchAll(/, ([\da-f]{64})$/gm)].map(([, hash = '']) => hash);
}

/**
 * The pictures of the file that may be shown at a time. FFmpeg shows those of fragments later by what it had to wait for
 * the first of them, here by two pictures of 24 a second, whoever made them.
 */
const allowed = (path: string, time: number): Promise<readonly string[]> =>
  pictures(['-i', path, '-ss', String(Math.max(0, time - 0.1))], 4);

describe.each(ROWS)('%s: %s', (kind, name) => {
  it(`is described within ${BUDGET} s, as a media server asks`, async () => {
    const started = performance.now();
    const { stdout } = await run('ffprobe', [
      ...['-v', 'error', ...LOOK, '-print_format', 'json', '-show_streams', '-show_format'],
      addressOf(kind, name),
    ]);
    const seconds = (performance.now() - started) / 1000;
    const { streams, format } = JSON.parse(stdout) as {
      readonly streams: readonly { readonly codec_name: string }[];
      readonly format: { readonly duration: string; readonly size?: string };
    };
    expect(streams.map(({ codec_name: codec }) => codec)).toEqual(expect.arrayContaining(['h264', 'aac']));
    expect(Math.abs(Number(format.duration) - 60)).toBeLessThan(1);
    if (kind.startsWith('file')) expect(Number(format.size)).toBe(readFileSync(join(films, name)).length);
    expect(seconds).toBeLessThan(BUDGET);
    console.log(`${kind}, ${name}: ${seconds.toFixed(2)} s`);
  });

  it.each(someOf(TIMES, 3))('shows at %d s what ffmpeg shows of the file', async (time) => {
    const seek = ['-ss', String(time)];
    const address = addressOf(kind, name);
    const own = join(films, name);
    const [behind, before] = [
      await pictures(['-i', address, ...seek]),
      await pictures([...seek, '-i', address]),
    ];
    if (kind.startsWith('file')) {
      expect(behind).toHaveLength(1);
      expect(behind).toEqual(await pictures(['-i', own, ...seek]));
      expect(before).toEqual(await pictures([...seek, '-i', own]));
      return;
    }
    const right = await allowed(own, time);
    expect(right).toContain(behind[0]);
    if (seeksFragments) expect(right).toContain(before[0]);
  });
});
