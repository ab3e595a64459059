import { describe, expect, it } from 'vitest';
import { withAnswerCache } from '../../src/edge/answer-cache.ts';
import { RequestScope } from '../../src/edge/request-scope.ts';
import { Subrequests } from '../../src/edge/subrequests.ts';
import { fakeCache } from './fake-cache.ts';

const SEGMENT = 'https://media.example.org/hls/token/version/v0/3.m4s';
const FOR_ALL = { 'cache-control': 'public, max-age=31536000, immutable', etag: '"tag"' };
const MEGABYTE = 2 ** 20;

interface Asked {
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly status?: number;
  readonly isValid?: boolean;
  readonly requestHeaders?: Record<string, string>;
}

const film = Uint8Array.from({ length: 100_000 }, (_, i) => i);

/** Asks twice; how often the answer was made, and what the second one was. */
async function askTwice({
  url = SEGMENT,
  method = 'GET',
  headers = FOR_ALL,
  body = film,
  status = 200,
  isValid = true,
  requestHeaders = {},
}: Asked) {
  const { cache } = fakeCache();
  let made = 0;
  const ask = async () => {
    const background: Promise<unknown>[] = [];
    const request = new Request(url, { method, headers: requestHeaders });
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const scope = new RequestScope(
      { waitUntil: (work) => background.push(work) },
      { subrequests: new Subrequests(50), signal: request.signal, log },
    );
    const make = async () => {
      made++;
      return new Response(new Blob([body]).stream(), { status, headers });
    };
    const answer = await withAnswerCache(request, { cache, scope, isValid: async () => isValid }, make);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    for (let n = 0; n < background.length; n++) await background[n];
    return { bytes, etag: answer.headers.get('etag') };
  };
  await ask();
  return { ...(await ask()), made: () => made };
}

describe('answers that never change', () => {
  it.each(['3.m4s', 'init.mp4'])('%s is made once', async (name) => {
    const { bytes, etag, made } = await askTwice({ url: SEGMENT.replace('3.m4s', name) });
    expect(made()).toBe(1);
    expect({ etag, isSame: Buffer.compare(bytes, film) === 0 }).toEqual({ etag: '"tag"', isSame: true });
  });

  it.each<[string, Asked]>([
    ['what is not for everybody', { headers: { 'cache-control': 'private, max-age=31536000, immutable' } }],
    ['what may change', { headers: { 'cache-control': 'no-cache' } }],
    ['a playlist', { url: SEGMENT.replace('3.m4s', 'index.m3u8') }],
    ['an error', { status: 404 }],
    ['who asks whether it is still the same', { requestHeaders: { 'if-none-match': '"x"' } }],
    ['an address that is over', { isValid: false }],
    ['what is larger than memory has room for', { body: new Uint8Array(5 * MEGABYTE) }],
  ])('not %s', async (_, asked) => {
    expect((await askTwice(asked)).made()).toBe(2);
  });
});
