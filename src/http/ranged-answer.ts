import type { Context } from 'hono';
import type { ByteRange } from '../core/contracts.ts';
import { isNamedIn } from './conditional.ts';
import type { AppEnv } from './deps.ts';
import { askedRange } from './ranges.ts';
import { startingWith } from './starting-with.ts';

/** Bytes of which any can be had. */
export interface Ranged {
  readonly size: number;
  /** Names the bytes, strongly. */
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Called when sending ended too early, for whatever reason. */
  readonly onBroken?: (error: unknown) => void;
}

/**
 * Answers 200, 206, 304 or 416 as RFC 9110, 13 and 14 have it.
 * @throws what the first read does, when nothing is sent yet
 */
export async function answerRanged(c: Context<AppEnv>, ranged: Ranged): Promise<Response> {
  const { size, etag } = ranged;
  const headers = {
    ...ranged.headers,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'no-cache',
    ETag: etag,
    ...c.var.cors,
  };
  if (isNamedIn(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers);
  const condition = c.req.header('if-range');
  // Of other methods a range means nothing: RFC 9110, 14.2.
  const isMeant = c.req.method === 'GET' && (condition === undefined || condition === etag);
  const range = isMeant ? askedRange(c.req.header('range'), size) : null;
  if (range === 'beyond') return c.body(null, 416, { ...headers, 'Content-Range': `bytes */${size}` });
  const { start, end } = range ?? { start: 0, end: size };
  const part = range ? { 'Content-Range': `bytes ${start}-${end - 1}/${size}` } : {};
  const whole = { ...headers, ...part, 'Content-Length': String(end - start) };
  const status = range ? 206 : 200;
  if (c.req.method === 'HEAD') return c.body(null, status, whole);
  const { signal } = c.req.raw;
  const chunks = inLists(ranged.read({ start, end }, signal));
  const first = await chunks.next();
  return c.var.deps.sendChunks(c, {
    status,
    headers: whole,
    chunks: startingWith(first.done ? [] : [first.value], chunks),
    onBroken: (err) => {
      ranged.onBroken?.(err);
      if (!signal.aborted) c.var.deps.log.warn({ err }, 'file broken off');
    },
  });
}

async function* inLists(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Uint8Array[]> {
  for await (const chunk of chunks) yield [chunk];
}
