import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasFfmpeg } from '../helpers/ffmpeg.ts';
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
      await filmOf('film.mkv', [...moving('1280x720', 25, 40), ...x264]),
    );
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const start = (mark: string): Promise<RunningSluice> =>
    startSluice({ args: ['--root', `m=${folder}`], env: { SLUICE_TEST_MARK: mark } });

  /** Asks for a segment and reads its first bytes. */
  async function watch(url: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const master = `${url}/hls/master.m3u8?d=root:m/film.mkv&video=h264`;
    const text = await (await fetch(master)).text();
    const uri = /^.+\/v0-h264[^/]*\/index\.m3u8$/m.exec(text)?.[0] ?? '';
    const answer = await fetch(new URL('3.m4s', new URL(uri, master)));
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

  it('a viewer who leaves lets go of the encoder within two seconds', async () => {
    const mark = `encoding-left-${process.pid}`;
    const sluice = await start(mark);
    try {
      const reader = await watch(sluice.url);
      expect(marked(mark)).toHaveLength(1);
      await reader.cancel();
      expect(await settle(() => marked(mark).length === 0, 2000)).toBe(true);
    } finally {
      await sluice.close();
    }
  });
});
