import type { LRUCache } from 'lru-cache';
import { BLOCK, type BlockStore } from './block-cache.ts';
import type { EdgeCache } from './platform.ts';
import type { RequestScope } from './request-scope.ts';

/** Subrequests left below which no block is kept, and none looked up: what is left is for the media themselves. */
const KEEPING = 20;
const LOOKING = 12;
/** Blocks on their way into the cache at a time: each is held in memory until it is there. */
const PUTS = 3;
/** Seconds that a block is kept: its name holds all that is known of the file, which might still not be all. */
const AGE = 24 * 3600;

export interface BlockStoreOptions {
  /** What all requests of this isolate read last. */
  readonly memory: LRUCache<string, Uint8Array>;
  readonly cache: EdgeCache | null;
  readonly scope: RequestScope;
  /** Cannot be guessed, and names these bytes only. */
  readonly resource: string;
  readonly size: number;
}

/** Blocks in memory and in the Cache API, under addresses that lead nowhere. */
export function blockStore(options: BlockStoreOptions): BlockStore {
  const { memory, cache, scope, resource, size } = options;
  const { subrequests, signal } = scope;
  let puts = 0;
  const keyOf = (n: number) => `https://blocks.sluice.invalid/${resource}/${n}`;
  const lengthOf = (n: number) => Math.min(BLOCK, size - n * BLOCK);

  async function find(cached: EdgeCache, n: number): Promise<Uint8Array | null> {
    const release = await subrequests.take(signal);
    try {
      const found = await cached.match(keyOf(n));
      const bytes = found ? new Uint8Array(await found.arrayBuffer()) : null;
      return bytes?.length === lengthOf(n) ? bytes : null;
    } finally {
      release();
    }
  }

  async function keep(cached: EdgeCache, n: number, bytes: Uint8Array): Promise<void> {
    const release = await subrequests.take(signal);
    const headers = { 'Cache-Control': `public, max-age=${AGE}`, 'Content-Type': 'application/octet-stream' };
    try {
      await cached.put(keyOf(n), new Response(bytes as Uint8Array<ArrayBuffer>, { headers }));
    } finally {
      release();
    }
  }

  return {
    get takesMore() {
      return cache === null || subrequests.left > KEEPING;
    },
    async get(n) {
      const held = memory.get(keyOf(n));
      if (held || !cache || subrequests.left <= LOOKING) return held ?? null;
      try {
        const found = await find(cache, n);
        if (found) memory.set(keyOf(n), found);
        return found;
      } catch (err) {
        if (!signal.aborted) scope.log.warn({ err }, 'the cache of blocks could not be read');
        return null;
      }
    },
    put(n, bytes) {
      memory.set(keyOf(n), bytes);
      if (!cache || subrequests.left <= KEEPING || puts >= PUTS) return;
      puts++;
      scope.later('a block could not be kept', async () => {
        await keep(cache, n, bytes).finally(() => puts--);
      });
    },
  };
}
