import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeArguments } from '../../src/ffmpeg/video/encode-arguments.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';

/** Seconds of film, and those into which a seek leads. */
const MINUTE = 60;
const SEEKS = [95, 437, 221, 529, 330] as const;
/** Seconds of steady encoding. */
const STEADY = 60;

const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;

describe('ten minutes of 1080p that are encoded', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-encode-'));
  const film = join(folder, 'film.mkv');
  let sluice: RunningSluice;
  /** By segment: its address, and the second at which it begins. */
  let segments: { readonly url: string; readonly start: number; readonly seconds: number }[] = [];

  beforeAll(async () => {
    const minute = join(folder, 'minute.mkv');
    const source = `testsrc2=s=1920x1080:r=25:d=${MINUTE},noise=alls=6:allf=t`;
    const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '8M', '-g', '50', '-pix_fmt', 'yuv420p'];
    ffmpeg([
      '-f',
      'lavfi',
      '-i',
      source,
      '-f',
      'lavfi',
      '-i',
      `sine=d=${MINUTE}`,
      ...x264,
      '-c:a',
      'aac',
      minute,
    ]);
    ffmpeg(['-stream_loop', '9', '-i', minute, '-c', 'copy', film]);
    sluice = await startSluice({ args: ['--root', `m=${folder}`], env: { SLUICE_ENCODERS: 'libx264' } });
    segments = await open();
  }, 600_000);
  afterAll(async () => {
    await sluice?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function ffmpeg(options: readonly string[]): number {
    const began = performance.now();
    const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...options]);
    if (status !== 0) throw new Error(String(stderr));
    return performance.now() - began;
  }

  async function open() {
    const master = `${sluice.url}/hls/master.m3u8?d=root:m/film.mkv&video=h264`;
    const uri = /^.+\/v0-h264[^/]*\/index\.m3u8$/m.exec(await textOf(master))?.[0] ?? '';
    const playlist = new URL(uri, master);
    let start = 0;
    const list = [...(await textOf(playlist.href)).matchAll(/#EXTINF:([\d.]+),\n(.+)/g)];
    return list.map(([, seconds = '0', name = '']) => {
      start += Number(seconds);
      return { url: new URL(name, playlist).href, start: start - Number(seconds), seconds: Number(seconds) };
    });
  }

  const textOf = async (url: string): Promise<string> => (await fetch(url)).text();

  async function timed(url: string): Promise<number> {
    const began = performance.now();
    const answer = await fetch(url);
    const { byteLength } = await answer.arrayBuffer();
    if (!answer.ok || byteLength < 1000) throw new Error(`${answer.status}, ${byteLength} bytes`);
    return performance.now() - began;
  }

  const at = (second: number) => {
    const found = segments.findIndex(({ start, seconds }) => start + seconds > second);
    const segment = segments[found];
    if (!segment) throw new Error(`No segment at ${second} s`);
    return { ...segment, n: found };
  };

  /** The same encode by FFmpeg alone, from the file itself. */
  function bare(start: number, seconds: number): number {
    const colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };
    const track = {
      width: 1920,
      height: 1080,
      pixelAspect: { h: 1, v: 1 },
      colour,
      decodeOnly: null,
      configs: [],
    };
    const target = { codec: 'h264', width: 1920, height: 1080, depth: 8, range: 'SDR' } as const;
    const rates = { colour, frameRate: 25, maxBitrate: 8_000_000 };
    const run = { source: track as never, target: { ...target, ...rates }, encoder: 'libx264', from: 0 };
    const able = {
      version: '',
      encoders: new Set<string>(),
      filters: new Set<string>(),
      hwaccels: new Set<string>(),
    };
    const args = encodeArguments(run, { ...able, renderNode: null } as never);
    const codec = args.slice(args.indexOf('-c:v'), args.indexOf('-force_key_frames'));
    const input = ['-ss', String(start), '-i', film, '-t', String(seconds), '-map', '0:v:0', '-an'];
    return ffmpeg([...input, ...codec, '-f', 'mp4', '-movflags', 'frag_keyframe', '/dev/null']);
  }

  it('a seek into what was not played: the first segment', { timeout: 300_000 }, async () => {
    const ratios: number[] = [];
    for (const second of SEEKS) {
      const { url, start, seconds } = at(second);
      const alone = bare(start, seconds);
      const served = await timed(url);
      ratios.push(served / alone);
      console.log(
        `seek to ${start} s: ${served.toFixed(0)} ms, FFmpeg alone ${alone.toFixed(0)} ms for ${seconds} s`,
      );
    }
    console.log(`median: ${median(ratios).toFixed(2)} times FFmpeg alone`);
    expect(median(ratios)).toBeLessThan(1.5);
  });

  it('steady', { timeout: 300_000 }, async () => {
    const first = at(150);
    const wanted = segments.slice(first.n, first.n + Math.ceil(STEADY / 6));
    const seconds = wanted.reduce((sum, one) => sum + one.seconds, 0);
    const alone = bare(first.start, seconds);
    let served = 0;
    for (const { url } of wanted) served += await timed(url);
    const ratio = alone / served;
    console.log(
      `${seconds} s of film: ${served.toFixed(0)} ms, FFmpeg alone ${alone.toFixed(0)} ms: ${ratio.toFixed(2)}`,
    );
    expect(ratio).toBeGreaterThan(0.9);
  });
});
