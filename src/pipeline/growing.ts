/** Pieces that somebody adds one by one, for all who read them meanwhile and after. */
export class Growing<T> {
  readonly #pieces: T[] = [];
  #outcome: { readonly error: unknown } | 'whole' | null = null;
  #wake: (() => void)[] = [];
  #readers = 0;
  /** Told whenever the last reader has left. */
  readonly #onLeft: () => void;

  constructor(onLeft: () => void) {
    this.#onLeft = onLeft;
  }

  get pieces(): readonly T[] {
    return this.#pieces;
  }

  get readers(): number {
    return this.#readers;
  }

  push(piece: T): void {
    this.#pieces.push(piece);
    this.#wakeAll();
  }

  /** Nothing follows. The first end counts. */
  end(outcome: { readonly error: unknown } | 'whole'): void {
    this.#outcome ??= outcome;
    this.#wakeAll();
  }

  /** All pieces from the first one on. @throws what it failed with; the abort reason when aborted */
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
      if (this.#readers === 0) this.#onLeft();
    }
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
