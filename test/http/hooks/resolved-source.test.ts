import { describe, expect, it } from 'vitest';
import { readRange } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import type { Reach } from '../../../src/core/relay.ts';
import { openResolved } from '../../../src/http/hooks/resolved-source.ts';
import { createResolver } from '../../../src/http/hooks/resolver.ts';
import type { Access, OpenedSource } from '../../../src/pipeline/library.ts';
import type { MediaRequest } from '../../../src/proxy/token.ts';

const never = new AbortController().signal;
const FILM = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251);
const REQUEST: MediaRequest = {
  url: 'film',
  headers: {},
  video: null,
  audio: null,
  recovery: 'shown',
  isTrusted: false,
  expires: null,
};

interface Upstream {
  /** Bytes that it gives in all before it refuses; its bytes. */
  readonly good: number;
  readonly bytes: Uint8Array;
  /** `public` when absent. */
  readonly access?: Access;
  readonly url?: string;
}

const CHUNK = 10_000;

/** What comes of places by their URLs, in chunks. */
function opened({ good, bytes, access = 'public' }: Upstream, reads: string[], url: string): OpenedSource {
  let given = 0;
  async function* from(start: number, end: number) {
    reads.push(`${url} ${start}`);
    for (let at = start; at < Math.min(end, bytes.length); at += CHUNK) {
      if (given >= good) throw new MediaError('upstream', 'refused', { upstreamStatus: 403 });
      const chunk = bytes.subarray(at, Math.min(end, at + CHUNK));
      given += chunk.length;
      yield chunk;
    }
  }
  return {
    source: { size: bytes.length, read: ({ start, end }) => from(start, end) },
    sequence: { size: bytes.length, open: () => from(0, bytes.length) },
    access: () => access,
    want: () => undefined,
    isCurrent: async () => true,
    modified: () => 1234,
  };
}

/** As a private address for what is only to reach what is open to all. */
const FORBIDDEN = {
  size: null,
  read: () => ({
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new MediaError('unauthorized', 'refused')),
    }),
  }),
};

function scene(places: readonly Upstream[], reach?: Reach) {
  const reads: string[] = [];
  let n = 0;
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const resolver = createResolver({
    resolve: () => ({ url: places[n]?.url ?? `https://a.example/${n++}` }),
    log,
    now: () => 0,
  });
  const openSource = async ({ url }: MediaRequest, limits: { readonly reach?: Reach } = {}) => {
    const place = places.find((one) => one.url === url) ?? places[Number(url.split('/').at(-1))];
    if (!place) throw new Error('There are no more places');
    const isClosed = place.access === 'private' && limits.reach === 'open';
    const made = opened(place, reads, url.slice('https://a.example'.length));
    return isClosed ? { ...made, source: FORBIDDEN, access: () => 'private' as const } : made;
  };
  return { reads, film: openResolved(REQUEST, { resolver, openSource, reach }) };
}

const WHOLE = { start: 0, end: FILM.length };
const forEver = { good: Number.POSITIVE_INFINITY, bytes: FILM };

