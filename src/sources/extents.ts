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
}

/** All extents of all sources, least recently read first; counts what is allocated, not what is filled. */
export interface Budget {
  readonly lru: LRUCache<Extent, Extent>;
  /** Size of the largest extent: at most 1 MiB, and small enough that eight fit. */
  readonly extentSize: number;
  /** How far a fetch may run ahead of its readers without evicting what they are about to read. */
  readonly readAhead: number;
}

export function budget(maxBytes: number): Budget {
  const lru = new LRUCache<Extent, Extent>({
    maxSize: maxBytes,
    dispose: (extent) => extent.owner.remove(extent),
  });
  return {
    lru,
    extentSize: Math.max(1, Math.min(LIMITS.extent, Math.floor(maxBytes / 8))),
    readAhead: Math.min(LIMITS.readAhead, Math.floor(maxBytes / 4)),
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
    this.#budget.lru.get(extent);
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

  /** An empty extent at `start`, in which at most `length` bytes are expected. */
  allocate(start: number, length: number): Extent {
    return this.#insert(start, new Uint8Array(Math.min(this.#budget.extentSize, length)), 0);
  }

  /** Gives back what an extent will not use, where that is worth a copy. */
  trim(extent: Extent): void {
    const spare = extent.bytes.length - extent.filled;
    if (!extent.held || spare <= extent.bytes.length / 8) return;
    this.#budget.lru.delete(extent);
    if (extent.filled > 0) this.#insert(extent.start, extent.bytes.slice(0, extent.filled), extent.filled);
  }

  remove(extent: Extent): void {
    extent.held = false;
    const index = this.#sorted.indexOf(extent);
    if (index >= 0) this.#sorted.splice(index, 1);
  }

  clear(): void {
    for (const extent of [...this.#sorted]) this.#budget.lru.delete(extent);
  }

  #insert(start: number, bytes: Uint8Array, filled: number): Extent {
    const extent: Extent = { owner: this, start, bytes, filled, held: true };
    this.#sorted.splice(this.#indexAt(start) + 1, 0, extent);
    this.#budget.lru.set(extent, extent, { size: bytes.length });
    return extent;
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
  #current: Extent | null = null;

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

  finish(): void {
    if (this.#current) this.#extents.trim(this.#current);
    this.#current = null;
  }

  #room(position: number, expected: number): Extent {
    const current = this.#current;
    if (current?.held && current.filled < current.bytes.length) return current;
    this.#current = this.#extents.allocate(position, expected);
    return this.#current;
  }
}
