export interface LruOptions<V> {
  /** Entries at most. */
  readonly max?: number;
  /** Sizes of all entries at most; what is larger alone is not kept. */
  readonly maxSize?: number;
  readonly sizeCalculation?: (value: V) => number;
  /** Told of each value that is let go. */
  readonly dispose?: (value: V) => void;
}

/**
 * What the worker's modules use of the package lru-cache, in a tenth of its code: its build puts it in its place.
 * Nothing grows old in a worker that is stopped when it has nothing to do.
 */
export class LRUCache<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly size: number }>();
  readonly #options: LruOptions<V>;
  #size = 0;

  constructor(options: LruOptions<V>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get calculatedSize(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** As `get`, without counting as use. */
  peek(key: K): V | undefined {
    return this.#entries.get(key)?.value;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** @param told size, where it is not calculated */
  set(key: K, value: V, told: { readonly size?: number } = {}): this {
    const { max = Number.POSITIVE_INFINITY, maxSize = Number.POSITIVE_INFINITY } = this.#options;
    const size = told.size ?? this.#options.sizeCalculation?.(value) ?? 0;
    this.delete(key);
    if (size > maxSize) return this;
    this.#entries.set(key, { value, size });
    this.#size += size;
    while (this.size > max || this.#size > maxSize) this.pop();
    return this;
  }

  /** Lets go of the one that was used longest ago. */
  pop(): V | undefined {
    const [oldest] = this.#entries;
    if (!oldest) return undefined;
    this.delete(oldest[0]);
    return oldest[1].value;
  }

  delete(key: K): boolean {
    const entry = this.#entries.get(key);
    if (!entry) return false;
    this.#entries.delete(key);
    this.#size -= entry.size;
    this.#options.dispose?.(entry.value);
    return true;
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }
}
