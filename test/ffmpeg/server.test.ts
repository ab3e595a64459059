import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concat } from '../../src/core/bytes.ts';
import { fakeFfmpeg } from '../helpers/fake-ffmpeg.ts';
import { hasFfmpeg, run } from '../helpers/ffmpeg.ts';
import { someOf } from '../helpers/rows.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { filmOf, moving } from '../pipeline/reencoded/studio.ts';

/** Programs whose environment has the mark: what a server has started. */
function marked(mark: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => textOf(pid, 'environ').includes(mark))
    .map((pid) => textOf(pid, 'cmdline').split('\0')[0] ?? '')
    .filter((command) => command.includes('ffmpeg'));
}

function textOf(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}

async function settle(isTrue: () => boolean, milliseconds: number): Promise<boolean> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await delay(25))
    if (isTrue()) return true;
  return isTrue();
}

describe.runIf(hasFfmpeg && process.platform === 'linux')('a server that encodes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-encoding-'));
  beforeAll(async () => {
    const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-pix_fmt', 'yuv420p'];
    writeFileSync(
      join(folder, 'film.mkv'),
      await filmOf('film.mkv', [...moving('640x360', 25, 40), ...x264]),
    );
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const start = (mark: string): Promise<RunningSluice> =>
    startSluice({ args: ['--root', `m=${folder}`], env: { SLUICE_TEST_MARK: mark } });

  /** Of the encoded rendition. */
  async function playlistOf(url: string, more = ''): Promise<URL> {
    const master = `${url}/hls/master.m3u8?d=root:m/film.mkv&video=h264${more}`;
    const text = await (await fetch(master)).text();
    return new URL(/^.+\/v0-h264[^/]*\/index\.m3u8$/m.exec(text)?.[0] ?? '', master);
  }

  /** As players do: what breaks off is asked for again. */
  async function bytesOf(url: URL, tries = 3): Promise<Uint8Array> {
    try {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      return new Uint8Array(await answer.arrayBuffer());
    } catch (error) {
      if (tries === 1) throw error;
      return bytesOf(url, tries - 1);
    }
  }

  const FAULTS = [
    ['dies in the middle of the film', { how: 'dies', after: 130 }],
    ['has no device', { how: 'fails' }],
  ] as const;
  it.for(someOf(FAULTS, 2))('an encoder in front %s: every picture is there', async ([, fault]) => {
    const fake = await fakeFfmpeg({ encoders: { h264_nvenc: fault } });
    const env = { PATH: `${fake.folder}:${process.env.PATH}`, SLUICE_ENCODERS: 'h264_nvenc,libx264' };
    const sluice = await startSluice({ args: ['--root', `m=${folder}`], env });
    try {
      const playlist = await playlistOf(sluice.url, '&maxheight=180');
      const names = (await (await fetch(playlist)).text()).match(/^\d+\.m4s$/gm) ?? [];
      const parts = [await bytesOf(new URL('init.mp4', playlist))];
      for (const name of names) parts.push(await bytesOf(new URL(name, playlist)));
      const args = ['-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', '-'];
      expect(Number(run('ffprobe', args, concat(parts)).stdout)).toBe(1000);
      expect(fake.runs().filter(({ encoder }) => encoder === 'h264_nvenc').length).toBeGreaterThan(0);
    } finally {
      await sluice.close();
      fake.remove();
    }
  });

  /** Asks for a segment and reads its first bytes. */
  async function watch(url: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const answer = await fetch(new URL('3.m4s', await playlistOf(url)));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).not.toContain('immutable');
    const reader = answer.body?.getReader();
    if (!reader) throw new Error('No body');
    await reader.read();
    return reader;
  }

  it.for(['SIGTERM', 'SIGKILL'] as const)('%s: nothing that it started is left', async (signal) => {
    const mark = `encoding-${signal}-${process.pid}`;
    const sluice = await start(mark);
    const reader = await watch(sluice.url);
    expect(marked(mark)).toHaveLength(1);
    sluice.process.kill(signal);
    const isOver = await settle(() => marked(mark).length === 0, 5000);
    await reader.cancel().catch(() => undefined);
    await sluice.close();
    expect(isOver).toBe(true);
  });

  it('a viewer who leaves lets go of the encoder within two seconds, and of all that it held', async () => {
    const mark = `encoding-left-${process.pid}`;
    const sluice = await start(mark);
    try {
      const reader = await watch(sluice.url);
      expect(marked(mark)).toHaveLength(1);
      await reader.cancel();
      expect(await settle(() => marked(mark).length === 0, 2000)).toBe(true);
      const descriptors = () => readdirSync(`/proc/${sluice.process.pid}/fd`).length;
      const before = descriptors();
      for (let i = 0; i < 5; i++) await (await watch(sluice.url)).cancel();
      expect(await settle(() => marked(mark).length === 0 && descriptors() <= before + 2, 4000)).toBe(true);
    } finally {
      await sluice.close();
    }
  });
});
