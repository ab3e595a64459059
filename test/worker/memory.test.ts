import { readdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, masterPath } from '../http/serve-app.ts';
import { type FilmServer, serveFilm, sum } from '../measure/film-server.ts';
import { bundleWorker, type Edge, startEdge } from './edge.ts';

const MEGABYTE = 2 ** 20;
/** 80 Mbit/s, a key picture every six seconds, two languages. */
const FILM = {
  seconds: 120,
  bytesPerSecond: 10_000_000,
  gopSeconds: 6,
  paddedEvery: 1,
  audioTracks: 2,
} as const;
/** Bytes a second that a viewer takes: twice what it plays. */
const PACE = 2 * FILM.bytesPerSecond;

/** Memory of the worker's isolate, asked by the inspector, and of the process. */
interface Look {
  readonly heap: number;
  readonly buffers: number;
  readonly resident: number;
}

/** Asks an isolate for its memory again and again. */
async function inspector(url: URL) {
  const socket = new WebSocket(`${url.href}core:user:`);
  const waiting = new Map<number, (result: Record<string, number>) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: Record<string, number> };
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  let id = 0;
  return {
    usage: () =>
      new Promise<Record<string, number>>((resolve) => {
        waiting.set(++id, resolve);
        socket.send(JSON.stringify({ id, method: 'Runtime.getHeapUsage' }));
      }),
    close: () => socket.close(),
  };
}

/** Bytes of the runtime's process that the kernel counts: isolates, code, and all that the runtime itself is. */
function residentBytes(): number {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/status`, 'utf8');
      } catch {
        return ''; // it has ended meanwhile
      }
    });
  const runtime = children.find(
    (status) => /^Name:\s+workerd$/m.test(status) && status.includes(`PPid:\t${process.pid}\n`),
  );
  return Number(/VmRSS:\s+(\d+) kB/.exec(runtime ?? '')?.[1] ?? Number.NaN) * 1024;
}

/** Reads a body no faster than `pace` bytes a second and keeps none of it. */
function readPaced(url: URL, pace: number): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      const start = performance.now();
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        const wait = (bytes / pace) * 1000 - (performance.now() - start);
        if (wait <= 1) return;
        response.pause();
        setTimeout(() => response.resume(), wait);
      });
      response.on('error', reject);
      response.on('close', () => (response.complete ? resolve(bytes) : reject(new Error('Broken off'))));
    }).on('error', reject);
  });
}

describe('a film of 80 Mbit/s on a worker', { timeout: 120_000 }, () => {
  let film: FilmServer;
  let edge: Edge;
  let base: URL;

  beforeAll(async () => {
    film = await serveFilm(FILM, 5);
    edge = await startEdge({
      bundle: await bundleWorker(),
      bindings: { SLUICE_SECRET: 'secret', SLUICE_ALLOW: '127.0.0.1' },
      more: { inspectorPort: 0 },
    });
    const master = new URL(masterPath(film.url), edge.url);
    const { text } = await ask(master);
    base = new URL(/[\w-]+\/[\w-]+\/(?=v0\/)/.exec(text)?.[0] ?? '', master);
  }, 60_000);
  afterAll(async () => {
    await edge?.close();
    await film?.close();
  });

  // Of an isolate, which may have 128 MB: its heap and the buffers that it holds, those that wait for the collector too.
  it.each([
    ['one viewer', 1, 100],
    ['two viewers, each somewhere else', 2, 120],
  ])('%s: %i × 80 Mbit/s in at most %i MB', async (who, viewers, limit) => {
    const isolate = await inspector(await edge.miniflare.getInspectorURL());
    const looks: Look[] = [];
    let isOver = false;
    const looking = (async () => {
      while (!isOver) {
        const { usedSize = 0, backingStorageSize = 0 } = await isolate.usage();
        looks.push({ heap: usedSize, buffers: backingStorageSize, resident: residentBytes() });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    film.take();
    const watch = async (viewer: number) => {
      let bytes = 0;
      for (const n of [5 * viewer, 5 * viewer + 1, 5 * viewer + 2])
        for (const name of ['v0', 'a1-copy'])
          bytes += await readPaced(new URL(`${name}/${n}.m4s`, base), PACE);
      return bytes;
    };
    const watched = await Promise.all(Array.from({ length: viewers }, (_, viewer) => watch(viewer)));
    isOver = true;
    await looking;
    isolate.close();
    const total = watched.reduce((a, b) => a + b, 0);
    const most = Math.max(...looks.map(({ heap, buffers }) => heap + buffers));
    const resident = Math.max(...looks.map((look) => look.resident));
    const figure = (value: number) => (value / MEGABYTE).toFixed(0);
    console.log(
      `${who}: ${figure(total)} MB, isolate at most ${figure(most)} MB in ${looks.length} looks, process ${figure(resident)} MB, upstream ${(sum(film.take()) / total).toFixed(3)} ×`,
    );
    expect(looks.length).toBeGreaterThan(20);
    expect(most).toBeLessThan(limit * MEGABYTE);
  });
});
