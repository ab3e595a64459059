import { MediaError } from '../core/errors.ts';
import { Growing } from './growing.ts';

/** What one producer makes piece by piece, for all who ask while it is made and after; ends with its last reader. */
export class SharedStream<T> {
  readonly #controller = new AbortController();
  readonly #growing = new Growing<T>(() => this.abandon());
  #hasEnded = false;
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
    return this.#growing.pieces;
  }

  /** All pieces from the first one on. @throws what the producer threw; the abort reason when aborted */
  read(signal: AbortSignal): AsyncGenerator<T> {
    return this.#growing.read(signal);
  }

  /** Ends the producer unless it is read or has ended. */
  abandon(): void {
    if (this.#growing.readers === 0 && !this.#hasEnded)
      this.#controller.abort(new MediaError('upstream', 'Nobody waits for this any more'));
  }

  async #run(produce: (signal: AbortSignal) => AsyncIterable<T>): Promise<boolean> {
    const outcome = await this.#produced(produce);
    this.#hasEnded = true;
    this.#growing.end(outcome);
    return outcome === 'whole';
  }

  async #produced(
    produce: (signal: AbortSignal) => AsyncIterable<T>,
  ): Promise<'whole' | { readonly error: unknown }> {
    try {
      for await (const piece of produce(this.#controller.signal)) this.#growing.push(piece);
      return 'whole';
    } catch (error) {
      return { error };
    }
  }
}
