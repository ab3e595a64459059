import { LIMITS } from '../core/limits.ts';

/** Where chunks come from; both may be called again without effect. */
export interface Flow {
  pause(): void;
  resume(): void;
}

interface Waiting {
  resolve(result: IteratorResult<Uint8Array, undefined>): void;
  reject(reason: unknown): void;
}

const END = { done: true, value: undefined } as const;

/**
 * Hands chunks on from what pushes them to the one who asks for them, and holds the flow while more than
 * `LIMITS.uploadAhead` wait. One reader, who asks for one at a time; that it stops asking closes nothing.
 */
export class Inlet implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #flow: Flow;
  #queue: Uint8Array[] = [];
  #bytes = 0;
  #waiting: Waiting | null = null;
  #isEnded = false;
  #failure: { readonly reason: unknown } | null = null;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  push(chunk: Uint8Array): void {
    if (this.#failure || this.#isEnded) return;
    if (this.#waiting) {
      this.#answer().resolve({ done: false, value: chunk });
      return;
    }
    this.#queue.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= LIMITS.uploadAhead) this.#flow.pause();
  }

  end(): void {
    this.#isEnded = true;
    if (this.#waiting) this.#answer().resolve(END);
  }

  /** What waits is dropped; every question from now on is answered by the reason. */
  fail(reason: unknown): void {
    if (this.#failure) return;
    this.#failure = { reason };
    this.#queue = [];
    if (this.#waiting) this.#answer().reject(reason);
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#failure) return Promise.reject(this.#failure.reason);
    const chunk = this.#queue.shift();
    if (!chunk) return this.#isEnded ? Promise.resolve(END) : this.#wait();
    this.#bytes -= chunk.length;
    if (this.#bytes <= LIMITS.uploadAhead / 2) this.#flow.resume();
    return Promise.resolve({ done: false, value: chunk });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wait(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#flow.resume();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #answer(): Waiting {
    const waiting = this.#waiting;
    if (!waiting) throw new Error('Nobody waits');
    this.#waiting = null;
    return waiting;
  }
}
