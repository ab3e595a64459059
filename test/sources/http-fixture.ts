import { setMaxListeners } from 'node:events';
import { afterEach, expect } from 'vitest';
import { readRange } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { createHttpClient, type HttpClientOptions } from '../../src/sources/http.ts';
import { type Handler, startUpstream, type Upstream } from '../helpers/upstream.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Runs it after the test, the last one first. */
export const cleanUp = (cleanup: () => Promise<void>): void => void cleanups.push(cleanup);

export const QUICK = { connect: 1000, headers: 1000, body: 1000, backoff: 2 };
export const ANY_ADDRESS = addressPolicy({ allow: [], allowPrivate: true });
export const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER); // all concurrent reads of a test share it

export async function upstream(handler: Handler): Promise<Upstream> {
  const server = await startUpstream(handler);
  cleanups.push(() => server.close());
  return server;
}

export function httpClient(options: Partial<HttpClientOptions> = {}) {
  const client = createHttpClient({ policy: ANY_ADDRESS, timeouts: QUICK, ...options });
  cleanups.push(() => client.close());
  return client;
}

/** All names lead to this machine. */
export const localLookup = async () => [{ address: '127.0.0.1', family: 4 }];

export const read = (source: Source, start: number, end: number): Promise<Uint8Array> =>
  readRange(source, { start, end }, NEVER);

/** The MediaError that the promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<MediaError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof MediaError) return error;
    throw error;
  }
  throw new Error('Expected a MediaError');
}

export async function until(condition: () => boolean, milliseconds = 1000): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > milliseconds) throw new Error('That did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Compares without the walk over every element that `toEqual` takes. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  const at =
    Buffer.compare(actual, expected) === 0 ? -1 : actual.findIndex((byte, i) => byte !== expected[i]);
  expect(at, 'first differing byte').toBe(-1);
}
