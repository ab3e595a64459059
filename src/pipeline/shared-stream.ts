import { MediaError } from '../core/errors.ts';

/** What one producer makes piece by piece, for all who ask while it is made and after; ends with its last reader. */
export class SharedStream<T> {
  readonly #pieces: T[] = [];
  readonly #controller = new AbortController();
  #readers = 0;
  #outcome: { readonly error: unknown } | 'whole' | null = null;
  #wake: (() => void)[] = [];
  /** When the producer has ended: true when all pieces are there. Never rejects. */
  readonly settled: Promise<boolean>;

  /** @param produce given a signal that aborts when nobody reads any more */
  constructor(produce: (signal: AbortSignal) => AsyncIterable<T>) {
    this.settled = this.#run(produce);
  }

  /** Nobody reads any more, and it was ended for that: what is wanted again must be begun anew. */
  get isAbandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  get pieces(): readonly T[] {
    return this.#pieces;
  }

  /** All pieces from the first one on. @throws what the producer threw; the abort reason when aborted */
  async *read(signal: AbortSignal): AsyncGenerator<T> {
    signal.throwIfAborted();
    this.#readers++;
    const onAbort = () => this.#wakeAll();
    signal.addEventListener('abort', onAbort);
    try {
      for (let at = 0; ; ) {
        signal.throwIfAborted();
        const piece = this.#pieces[at];
        if (piece !== undefined) {
          at++;
          yield piece;
        } else if (this.#outcome === 'whole') return;
        else if (this.#outcome) throw this.#outcome.error;
        else await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#readers--;
      if (this.#readers === 0) this.abandon();
    }
  }

  /** Ends the producer unless it is read or has ended. */
  abandon(): void {
    if (this.#readers === 0 && this.#outcome === null)
      this.#controller.abort(new MediaError('upstream', 'Nobody waits for this any more'));
  }

  async #run(produce: (signal: AbortSignal) => AsyncIterable<T>): Promise<boolean> {
    try {
      for await (const piece of produce(this.#controller.signal)) {
        this.#pieces.push(piece);
        this.#wakeAll();
      }
      this.#outcome = 'whole';
    } catch (error) {
      this.#outcome = { error };
    }
    this.#wakeAll();
    return this.#outcome === 'whole';
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
