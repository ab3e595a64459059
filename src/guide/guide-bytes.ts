import { createReadStream } from 'node:fs';
import { MediaError } from '../core/errors.ts';
import type { Relay } from '../core/relay.ts';

/** Bytes of the guide at a place: a URL, or a path. @throws MediaError that names no address */
export function guideBytes(place: string, relay: Relay, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return /^https?:\/\//i.test(place) ? fetched(place, relay, signal) : fileBytes(place, signal);
}

async function* fetched(url: string, relay: Relay, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const asking = { method: 'get', range: null, conditions: {} } as const;
  const answer = await relay.relay({ url, headers: {} }, asking, signal);
  try {
    for (let chunk = await answer.next(); chunk; chunk = await answer.next()) yield chunk;
  } finally {
    answer.close();
  }
}

async function* fileBytes(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { signal });
  } catch {
    signal.throwIfAborted();
    throw new MediaError('not-found', 'The file of a guide cannot be read');
  }
}
