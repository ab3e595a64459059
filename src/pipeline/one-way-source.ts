import { ByteQueue } from '../core/bytes.ts';
import type { ByteRange, Sequence, Source } from '../core/contracts.ts';
import { corrupt } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

/** Bytes kept from the beginning on while a container is opened: its head, and the first frames of its tracks. */
const KEPT = LIMITS.head + 2 * LIMITS.firstFrames;

/**
 * A sequence in the shape of a source of endless size: read forward it is passed through, and until `forget` is called
 * its beginning can be read as often as one likes. One reader at a time.
 */
export class OneWaySource implements Source {
  readonly size = Number.MAX_SAFE_INTEGER;
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** Bytes that were pulled and may be asked for again. */
  readonly #held = new ByteQueue(0);
  #pulled = 0;
  #isForgetting = false;
  #isEnded = false;

  constructor(sequence: Sequence, signal: AbortSignal) {
    this.#chunks = sequence.open(signal)[Symbol.asyncIterator]();
  }

  /** From now on nothing is read twice. */
  forget(): void {
    this.#isForgetting = true;
  }

  /** Ends the transfer. */
  async close(): Promise<void> {
    this.#isEnded = true;
    await this.#chunks.return?.();
  }

  /** @throws MediaError `corrupt` for bytes that were passed already */
  async *read(range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let at = range.start;
    while (at < range.end) {
      signal.throwIfAborted();
      if (at < this.#held.position) throw corrupt('These bytes were passed already', at);
      const part = this.#heldPart(at, range.end);
      if (part.length > 0) {
        at += part.length;
        if (this.#isForgetting) this.#held.skip(at - this.#held.position);
        yield part;
      } else if (!(await this.#pull(at))) return;
    }
  }

  #heldPart(at: number, end: number): Uint8Array {
    const skipped = at - this.#held.position;
    if (skipped >= this.#held.length) return new Uint8Array(0);
    return this.#held.peek(Math.min(this.#held.length, end - this.#held.position)).subarray(skipped);
  }

  /** Brings the next chunk; false at the end. What lies before `at` is not kept once the beginning is full. */
  async #pull(at: number): Promise<boolean> {
    if (this.#isEnded) return false;
    const next = await this.#chunks.next();
    if (next.done) {
      this.#isEnded = true;
      return false;
    }
    this.#held.push(next.value);
    this.#pulled += next.value.length;
    if (this.#isForgetting || this.#pulled > KEPT)
      this.#held.skip(Math.max(0, Math.min(at, this.#pulled) - this.#held.position));
    return true;
  }
}
