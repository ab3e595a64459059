import { LRUCache } from 'lru-cache';
import { LIMITS } from '../core/limits.ts';

/** One contiguous piece of a source in memory; its buffer may be filled only in part. */
export interface Extent {
  readonly owner: Extents;
  readonly start: number;
  readonly bytes: Uint8Array;
  filled: number;
  /** False once it was evicted: nobody finds its bytes any more, views of them stay good. */
  held: boolean;
  /** Read ahead and not read yet: what was read already goes first, however short ago that was. */
  isAwaited: boolean;
}

/** All extents of all sources; counts what is allocated, not what is filled. */
export interface Budget {
  /** Those that were read, least recently first: all that can be evicted. */
  readonly lru: LRUCache<Extent, Extent>;
  /** Of those that were read and those that are awaited, together. */
  readonly maxBytes: number;
  /** Allocated bytes of those that are still awaited. */
  awaited: number;
  /** Size of the largest extent: at most 1 MiB, and small enough that many readers have one each. */
  readonly extentSize: number;
  /** How far each of so many fetches may run ahead of its readers. */
  readAhead(fetches: number): number;
}

export function budget(maxBytes: number): Budget {
  const forReadAhead = Math.floor(maxBytes / 4);
  const lru = new LRUCache<Extent, Extent>({
    maxSize: maxBytes,
    dispose: (extent) => extent.owner.remove(extent),
  });
  return {
    lru,
    maxBytes,
    awaited: 0,
    extentSize: Math.max(1, Math.min(LIMITS.extent, Math.floor(maxBytes / 64))),
    readAhead: (fetches) => Math.min(LIMITS.readAhead, Math.floor(forReadAhead / Math.max(1, fetches))),
  };
}

/** The bytes of one source that are in memory. */
export class Extents {
  readonly #budget: Budget;
  /** By start; filled parts never overlap. */
  readonly #sorted: Extent[] = [];

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** A view of the bytes from `position` on that lie in one buffer, at most up to `end`; null if the first is missing. */
  view(position: number, end: number): Uint8Array | null {
    const extent = this.#sorted[this.#indexAt(position)];
    if (!extent || position >= extent.start + extent.filled) return null;
    if (extent.isAwaited) this.release(extent);
    else this.#budget.lru.get(extent);
    return extent.bytes.subarray(position - extent.start, Math.min(end - extent.start, extent.filled));
  }

  /** The first missing byte at or after `position`. */
  firstMissing(position: number): number {
    let at = position;
    for (let i = Math.max(0, this.#indexAt(position)); i < this.#sorted.length; i++) {
      const extent = this.#sorted[i];
      if (!extent || extent.start > at) break;
      at = Math.max(at, extent.start + extent.filled);
    }
    return at;
  }

  /** Where the missing bytes from `position` on end, at most `end`. */
  gapEnd(position: number, end: number): number {
    const next = this.#sorted[this.#indexAt(position) + 1];
    return next ? Math.min(end, next.start) : end;
  }

  /** An empty extent at `start`, in which at most `length` bytes are expected. It stays until it is released. */
  allocate(start: number, length: number): Extent {
    const extent = this.#insert(start, new Uint8Array(Math.min(this.#budget.extentSize, length)));
    this.#budget.awaited += extent.bytes.length;
    this.#makeRoom();
    // So many fetches that the least they need is too much: then what comes first goes first.
    if (this.#budget.awaited > this.#budget.maxBytes / 2) this.release(extent);
    return extent;
  }

  /** It was read, or nobody waits for it any more: it may be evicted in its turn. */
  release(extent: Extent): void {
    if (!extent.isAwaited) return;
    this.#settle(extent);
    this.#budget.lru.set(extent, extent, { size: extent.bytes.length });
  }

  /** Gives back what an extent will not use, where that is worth a copy. */
  trim(extent: Extent): void {
    const spare = extent.bytes.length - extent.filled;
    if (!extent.held || spare <= extent.bytes.length / 8) return;
    this.#drop(extent);
    if (extent.filled === 0) return;
    const trimmed = this.#insert(extent.start, extent.bytes.slice(0, extent.filled));
    trimmed.filled = extent.filled;
    this.#budget.awaited += trimmed.bytes.length;
    this.release(trimmed);
  }

  remove(extent: Extent): void {
    extent.held = false;
    const index = this.#sorted.indexOf(extent);
    if (index >= 0) this.#sorted.splice(index, 1);
  }

  clear(): void {
    for (const extent of [...this.#sorted]) this.#drop(extent);
  }

  #makeRoom(): void {
    const { lru, awaited, maxBytes } = this.#budget;
    while (lru.size > 0 && lru.calculatedSize + awaited > maxBytes) lru.pop();
  }

  #insert(start: number, bytes: Uint8Array): Extent {
    const extent: Extent = { owner: this, start, bytes, filled: 0, held: true, isAwaited: true };
    this.#sorted.splice(this.#indexAt(start) + 1, 0, extent);
    return extent;
  }

  #drop(extent: Extent): void {
    if (!extent.isAwaited) this.#budget.lru.delete(extent);
    else {
      this.#settle(extent);
      this.remove(extent);
    }
  }

  #settle(extent: Extent): void {
    extent.isAwaited = false;
    this.#budget.awaited -= extent.bytes.length;
  }

  /** Index of the last extent that begins at or before `position`, -1 if none does. */
  #indexAt(position: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle]?.start ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Where the bytes of one fetch go: each is copied once, into extents that follow each other. */
export class ExtentWriter {
  readonly #extents: Extents;
  /** In order; those before the last one are full and may have been read since. */
  readonly #written: Extent[] = [];

  constructor(extents: Extents) {
    this.#extents = extents;
  }

  /**
   * Copies as many bytes of `chunk` as one extent takes.
   * @param expected bytes that the fetch has still to deliver, those of `chunk` included
   * @returns the copied bytes in their new place
   */
  append(position: number, chunk: Uint8Array, expected: number): Uint8Array {
    const extent = this.#room(position, expected);
    const from = extent.filled;
    const length = Math.min(chunk.length, extent.bytes.length - from);
    extent.bytes.set(length < chunk.length ? chunk.subarray(0, length) : chunk, from);
    extent.filled += length;
    return extent.bytes.subarray(from, from + length);
  }

  /** What was written so far has been read. The extent that is being written goes on holding what comes. */
  release(): void {
    while (this.#written.length > 1) this.#releaseFirst();
  }

  finish(): void {
    const current = this.#written.at(-1);
    while (this.#written.length > 0) this.#releaseFirst();
    if (current) this.#extents.trim(current);
  }

  #releaseFirst(): void {
    const extent = this.#written.shift();
    if (extent) this.#extents.release(extent);
  }

  #room(position: number, expected: number): Extent {
    const current = this.#written.at(-1);
    if (current?.held && current.filled < current.bytes.length) return current;
    const extent = this.#extents.allocate(position, expected);
    this.#written.push(extent);
    return extent;
  }
}
