import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readRange } from '../../core/bytes.ts';
import type { ByteRange, Source } from '../../core/contracts.ts';

/** A source that a child process can read by ranges. */
export interface Loopback {
  /** Of this machine alone, with a secret that is good for this one. */
  readonly url: string;
  /** What a read of the source failed with; null while none did. */
  failure(): unknown;
  close(): Promise<void>;
}

/** Serves the source to who knows its address, until it is closed. @throws of the source */
export async function openLoopback(source: Source, signal: AbortSignal): Promise<Loopback> {
  // Its size is known once something of it was read.
  await readRange(source, { start: 0, end: 1 }, signal);
  const path = `/${randomBytes(16).toString('hex')}`;
  const ended = new AbortController();
  let failed: unknown = null;
  const answering = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const work = answer(
      { source, path, signal: AbortSignal.any([signal, ended.signal]) },
      request,
      response,
    ).catch((error: unknown) => {
      if (!response.destroyed && !ended.signal.aborted) failed ??= error;
      response.destroy();
    });
    answering.add(work);
    void work.finally(() => answering.delete(work));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    failure: () => failed,
    async close() {
      ended.abort();
      server.closeAllConnections();
      const closed = once(server, 'close');
      server.close();
      await closed;
      await Promise.all(answering);
    },
  };
}

/** What a program makes of a source that it reads. What the source failed with goes before what the program says. */
export async function* throughLoopback(
  source: Source,
  signal: AbortSignal,
  run: (url: string) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const loopback = await openLoopback(source, signal);
  try {
    yield* run(loopback.url);
  } catch (error) {
    throw loopback.failure() ?? error;
  } finally {
    await loopback.close();
  }
}

interface Served {
  readonly source: Source;
  readonly path: string;
  readonly signal: AbortSignal;
}

async function answer(
  { source, path, signal }: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const isKnown = request.url === path && (request.method === 'GET' || request.method === 'HEAD');
  if (!isKnown) {
    response.writeHead(404).end();
    return;
  }
  const range = rangeOf(request.headers.range, source.size);
  response.writeHead(request.headers.range ? 206 : 200, headersOf(range, source.size, request));
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const left = new AbortController();
  response.on('close', () => left.abort());
  for await (const chunk of source.read(range, AbortSignal.any([signal, left.signal]))) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  response.end();
}

const END = 2 ** 52;

function rangeOf(text: string | undefined, size: number | null): ByteRange {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(text ?? '') ?? [];
  const end = size ?? END;
  if (first === undefined) return { start: 0, end };
  return { start: Number(first), end: last ? Math.min(end, Number(last) + 1) : end };
}

function headersOf(
  { start, end }: ByteRange,
  size: number | null,
  { headers }: IncomingMessage,
): Record<string, string> {
  const common = { 'Accept-Ranges': 'bytes', 'Content-Type': 'application/octet-stream' };
  if (size === null) return common;
  const length = { 'Content-Length': String(Math.max(0, end - start)) };
  return headers.range
    ? { ...common, ...length, 'Content-Range': `bytes ${start}-${end - 1}/${size}` }
    : { ...common, ...length };
}
