import { describe, expect, test } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { createParallelRanges } from '../../src/sources/parallel-ranges.ts';
import { createSparseCache } from '../../src/sources/sparse-cache.ts';
import {
  cutAfter,
  endlessly,
  expiring,
  file,
  type Handler,
  inTurn,
  misplaced,
  patternBytes,
  stallAfter,
} from '../helpers/upstream.ts';
import { expectBytes, httpClient, read, upstream } from './http-fixture.ts';

const bytes = patternBytes(3_000_000);
const other = patternBytes(3_000_000, 2);
const TAG = { etag: '"1"' };
const plain = file(bytes, { headers: TAG });
const BRIEF = { connect: 150, headers: 150, body: 150, backoff: 2 };

const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(code, headers).end('no bytes');
  };
const silent: Handler = () => {};
const reset: Handler = (request) => request.socket.destroy();
const withoutRanges: Handler = (_request, response) => {
  response.writeHead(200, TAG).end(bytes);
};
const ranged =
  (handler: Handler): Handler =>
  (request, response, seen) =>
    seen.range === undefined ? silent(request, response, seen) : handler(request, response, seen);
const headers = (more: Record<string, string>): Handler => file(bytes, { headers: { ...TAG, ...more } });

/** What an upstream does, and what comes of reading through cache, splitting and retries: the file's bytes or one code. */
const FAULTS: readonly (readonly [
  name: string,
  handler: () => Handler,
  due: 'equal' | MediaError['code'],
])[] = [
  ['nothing', () => plain, 'equal'],
  ['ranges only', () => ranged(plain), 'equal'],
  ['no ranges', () => withoutRanges, 'equal'],
  ['no validators', () => file(bytes), 'equal'],
  ['a total of *', () => file(bytes, { headers: TAG, total: '*' }), 'equal'],
  ['a wrong Content-Type', () => headers({ 'content-type': 'text/html' }), 'equal'],
  ['every connection closed', () => headers({ connection: 'close' }), 'equal'],
  ['resets before every second answer', () => endlessly(reset, plain), 'equal'],
  ['resets always', () => reset, 'upstream'],
  ['cuts after 50 kB', () => cutAfter(bytes, 50_000, TAG), 'equal'],
  ['cuts after 50 kB, no validators', () => cutAfter(bytes, 50_000), 'equal'],
  ['cuts after a byte', () => cutAfter(bytes, 1, TAG), 'upstream'],
  ['a stall once', () => inTurn(stallAfter(bytes, 70_000, TAG), plain), 'equal'],
  ['a stall at each answer', () => stallAfter(bytes, 70_000, TAG), 'upstream-timeout'],
  ['silence', () => silent, 'upstream-timeout'],
  ['500 before every answer', () => endlessly(status(500), plain), 'equal'],
  ['503 for ever', () => status(503, { 'retry-after': '0' }), 'upstream'],
  ['503 for an hour', () => status(503, { 'retry-after': '3600' }), 'upstream'],
  ['429 twice', () => inTurn(status(429, { 'retry-after': '0' }), status(429), plain), 'equal'],
  ['429 for ever', () => status(429, { 'retry-after': '0' }), 'rate'],
  ['404', () => status(404), 'not-found'],
  ['403', () => status(403), 'upstream'],
  ['a link good for one use', () => expiring(plain, 1), 'equal'],
  ['a link good for three uses', () => expiring(plain, 3), 'equal'],
  ['a link never good', () => expiring(plain, 0), 'upstream'],
  ['a Content-Range that is off by 100', () => misplaced(bytes, 100), 'upstream'],
  ['gzip', () => headers({ 'content-encoding': 'gzip' }), 'upstream'],
  [
    'another file after two answers',
    () => inTurn(plain, plain, file(other, { headers: { etag: '"2"' } })),
    'changed',
  ],
  ['another file behind a new link', () => expiring(inTurn(plain, plain, file(other)), 1), 'changed'],
];

/** Seconds within which everything is over, at these timeouts. */
const MOST = 5;

describe('an upstream with', () => {
  test.each(FAULTS)('%s', async (_name, handler, due) => {
    const server = await upstream(handler());
    const http = httpClient({ timeouts: BRIEF }).source({ url: `${server.url}/film`, headers: {} });
    const source = createSparseCache({ maxBytes: 32_000_000 }).wrap(
      createParallelRanges().wrap(http, () => 1e12),
    );
    const begun = performance.now();
    let outcome = 'equal';
    try {
      await readAsPlayersDo(source);
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      outcome = error.code;
    }
    expect(outcome).toBe(due);
    expect((performance.now() - begun) / 1000).toBeLessThan(MOST);
  });
});

/** Head, tail and probes at once, then stretches in no order, then all. */
async function readAsPlayersDo(source: Parameters<typeof read>[0]): Promise<void> {
  const check = async (start: number, end: number) =>
    expectBytes(await read(source, start, end), bytes.subarray(start, end));
  await check(0, 100_000);
  await Promise.all([check(2_900_000, 3_000_000), check(700_000, 720_000), check(1_500_000, 1_520_000)]);
  await check(2_000_000, 2_200_000);
  await check(900_000, 1_100_000);
  await check(0, 3_000_000);
}
