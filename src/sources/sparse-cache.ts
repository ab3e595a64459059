import type { ByteRange, Source } from '../core/contracts.ts';
import { LIMITS } from '../core/limits.ts';
import { type Budget, budget, Extents } from './extents.ts';
import { Reader, SharedFetch } from './shared-fetch.ts';

/** Keeps what was read of many sources, within one budget, and shares what is being read. */
export interface SparseCache {
  /** The same bytes, each fetched once while it is held; concurrent readers of missing bytes share one fetch. */
  wrap(source: Source): Source;
  stats(): SparseCacheStats;
  /** Drops the bytes of a source that `wrap` returned; reads under way go on. */
  forget(source: Source): void;
}

export interface SparseCacheStats {
  /** Allocated bytes. */
  readonly bytes: number;
  readonly maxBytes: number;
  readonly extents: number;
  /** Upstream reads under way. */
  readonly activeFetches: number;
  /** Upstream reads since the start. */
  readonly fetches: number;
  /** Bytes handed to readers that were there already when they came. */
  readonly hitBytes: number;
  /** Bytes handed to readers that had to wait for them. */
  readonly missBytes: number;
}

interface Counters {
  activeFetches: number;
  fetches: number;
  hitBytes: number;
  missBytes: number;
}

export function createSparseCache({ maxBytes }: { readonly maxBytes: number }): SparseCache {
  const memory = budget(maxBytes);
  const counters: Counters = { activeFetches: 0, fetches: 0, hitBytes: 0, missBytes: 0 };
  const wrapped = new WeakMap<Source, CachedSource>();
  return {
    wrap(source) {
      const cached = new CachedSource(source, memory, counters);
      wrapped.set(cached, cached);
      return cached;
    },
    stats: () => ({
      ...counters,
      bytes: memory.lru.calculatedSize + memory.awaited,
      maxBytes,
      extents: memory.lru.size,
    }),
    forget: (source) => wrapped.get(source)?.forget(),
  };
}

class CachedSource implements Source {
  readonly #source: Source;
  readonly #budget: Budget;
  readonly #counters: Counters;
  readonly #extents: Extents;
  /** The active ones: what they have still to deliver never overlaps, with each other or with what is held. */
  readonly #fetches = new Set<SharedFetch>();
  /** A byte at or behind the end of the resource, found by reading. */
  #eof = Number.POSITIVE_INFINITY;

  constructor(source: Source, memory: Budget, counters: Counters) {
    this.#source = source;
    this.#budget = memory;
    this.#counters = counters;
    this.#extents = new Extents(memory);
  }

  get size(): number | null {
    return this.#source.size;
  }

  forget(): void {
    this.#extents.clear();
    this.#eof = Number.POSITIVE_INFINITY;
  }

  async *read(range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted();
    if (this.#passes(range)) {
      yield* this.#source.read(range, signal);
      return;
    }
    const reader = new Reader(range.start, range.end);
    const onAbort = () => {
      reader.fail(signal.reason);
      reader.leave(); // at once, however long the consumer takes to ask again
    };
    signal.addEventListener('abort', onAbort);
    try {
      this.#plan(reader);
      while (reader.position < this.#endFor(reader)) {
        signal.throwIfAborted();
        const bytes = this.#cached(reader) ?? (await this.#awaited(reader));
        if (bytes === null) continue; // its fetch ended before: look again
        reader.advance(bytes.length);
        yield bytes;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      reader.leave();
    }
  }

  /** What is longer than the cache is large would push out all else, and be pushed out before it is read again. */
  #passes({ start, end }: ByteRange): boolean {
    return Math.min(end, this.#source.size ?? start) - start > this.#budget.maxBytes;
  }

  #endFor(reader: Reader): number {
    return Math.min(reader.end, this.#source.size ?? this.#eof, this.#eof);
  }

  #cached(reader: Reader): Uint8Array | null {
    const bytes = this.#extents.view(reader.position, this.#endFor(reader));
    this.#counters.hitBytes += bytes?.length ?? 0;
    return bytes;
  }

  async #awaited(reader: Reader): Promise<Uint8Array | null> {
    this.#plan(reader);
    const fetch = this.#fetchOf(reader.position);
    const bytes = fetch ? await reader.wait(fetch) : null;
    this.#counters.missBytes += bytes?.length ?? 0;
    return bytes;
  }

  /** Joins or starts the fetches of the reader's next holes: all at once, so that they cost one round trip. */
  #plan(reader: Reader): void {
    const end = this.#endFor(reader);
    let at = this.#extents.firstMissing(reader.position);
    while (at < end && (at === reader.position || reader.fetches.size < LIMITS.holes)) {
      const fetch = this.#fetchOf(at) ?? this.#start(at, end);
      const isNear = at - fetch.position <= this.#budget.readAhead(1);
      const joined = isNear ? fetch : this.#takeOver(fetch, at, end);
      joined.join(reader);
      at = this.#extents.firstMissing(joined.end);
    }
  }

  /** The active fetch that will deliver the byte at `position`. */
  #fetchOf(position: number): SharedFetch | undefined {
    for (const fetch of this.#fetches) if (fetch.position <= position && position < fetch.end) return fetch;
    return undefined;
  }

  /** Waiting until `fetch` comes to `at` would take long: another one starts there, and `fetch` ends there. */
  #takeOver(fetch: SharedFetch, at: number, end: number): SharedFetch {
    const until = Math.min(fetch.end, end);
    fetch.shorten(at);
    return this.#start(at, until);
  }

  #start(start: number, end: number): SharedFetch {
    let gapEnd = this.#extents.gapEnd(start, end);
    for (const { position } of this.#fetches) if (position > start) gapEnd = Math.min(gapEnd, position);
    const fetch = new SharedFetch({
      source: this.#source,
      extents: this.#extents,
      start,
      end: gapEnd,
      readAhead: () => this.#budget.readAhead(this.#counters.activeFetches),
      onDone: (done, eof) => {
        this.#fetches.delete(done);
        this.#counters.activeFetches--;
        if (eof !== null) this.#eof = Math.min(this.#eof, eof);
      },
    });
    this.#fetches.add(fetch);
    this.#counters.activeFetches++;
    this.#counters.fetches++;
    void fetch.run();
    return fetch;
  }
}
