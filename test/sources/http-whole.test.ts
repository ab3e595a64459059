import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { type Handler, patternBytes } from '../helpers/upstream.ts';
import { expectBytes, failure, httpClient, read, until, upstream } from './http-fixture.ts';

const bytes = patternBytes(300_000);

async function sourceOf(handler: Handler, headers: Record<string, string> = {}) {
  const server = await upstream(handler);
  return { server, source: httpClient().source({ url: `${server.url}/film.mkv`, headers }) };
}

describe('servers without ranges', () => {
  const plain: Handler = (_request, response) => {
    response.writeHead(200, { 'content-length': String(bytes.length) }).end(bytes);
  };

  test('a small body is read once, for all readers', async () => {
    const { server, source } = await sourceOf(plain);
    const [a, b] = await Promise.all([read(source, 0, 100), read(source, 250_000, 400_000)]);
    expectBytes(a, bytes.subarray(0, 100));
    expectBytes(b, bytes.subarray(250_000));
    expect(await read(source, 5, 50)).toEqual(bytes.subarray(5, 50));
    expect(await read(source, 300_000, 300_050)).toEqual(new Uint8Array(0));
    expect(source.size).toBe(300_000);
    expect(server.requests.length).toBeLessThanOrEqual(2); // the two that began together
  });

  test('of unknown length too', async () => {
    const { source } = await sourceOf((_request, response) => {
      response.writeHead(200).write(bytes.subarray(0, 1000));
      response.end(bytes.subarray(1000));
    });
    expect(await read(source, 990, 1010)).toEqual(bytes.subarray(990, 1010));
    expect(source.size).toBe(300_000);
  });

  test('a large one is an error that says so', async () => {
    const { source } = await sourceOf((_request, response) => {
      response.writeHead(200, { 'content-length': String(LIMITS.wholeWithoutIndex + 1) }).write('x');
    });
    const error = await failure(read(source, 0, 10));
    expect(error).toMatchObject({
      code: 'upstream',
      message: expect.stringContaining('does not answer byte ranges'),
    });
  });

  test.each([400, 405, 406, 416])('%i to the range is tried once more plain', async (status) => {
    const { server, source } = await sourceOf((request, response, seen) => {
      if (seen.range !== undefined) response.writeHead(status).end();
      else plain(request, response, seen);
    });
    expect(await read(source, 1, 5)).toEqual(bytes.subarray(1, 5));
    expect(server.ranges()).toEqual(['bytes=1-4', undefined]);
  });

  test('a reader that leaves does not take the body from the others', async () => {
    const { server, source } = await sourceOf((_request, response) => {
      response.writeHead(200, { 'content-length': String(bytes.length) });
      response.write(bytes.subarray(0, 1000));
      setTimeout(() => response.end(bytes.subarray(1000)), 100);
    });
    const leaver = new AbortController();
    const left = source.read({ start: 0, end: 10 }, leaver.signal)[Symbol.asyncIterator]().next();
    const stayed = read(source, 5, 10);
    await until(() => server.requests.length === 2);
    setTimeout(() => leaver.abort(new Error('enough')), 50);
    await expect(left).rejects.toThrow('enough');
    expect(await stayed).toEqual(bytes.subarray(5, 10));
  });

  test('that comes in single bytes', async () => {
    const { source } = await sourceOf((_request, response) => {
      response.writeHead(200);
      response.socket?.setNoDelay(true);
      for (let at = 0; at < 10_000; at++) response.write(bytes.subarray(at, at + 1)); // chunked: a frame each
      response.end(bytes.subarray(10_000));
    });
    expectBytes(await read(source, 0, 400_000), bytes);
  });

  test('those under way are bounded: the one too many is told to come again', async () => {
    const half = LIMITS.wholeBodies / 2 - 1_000_000;
    const { server } = await sourceOf((_request, response) => {
      response.writeHead(200);
      const chunk = new Uint8Array(1_000_000);
      for (let sent = 0; sent < half; sent += chunk.length) response.write(chunk);
    });
    const client = httpClient();
    const leaver = new AbortController();
    const reads = [0, 1, 2].map(async (n) => {
      const source = client.source({ url: `${server.url}/${n}`, headers: {} });
      for await (const _ of source.read({ start: 0, end: 10 }, leaver.signal)) return 'bytes';
      return 'none';
    });
    const first = await failure(Promise.race(reads));
    expect(first).toMatchObject({ code: 'busy' });
    leaver.abort(new Error('enough'));
    await Promise.allSettled(reads);
  });

  test('when all leave the request ends', async () => {
    const { server, source } = await sourceOf((_request, response) => {
      response.writeHead(200, { 'content-length': String(bytes.length) }).write('x');
    });
    const leaver = new AbortController();
    const left = source.read({ start: 0, end: 10 }, leaver.signal)[Symbol.asyncIterator]().next();
    setTimeout(() => leaver.abort(new Error('enough')), 50);
    await expect(left).rejects.toThrow('enough');
    await until(() => server.requests[0]?.closedAt !== null);
  });
});
