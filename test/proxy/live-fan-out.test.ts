import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLiveFanOut, type LiveFanOut } from '../../src/proxy/live-fan-out.ts';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { createHttpClient, type HttpClient } from '../../src/sources/http.ts';
import { type Handler, startUpstream, type Upstream } from '../helpers/upstream.ts';

let upstream: Upstream;
let client: HttpClient;
let channels: LiveFanOut;

beforeAll(async () => {
  upstream = await startUpstream((_, response) => void response.end());
});
afterAll(() => upstream.close());
beforeEach(() => {
  upstream.requests.length = 0;
  client = createHttpClient({
    policy: addressPolicy({ allow: ['127.0.0.1'], allowPrivate: false }),
    timeouts: { connect: 500, headers: 500, body: 1000, backoff: 5 },
  });
  channels = createLiveFanOut(client);
  return async () => {
    channels.close();
    await client.close();
  };
});

/** A channel that counts: a number every 5 ms, in chunks of one size. */
const counting =
  (size: number, until = Number.POSITIVE_INFINITY): Handler =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'video/mp2t' });
    let n = 0;
    const timer = setInterval(() => {
      if (n++ < until) response.write(Buffer.alloc(size, n % 251));
      else response.destroy();
    }, 5);
    response.on('close', () => clearInterval(timer));
  };

const open = (signal = new AbortController().signal, path = '/channel') =>
  channels.open({ url: `${upstream.url}${path}`, headers: {} }, signal);

async function take(answer: { next(): Promise<Uint8Array | null> }, bytes: number): Promise<number> {
  let length = 0;
  while (length < bytes) {
    const chunk = await answer.next();
    if (!chunk) break;
    length += chunk.length;
  }
  return length;
}

it('twenty viewers of one channel are one request, and who comes late begins with what has just been on', async () => {
  upstream.answer(counting(1000));
  const viewers = await Promise.all(Array.from({ length: 20 }, () => open()));
  for (const viewer of viewers) expect(await take(viewer, 5000)).toBeGreaterThanOrEqual(5000);
  const late = await open();
  expect((await late.next())?.[0]).toBe(1);
  expect(upstream.requests).toHaveLength(1);
  await open(undefined, '/other');
  expect(upstream.requests).toHaveLength(2);
});

it('the request ends when the last viewer has left', async () => {
  upstream.answer(counting(1000));
  const leaving = new AbortController();
  const [first, second] = [await open(leaving.signal), await open()];
  await take(first, 2000);
  leaving.abort(new Error('gone'));
  await expect(take(first, 1e9)).rejects.toThrow('gone');
  expect(await take(second, 3000)).toBeGreaterThanOrEqual(3000);
  expect(upstream.requests[0]?.closedAt).toBeNull();
  second.close();
  await expect.poll(() => upstream.requests[0]?.closedAt, { timeout: 1000 }).not.toBeNull();
  await open();
  expect(upstream.requests).toHaveLength(2);
});

it('a channel that breaks off is asked for again, and its viewers stay', async () => {
  upstream.answer(counting(1000, 10));
  const viewer = await open();
  expect(await take(viewer, 25_000)).toBeGreaterThanOrEqual(25_000);
  expect(upstream.requests.length).toBeGreaterThanOrEqual(3);
});

it('who is too slow is left behind, and nobody waits for him', async () => {
  upstream.answer(counting(200_000));
  const [slow, fast] = [await open(), await open()];
  expect(await take(fast, 12_000_000)).toBeGreaterThanOrEqual(12_000_000);
  await expect(take(slow, 12_000_000)).rejects.toMatchObject({ code: 'busy' });
});

it('one viewer alone sets the pace of what comes faster than he takes it', async () => {
  const film = Buffer.alloc(30_000_000, 1);
  upstream.answer(
    (_, response) => void response.writeHead(200, { 'content-length': String(film.length) }).end(film),
  );
  const viewer = await open();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await take(viewer, film.length)).toBe(film.length);
  expect(await viewer.next()).toBeNull();
  expect(upstream.requests).toHaveLength(1);
});

it('a refusal reaches all who ask, and is not kept', async () => {
  upstream.answer((_, response) => void response.writeHead(403).end());
  await expect(Promise.all([open(), open()])).rejects.toMatchObject({ upstreamStatus: 403 });
  upstream.answer(counting(100));
  expect((await open()).status).toBe(200);
});
