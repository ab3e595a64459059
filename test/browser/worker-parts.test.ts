import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import { whyNoDecoder } from '../../src/audio/decoders.ts';
import { openFile } from '../../src/browser/file-source.ts';
import { appRequest } from '../../src/browser/route.ts';
import { LRUCache as SmallLru } from '../../src/browser/small-lru.ts';
import { reasonAgainst } from '../../src/browser/sound-desk.ts';
import type { SoundConfig } from '../../src/core/media.ts';
import { createSparseCache } from '../../src/sources/sparse-cache.ts';

const cache = createSparseCache({ maxBytes: 2 ** 20 });
const { signal } = new AbortController();

describe('the cache of the worker', () => {
  it.each([
    { name: 'a number of entries', options: { max: 3 } },
    { name: 'a sum of sizes', options: { maxSize: 20, sizeCalculation: ({ size }: Sized) => size } },
  ])('does as lru-cache does within $name', ({ options }) => {
    const gone: Record<'small' | 'large', Sized[]> = { small: [], large: [] };
    const caches: readonly Cache[] = [
      new SmallLru<number, Sized>({ ...options, dispose: (value) => void gone.small.push(value) }),
      new LRUCache<number, Sized>({ ...options, dispose: (value) => void gone.large.push(value) }),
    ];
    const next = randomNumbers(7);
    for (let i = 0; i < 600; i++) {
      const [step, key, value] = [STEPS[next(STEPS.length)], next(6), { size: 1 + next(24) }];
      const [small, large] = caches.map((cache) => [
        step?.(cache, key, value),
        cache.size,
        cache.calculatedSize,
      ]);
      expect(small, `step ${i}: ${step}`).toEqual(large);
    }
    expect(gone.small.length).toBeGreaterThan(100);
    expect(gone.small).toEqual(gone.large);
  });
});

interface Sized {
  readonly size: number;
}

/** What the modules of the worker use. */
type Cache = Pick<
  LRUCache<number, Sized>,
  'get' | 'peek' | 'has' | 'delete' | 'clear' | 'pop' | 'size' | 'calculatedSize'
> & { set(key: number, value: Sized): unknown };

const STEPS: readonly ((cache: Cache, key: number, value: Sized) => unknown)[] = [
  (cache, key) => cache.get(key),
  (cache, key) => cache.peek(key),
  (cache, key) => cache.has(key),
  (cache, key) => cache.delete(key),
  (cache) => cache.pop(),
  (cache, key) => (key === 0 ? cache.clear() : undefined),
  ...Array.from({ length: 6 }, () => (cache: Cache, key: number, value: Sized) => void cache.set(key, value)),
];

/** Repeatable. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
}

describe('sound in the worker', () => {
  it.each<SoundConfig['codec']>([
    'ac3',
    'eac3',
    'dts',
    'mp2',
    'mp3',
    'vorbis',
    'opus',
    'flac',
    'alac',
    'pcm',
    'aac',
    'truehd',
  ])('says of %s what the decoders say', (codec) => {
    const config = { codec } as SoundConfig;
    expect(reasonAgainst(config)).toBe(whyNoDecoder(config));
  });
});

describe('what the worker answers', () => {
  const scope = new URL('https://example.org/films/player/');
  it.each([
    ['https://example.org/hls/master.m3u8?d=upload:a', '/hls/master.m3u8'],
    ['https://example.org/films/player/hls/token/v/v0/3.m4s', '/hls/token/v/v0/3.m4s'],
    ['https://example.org/probe?d=upload:a', '/probe'],
    ['https://example.org/films/player/', null],
    ['https://example.org/films/player/page.js', null],
    ['https://example.org/hlsfoo', null],
    ['https://elsewhere.org/hls/master.m3u8', null],
  ])('%s is %s', (address, path) => {
    const request = appRequest(new Request(address), scope);
    expect(request && new URL(request.url).pathname).toBe(path);
  });
});

describe('a file as a source', () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7);
  const read = async (file: File, start: number, end: number) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of openFile(file, cache).source.read({ start, end }, signal)) chunks.push(chunk);
    return new Uint8Array(Buffer.concat(chunks));
  };

  it.each([
    [0, 10],
    [100_000, 250_000],
    [299_990, 400_000],
    [300_000, 300_010],
  ])('gives bytes %i to %i, as far as there are any', async (start, end) => {
    expect(await read(new File([bytes], 'film'), start, end)).toEqual(bytes.slice(start, end));
  });

  it('stops when nobody wants it any more', async () => {
    const controller = new AbortController();
    const chunks = openFile(new File([bytes], 'film'), cache).source.read(
      { start: 0, end: 300_000 },
      controller.signal,
    );
    const reader = chunks[Symbol.asyncIterator]();
    await reader.next();
    controller.abort(new Error('gone'));
    await expect(reader.next()).rejects.toThrow('gone');
  });
});
