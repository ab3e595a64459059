import { concat, equalBytes } from '../../core/bytes.ts';
import type { Sequence } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

/** Bytes as they arrive. */
export interface Arrival {
  readonly bytes: Uint8Array;
  /** They do not continue what came before. */
  readonly isSeam: boolean;
}

/** Most cuts are over at once, and viewers have some seconds in hand. */
const PAUSES = [0, 300, 1000, 2000, 4000, 8000] as const;
/** Bytes of a transfer after which the next cut is a new one: half of a segment at 2 Mbit/s. */
const LIVELY = 384 * 1024;

type Chunks = AsyncIterator<Uint8Array>;

/**
 * The transfers of one input, behind each other. By default that is one; what `bridge` allows goes on with another where
 * the one before was cut or ended without having told its length: a broadcast is elsewhere by then, a file is where it
 * began, which ends it.
 */
export class Transfers {
  readonly #sequence: Sequence;
  readonly #signal: AbortSignal;
  readonly #pauses: readonly number[];
  #chunks: Chunks;
  /** Of the next transfer, read already. */
  #ahead: Arrival[] = [];
  #head: Uint8Array = new Uint8Array(0);
  #isEntry: ((head: Uint8Array) => boolean) | null = null;
  #failures = 0;
  #arrived = 0;

  /** @param pauses milliseconds before each attempt to go on */
  constructor(sequence: Sequence, signal: AbortSignal, pauses: readonly number[] = PAUSES) {
    this.#pauses = pauses;
    this.#sequence = sequence;
    this.#signal = signal;
    this.#chunks = sequence.open(signal)[Symbol.asyncIterator]();
  }

  /** From now on cuts are bridged. @param isEntry whether the first bytes of an answer are more of the input */
  bridge(isEntry: (head: Uint8Array) => boolean): void {
    this.#isEntry = isEntry;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** What comes next; null at the end. @throws MediaError of the upstream when it cannot go on */
  async next(): Promise<Arrival | null> {
    for (;;) {
      const ahead = this.#ahead.shift();
      if (ahead) return this.#counted(ahead);
      let cause: MediaError | null = null;
      try {
        const next = await this.#chunks.next();
        if (!next.done) return this.#arrive(next.value);
        if (!this.#isEntry || this.#sequence.size !== null) return null;
      } catch (error) {
        if (!this.#isEntry || this.#sequence.size !== null || !isCut(error)) throw error;
        cause = error;
      }
      if (await this.#goOn(this.#isEntry)) continue;
      if (cause) throw cause;
      return null;
    }
  }

  #arrive(bytes: Uint8Array): Arrival {
    const missing = LIMITS.identityHead - this.#head.length;
    if (missing > 0) this.#head = concat([this.#head, bytes.subarray(0, missing)]);
    return this.#counted({ bytes, isSeam: false });
  }

  #counted(arrival: Arrival): Arrival {
    this.#arrived += arrival.bytes.length;
    if (this.#arrived >= LIVELY) this.#failures = 0;
    return arrival;
  }

  /** Opens the next transfer; false where there is none that goes on. */
  async #goOn(isEntry: (head: Uint8Array) => boolean): Promise<boolean> {
    for (;;) {
      const pause = this.#pauses[this.#failures++];
      if (pause === undefined) return false;
      await elapse(pause, this.#signal);
      const chunks = this.#sequence.open(this.#signal)[Symbol.asyncIterator]();
      try {
        const { arrivals, head } = await readHead(chunks, this.#head.length);
        const isSame = head.length === this.#head.length && equalBytes(head, this.#head);
        if (!isSame && isEntry(head)) {
          this.#chunks = chunks;
          this.#ahead = arrivals;
          this.#arrived = 0;
          return true;
        }
        await chunks.return?.();
        if (isSame) return false;
      } catch (error) {
        if (!isCut(error)) throw error;
      }
    }
  }
}

interface Begun {
  readonly arrivals: Arrival[];
  readonly head: Uint8Array;
}

/** The first chunks of a transfer, and as many bytes of them as are to be compared. */
async function readHead(chunks: Chunks, length: number): Promise<Begun> {
  const arrivals: Arrival[] = [];
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < length) {
    const next = await chunks.next();
    if (next.done) break;
    arrivals.push({ bytes: next.value, isSeam: arrivals.length === 0 });
    head = concat([head, next.value.subarray(0, length - head.length)]);
  }
  return { arrivals, head };
}

/** What another attempt may mend; a channel that restarts is not found meanwhile. */
const isCut = (error: unknown): error is MediaError =>
  error instanceof MediaError &&
  ['upstream', 'upstream-timeout', 'not-found', 'busy', 'rate'].includes(error.code);

/** @throws the abort reason */
function elapse(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
