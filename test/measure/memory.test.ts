import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../http/serve-app.ts';
import { type FilmServer, serveFilm } from './film-server.ts';

const entry = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
const MEGABYTE = 2 ** 20;
/** Small, so that it is full long before the first look. */
const CACHE_MB = 16;
const LOOKS = [200, 600, 1000] as const;
const MAX_HEAP_GROWTH = 10 * MEGABYTE;
/** Buffers that wait for the collector come and go; a leak of the bytes served would be 150 MB. */
const MAX_RSS_GROWTH = 40 * MEGABYTE;

/** Loaded into the server before it starts: tells its memory when asked. */
const TELL = `process.on('SIGUSR2', () => {
  globalThis.gc();
  setTimeout(() => {
    globalThis.gc();
    process.stderr.write('memory ' + JSON.stringify(process.memoryUsage()) + '\\n');
  }, 100);
});`;

describe('a server that has served a thousand segments', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-memory-'));
  let film: FilmServer;
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    film = await serveFilm({ seconds: 3200, bytesPerSecond: 60_000, gopSeconds: 2 }, 0);
    const hook = join(folder, 'tell.mjs');
    writeFileSync(hook, TELL);
    const flags = ['--port', '0', '--host', '127.0.0.1', '--state', folder, '--allow', '127.0.0.1'];
    server = spawn(
      process.execPath,
      ['--expose-gc', '--import', pathToFileURL(hook).href, entry, 'serve', ...flags],
      {
        env: { ...process.env, SLUICE_CACHE_MB: String(CACHE_MB) },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    if (!server.stdout) throw new Error('No standard output');
    const [ready] = (await once(server.stdout, 'data')) as [Buffer];
    url = /http:\S+/.exec(ready.toString())?.[0] ?? '';
  });
  afterAll(async () => {
    server?.kill('SIGKILL');
    await film?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function memory(): Promise<NodeJS.MemoryUsage> {
    if (!server.stderr) throw new Error('No standard error');
    const told = once(server.stderr, 'data') as Promise<[Buffer]>;
    server.kill('SIGUSR2');
    const [line] = await told;
    return JSON.parse(line.toString().replace('memory ', '')) as NodeJS.MemoryUsage;
  }

  it('holds no more than after two hundred', { timeout: 120_000 }, async () => {
    const master = new URL(`hls/master.m3u8?d=${encodeURIComponent(film.url)}`, url);
    const { text } = await ask(master);
    const [base] = /[\w-]+\/[\w-]+\/(?=v0\/)/.exec(text) ?? [];
    const seen: NodeJS.MemoryUsage[] = [];
    let bytes = 0;
    for (let served = 1; served <= (LOOKS.at(-1) ?? 0); served++) {
      const name = served % 2 === 1 ? 'v0' : 'a1-copy';
      const { status, body } = await ask(new URL(`${base}${name}/${(served - 1) >> 1}.m4s`, master));
      expect(status, `request ${served}`).toBe(200);
      bytes += body.length;
      if (LOOKS.some((at) => at === served)) seen.push(await memory());
    }
    const figure = (value: number) => (value / MEGABYTE).toFixed(1);
    console.log(
      seen
        .map(
          (m, i) =>
            `${LOOKS[i]} segments: heap ${figure(m.heapUsed)}, buffers ${figure(m.arrayBuffers)}, RSS ${figure(m.rss)} MB`,
        )
        .concat(`${figure(bytes)} MB served in all`)
        .join('\n'),
    );
    const [early, , late] = seen;
    if (!early || !late) throw new Error('Memory was not told');
    expect(bytes).toBeGreaterThan(4 * CACHE_MB * MEGABYTE);
    expect(late.heapUsed - early.heapUsed).toBeLessThan(MAX_HEAP_GROWTH);
    expect(late.arrayBuffers).toBeLessThan(1.5 * CACHE_MB * MEGABYTE);
    expect(late.rss - early.rss).toBeLessThan(MAX_RSS_GROWTH);
  });
});
