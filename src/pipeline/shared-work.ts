import { MediaError } from '../core/errors.ts';

/** One piece of work that several wait for; it is aborted when the last of them leaves. */
export class SharedWork<T> {
  readonly #controller = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;
  /** Null when it failed; never rejects. */
  readonly settled: Promise<T | null>;

  constructor(run: (signal: AbortSignal) => Promise<T>) {
    this.#result = run(this.#controller.signal);
    this.settled = this.#result.then(
      (value) => value,
      () => null,
    );
  }

  /** @param onAbandoned called when nobody waits any more */
  async join(signal: AbortSignal, onAbandoned: () => void): Promise<T> {
    this.#waiting++;
    let leave: (() => void) | undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
    });
    try {
      signal.throwIfAborted();
      return await Promise.race([this.#result, left]);
    } finally {
      if (leave) signal.removeEventListener('abort', leave);
      this.#waiting--;
      if (this.#waiting === 0 && signal.aborted) {
        onAbandoned();
        this.#controller.abort(new MediaError('upstream', 'Nobody waits for this any more'));
      }
    }
  }
}