describe('a place that refuses in the middle', () => {
  it('is left for the next one at the very byte, once that was found to begin alike', async () => {
    const { film, reads } = scene([{ good: 120_000, bytes: FILM }, forEver]);
    expect(await readRange(film.source, WHOLE, never)).toEqual(FILM);
    expect(reads).toEqual(['/0 0', '/1 0', '/1 120000']);
    expect([film.source.size, film.access()]).toEqual([FILM.length, 'public']);
  });

  const OTHER = FILM.map((byte, i) => (i === 65_535 ? byte ^ 1 : byte));
  it.each([
    { name: 'begins otherwise', bytes: OTHER },
    { name: 'is longer', bytes: Uint8Array.from([...FILM, 0]) },
    { name: 'is shorter than what was read', bytes: FILM.subarray(0, 1000) },
  ])('is not left for one that $name', async ({ bytes }) => {
    const { film } = scene([
      { good: 120_000, bytes: FILM },
      { good: Number.POSITIVE_INFINITY, bytes },
    ]);
    await expect(readRange(film.source, WHOLE, never)).rejects.toMatchObject({ code: 'changed' });
  });

  it('is left by all who read at once for one and the same', async () => {
    const { film, reads } = scene([{ good: 120_000, bytes: FILM }, forEver]);
    const ranges = [0, 100_000, 200_000].map((start) => ({ start, end: start + 100_000 }));
    const parts = await Promise.all(ranges.map((range) => readRange(film.source, range, never)));
    expect(parts).toEqual(ranges.map(({ start, end }) => FILM.subarray(start, end)));
    expect(reads.some((read) => read.startsWith('/2'))).toBe(false);
  });

  it('is given up after two more that refuse', async () => {
    const refusing = { good: 100_000, bytes: FILM };
    const { film, reads } = scene([refusing, refusing, refusing, forEver]);
    await expect(readRange(film.source, WHOLE, never)).rejects.toMatchObject({ upstreamStatus: 403 });
    expect(new Set(reads.map((read) => read.split(' ')[0]))).toEqual(new Set(['/0', '/1', '/2']));
  });

  it('is what it is for who reads in order, once a byte is out', async () => {
    const { film } = scene([{ good: 120_000, bytes: FILM }, forEver]);
    const read = async () => {
      for await (const _ of film.sequence?.open(never) ?? []);
    };
    await expect(read()).rejects.toMatchObject({ upstreamStatus: 403 });
    const { film: fresh } = scene([{ good: 0, bytes: FILM }, forEver]);
    let length = 0;
    for await (const chunk of fresh.sequence?.open(never) ?? []) length += chunk.length;
    expect(length).toBe(FILM.length);
  });
});

describe('a title', () => {
  const first = { good: 120_000, bytes: FILM };
  it.each<{ name: string; from: Access; to: Access; url?: string; told: string }>([
    { name: 'open to all', from: 'public', to: 'named', told: 'public' },
    { name: 'named', from: 'named', to: 'public', told: 'named' },
    { name: 'private, and its new place is open', from: 'private', to: 'public', told: 'private' },
    { name: 'private', from: 'private', to: 'private', told: 'private' },
    { name: 'local, and its new place is open', from: 'local', to: 'public', told: 'local' },
  ])('stays what it was found to be: $name', async ({ from, to, told }) => {
    const { film } = scene([
      { ...first, access: from },
      { ...forEver, access: to },
    ]);
    expect(await readRange(film.source, WHOLE, never)).toEqual(FILM);
    expect(film.access()).toBe(told);
  });

  it.each<{ name: string; from: Access; to: Access; url?: string; reach?: Reach }>([
    { name: 'of a public place at a private one', from: 'public', to: 'private' },
    { name: 'of a named place at a private one', from: 'named', to: 'private' },
    { name: 'of a public place in a folder', from: 'public', to: 'local', url: 'root:films/a.mkv' },
    { name: 'of a private place in a folder', from: 'private', to: 'local', url: 'root:films/a.mkv' },
    { name: 'that another page opened, at a private one', from: 'public', to: 'private', reach: 'open' },
    {
      name: 'that another page opened, in a folder',
      from: 'public',
      to: 'local',
      url: 'root:films/a.mkv',
      reach: 'open',
    },
  ])('$name is opened anew: no byte of it is read there', async ({ from, to, reach, ...rest }) => {
    const { film, reads } = scene(
      [
        { ...first, access: from },
        { ...forEver, access: to, ...rest },
      ],
      reach,
    );
    await expect(readRange(film.source, WHOLE, never)).rejects.toMatchObject({ code: 'changed' });
    expect(reads).toEqual(['/0 0']);
  });

  it('that a page of another site opens first lies in no folder', async () => {
    const { film } = scene([{ ...forEver, access: 'local', url: 'root:films/a.mkv' }], 'open');
    await expect(readRange(film.source, WHOLE, never)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('was written when its file was', async () => {
    const { film } = scene([forEver]);
    expect(film.modified?.()).toBeNull();
    await readRange(film.source, { start: 0, end: 10 }, never);
    expect(film.modified?.()).toBe(1234);
  });
});
