import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SparseFile, type SparseOptions, sparseMatroska } from '../helpers/sparse-matroska.ts';
import { askedRange } from '../helpers/upstream.ts';

/** One request that the upstream got: when it came and when it was answered whole, and what went out. */
export interface Transfer {
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
}

export interface FilmServer {
  readonly url: string;
  readonly film: SparseFile;
  /** Finished and unfinished transfers since the last call. */
  take(): readonly Transfer[];
  close(): Promise<void>;
}

interface Served {
  start: number;
  end: number;
  bytes: number;
}

/** A film on disk that is mostly holes, served by ranges, each answer `latency` milliseconds late. */
export async function serveFilm(options: SparseOptions, latency: number): Promise<FilmServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-measure-'));
  const path = join(folder, 'film.mkv');
  const film = sparseMatroska(path, options);
  const served = await serveFile(path, latency);
  return {
    ...served,
    film,
    async close() {
      await served.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Serves a file by ranges and notes every transfer. */
export async function serveFile(path: string, latency: number): Promise<Omit<FilmServer, 'film'>> {
  const { size } = statSync(path);
  let transfers: Served[] = [];
  const server: Server = createServer((request, response) => {
    const transfer: Served = { start: performance.now(), end: Number.POSITIVE_INFINITY, bytes: 0 };
    transfers.push(transfer);
    const range = askedRange(request.headers.range, size);
    if (range === 'beyond') return void response.writeHead(416).end();
    const { start, end } = range ?? { start: 0, end: size };
    response.on('close', () => {
      transfer.end = performance.now();
    });
    setTimeout(() => {
      response.writeHead(range ? 206 : 200, {
        'content-length': end - start,
        'content-range': `bytes ${start}-${end - 1}/${size}`,
        etag: '"film"',
      });
      const body = createReadStream(path, { start, end: end - 1 });
      body.on('data', (chunk) => {
        transfer.bytes += chunk.length;
      });
      response.on('close', () => body.destroy());
      body.pipe(response);
    }, latency);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/film.mkv`,
    take() {
      const taken = transfers;
      transfers = [];
      return taken;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const sum = (transfers: readonly Transfer[]): number =>
  transfers.reduce((total, { bytes }) => total + bytes, 0);

/**
 * Waits one after the other: transfers that begin before the first of their group has been answered are one round
 * trip, since none of them can depend on its answer.
 */
export function roundTrips(transfers: readonly Transfer[], latency: number): number {
  let count = 0;
  let answered = Number.NEGATIVE_INFINITY;
  for (const { start } of transfers.toSorted((a, b) => a.start - b.start))
    if (start >= answered) {
      count++;
      answered = start + latency;
    }
  return count;
}
