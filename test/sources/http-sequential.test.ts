import { describe, expect, test } from 'vitest';
import { concat } from '../../src/core/bytes.ts';
import type { Sequence } from '../../src/core/contracts.ts';
import { file, type Handler, inTurn, patternBytes } from '../helpers/upstream.ts';
import { expectBytes, failure, httpClient, NEVER, until, upstream } from './http-fixture.ts';

const bytes = patternBytes(600_000);

async function sourceOf(handler: Handler, headers: Record<string, string> = {}) {
  const server = await upstream(handler);
  return { server, source: httpClient().source({ url: `${server.url}/film.mkv`, headers }) };
}

async function all(sequence: Sequence, into: Uint8Array[] = []): Promise<Uint8Array> {
  for await (const chunk of sequence.open(NEVER)) into.push(chunk.slice());
  return concat(into);
}

/** The whole body to whatever is asked, cut after `length` bytes. */
const plain =
  (length = bytes.length, headers: Record<string, string> = {}, body = bytes): Handler =>
  (_request, response) => {
    response.writeHead(200, { 'content-length': String(body.length), ...headers });
    if (length >= body.length) response.end(body);
    else response.write(body.subarray(0, length), () => setTimeout(() => response.destroy(), 20));
  };

const chunkedCut: Handler = (_request, response) => {
  response.writeHead(200);
  response.write(bytes.subarray(0, 200_000), () => setTimeout(() => response.destroy(), 20));
};

describe('a resource read in order', () => {
  test('comes by one request without a range', async () => {
    const { server, source } = await sourceOf(plain());
    expectBytes(await all(source), bytes);
    expect(server.ranges()).toEqual([undefined]);
  });

  test('sends what the caller gave', async () => {
    const server = await upstream(plain());
    const source = httpClient().source({
      url: `http://ann:secret@127.0.0.1:${server.port}/film.mkv`,
      headers: { referer: 'http://a.example/' },
    });
    expectBytes(await all(source), bytes);
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: `Basic ${btoa('ann:secret')}`,
      referer: 'http://a.example/',
    });
  });

  test('goes on at the exact byte where ranges are answered after all', async () => {
    const { server, source } = await sourceOf(inTurn(plain(200_000), file(bytes)));
    expectBytes(await all(source), bytes);
    expect(server.ranges()).toEqual([undefined, 'bytes=200000-']);
  });

  test('is read again up to there where they are not', async () => {
    const { server, source } = await sourceOf(inTurn(plain(200_000), plain(400_000), plain()));
    expectBytes(await all(source), bytes);
    expect(server.requests).toHaveLength(3);
  });

  test.each([
    { name: 'another ETag', first: { etag: '"a"' }, second: { etag: '"b"' }, body: bytes },
    { name: 'another length', first: {}, second: {}, body: bytes.subarray(0, 500_000) },
    { name: 'another beginning', first: {}, second: {}, body: patternBytes(600_000, 2) },
  ])('$name: the file has changed, and nothing is spliced', async ({ first, second, body }) => {
    const { source } = await sourceOf(inTurn(plain(200_000, first), plain(body.length, second, body)));
    const given: Uint8Array[] = [];
    expect(await failure(all(source, given))).toMatchObject({ code: 'changed' });
    expectBytes(concat(given), bytes.subarray(0, 200_000));
  });

  test('of unknown length is over when it breaks: what came was given', async () => {
    const { server, source } = await sourceOf(chunkedCut);
    const given: Uint8Array[] = [];
    expect(await failure(all(source, given))).toMatchObject({ code: 'upstream' });
    expectBytes(concat(given), bytes.subarray(0, 200_000));
    expect(server.requests).toHaveLength(1);
  });

  test('that never comes further than the same byte is given up', async () => {
    const { server, source } = await sourceOf(plain(200_000));
    expect(await failure(all(source))).toMatchObject({ code: 'upstream' });
    expect(server.requests.length).toBeLessThanOrEqual(5);
  });

  test.each([
    { status: 404, code: 'not-found' },
    { status: 403, code: 'upstream' },
  ])('$status: $code', async ({ status, code }) => {
    const { source } = await sourceOf((_request, response) => void response.writeHead(status).end());
    expect(await failure(all(source))).toMatchObject({ code, upstreamStatus: status });
  });

  test('comes no faster than it is taken, and ends within a second of an abort', async () => {
    let sent = 0;
    const { server, source } = await sourceOf((_request, response) => {
      response.writeHead(200);
      const more = () => {
        if (response.destroyed) return;
        sent += 65_536;
        if (response.write(new Uint8Array(65_536))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    });
    const controller = new AbortController();
    const chunks = source.open(controller.signal)[Symbol.asyncIterator]();
    await chunks.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = sent;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sent).toBe(before);
    controller.abort(new Error('left'));
    await expect(
      (async () => {
        for (;;) if ((await chunks.next()).done) return;
      })(),
    ).rejects.toThrow('left');
    await until(() => server.requests[0]?.closedAt !== null);
  });

  test('whose reader returns is let go', async () => {
    const { server, source } = await sourceOf((_request, response) => {
      response.writeHead(200, { 'content-length': '100000000' });
      response.write(bytes);
    });
    for await (const _ of source.open(NEVER)) break;
    await until(() => server.requests[0]?.closedAt !== null);
  });
});
