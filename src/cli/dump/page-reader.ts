import { readRange } from '../../core/bytes.ts';
import type { Source } from '../../core/contracts.ts';

/** Heads of structures that lie close together are read at once. */
const PAGE = 64 * 1024;

/** Random access to small pieces of a source; holds one page. */
export class PageReader {
  readonly #source: Source;
  readonly #signal: AbortSignal;
  #page = new Uint8Array();
  #start = 0;

  constructor(source: Source, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Of the whole; Infinity where nobody knows. Known after the first read. */
  get size(): number {
    return this.#source.size ?? Number.POSITIVE_INFINITY;
  }

  /** The bytes from `position` on: fewer than `length` only at the end of the source. */
  async bytes(position: number, length: number): Promise<Uint8Array> {
    const at = position - this.#start;
    const isHeld = at >= 0 && at + length <= this.#page.length;
    if (!isHeld) {
      this.#page = new Uint8Array(
        await readRange(
          this.#source,
          { start: position, end: position + Math.max(PAGE, length) },
          this.#signal,
        ),
      );
      this.#start = position;
    }
    const from = position - this.#start;
    return this.#page.subarray(from, from + length);
  }
}
