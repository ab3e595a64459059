import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { sparseMatroska } from '../helpers/sparse-matroska.ts';

const MEGABYTE = 2 ** 20;
const SECONDS = 1000;
const BYTES_PER_SECOND = 2_000_000;
/** Bytes a second and bytes of memory that were asked for, on two cores of which the sender takes one. */
const MIN_RATE = 200e6;
const MAX_MEMORY = 150 * MEGABYTE;

describe('two gigabytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-remux-'));
  const film = join(folder, 'film.mkv');
  let size = 0;
  let sluice: RunningSluice;

  beforeAll(async () => {
    const options = { seconds: SECONDS, bytesPerSecond: BYTES_PER_SECOND, gopSeconds: 2, paddedEvery: 1 };
    size = sparseMatroska(film, options).size;
    sluice = await startSluice({ args: ['--uploads', join(folder, 'uploads')] });
  }, 60_000);
  afterAll(async () => {
    await sluice?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Sends the film in a form, and reads what comes. */
  function send(path: string): Promise<{ readonly status: number; readonly bytes: number }> {
    const type = 'multipart/form-data; boundary=boundary';
    return new Promise((resolve, reject) => {
      const outgoing = request(`${sluice.url}${path}`, { method: 'POST', headers: { 'Content-Type': type } });
      outgoing.on('error', reject).on('response', (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes }));
      });
      outgoing.write('--boundary\r\nContent-Disposition: form-data; name="f"; filename="film.mkv"\r\n\r\n');
      const file = createReadStream(film, { highWaterMark: MEGABYTE });
      file.on('error', reject).on('end', () => outgoing.end('\r\n--boundary--\r\n'));
      file.pipe(outgoing, { end: false });
    });
  }

  const peak = () => {
    const status = readFileSync(`/proc/${sluice.process.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  };

  it.for([
    ['/remux', 200],
    ['/uploads', 201],
  ] as const)('through %s: fast, in bounded memory', { timeout: 120_000 }, async ([path, expected]) => {
    const start = performance.now();
    const { status, bytes } = await send(path);
    const rate = (size / (performance.now() - start)) * 1000;
    const memory = peak();
    console.log(`${path}: ${(rate / 1e6).toFixed(0)} MB/s, ${(memory / MEGABYTE).toFixed(0)} MB at most`);
    expect(status).toBe(expected);
    if (path === '/remux') expect(bytes).toBeGreaterThan(0.99 * SECONDS * BYTES_PER_SECOND);
    expect(memory).toBeLessThan(MAX_MEMORY);
    expect(rate).toBeGreaterThan(MIN_RATE);
  });
});
