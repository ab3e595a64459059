import { LRUCache } from 'lru-cache';
import { SharedWork } from './shared-work.ts';

export interface MemoOptions {
  /** Whoever asks makes it himself unless it is there already: see `Source.isReadAlone`. */
  readonly isMadeAlone: boolean;
}

/** Results of a function by key: each made once for all who ask at the same time, failures forgotten. */
export class Memo<V extends object> {
  readonly #results: LRUCache<number, V>;
  readonly #running = new Map<number, SharedWork<V>>();

  readonly #isMadeAlone: boolean;

  /** @param max results that are kept, the least recently used go first */
  constructor(max: number, { isMadeAlone }: MemoOptions = { isMadeAlone: false }) {
    this.#results = new LRUCache({ max });
    this.#isMadeAlone = isMadeAlone;
  }

  /** @param make given a signal that aborts when all who wait have left, or that of the only one */
  async get(key: number, make: (signal: AbortSignal) => Promise<V>, signal: AbortSignal): Promise<V> {
    const known = this.#results.get(key);
    if (known) return known;
    if (this.#isMadeAlone) {
      const value = await make(signal);
      this.#results.set(key, value);
      return value;
    }
    const work = this.#running.get(key) ?? this.#start(key, make);
    return work.join(signal, () => this.#end(key, work));
  }

  #start(key: number, make: (signal: AbortSignal) => Promise<V>): SharedWork<V> {
    const work = new SharedWork(make);
    this.#running.set(key, work);
    void work.settled.then((value) => {
      if (value) this.#results.set(key, value);
      this.#end(key, work);
    });
    return work;
  }

  #end(key: number, work: SharedWork<V>): void {
    if (this.#running.get(key) === work) this.#running.delete(key);
  }
}
