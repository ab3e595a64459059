import type { ByteRange, Sequence, Source } from '../../core/contracts.ts';
import { corrupt } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type Arrival, Transfers } from './transfers.ts';

/** Bytes kept behind the farthest one read while a container is opened: the first frames of its tracks. */
const KEPT = LIMITS.head + 2 * LIMITS.firstFrames;
/** Chunks below this are copied together: each one by itself would cost a hundred times its size. */
const SMALL = 16 * 1024;
const PAGE = 64 * 1024;

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/**
 * A sequence in the shape of a source of endless size: read forward it is passed through, and until `forget` is called
 * its head, and what was read last, can be read as often as one likes. One reader at a time.
 */
export class OneWaySource implements Source {
  readonly size = Number.MAX_SAFE_INTEGER;
  readonly seams: number[] = [];
  readonly #transfers: Transfers;
  /** What was pulled and may be asked for again, in order. */
  #pieces: Piece[] = [];
  #page = new Uint8Array(0);
  #filled = 0;
  #pulled = 0;
  #isForgetting = false;
  #isEnded = false;

  constructor(sequence: Sequence, signal: AbortSignal) {
    this.#transfers = new Transfers(sequence, signal);
  }

  /** From now on the input goes on where it was cut. @param isEntry whether the first bytes of an answer are more of it */
  bridge(isEntry: (head: Uint8Array) => boolean): void {
    this.#transfers.bridge(isEntry);
  }

  /** From now on nothing is read twice. */
  forget(): void {
    this.#isForgetting = true;
  }

  /** Ends the transfer. */
  async close(): Promise<void> {
    this.#isEnded = true;
    this.#pieces = [];
    await this.#transfers.close();
  }

  /** @throws MediaError `corrupt` for bytes that were passed already */
  async *read(range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let at = range.start;
    while (at < range.end) {
      signal.throwIfAborted();
      if (this.#isForgetting) this.#drop((piece) => endOf(piece) <= at);
      const part = this.#held(at, range.end);
      if (part) {
        at += part.length;
        yield part;
      } else if (at < this.#pulled) throw corrupt('These bytes were passed already', at);
      else if (!(await this.#pull())) return;
    }
  }

  #held(at: number, end: number): Uint8Array | null {
    const piece = this.#pieces.findLast(({ start }) => start <= at);
    if (!piece || endOf(piece) <= at) return null;
    return piece.bytes.subarray(at - piece.start, end - piece.start);
  }

  /** Brings the next chunk; false at the end. */
  async #pull(): Promise<boolean> {
    if (this.#isEnded) return false;
    const next = await this.#transfers.next();
    if (!next || this.#isEnded) {
      this.#isEnded = true;
      return false;
    }
    this.#hold(next);
    if (this.#pulled > KEPT)
      this.#drop((piece) => piece.start >= LIMITS.head && endOf(piece) < this.#pulled - KEPT);
    return true;
  }

  #hold({ bytes: chunk, isSeam }: Arrival): void {
    const last = isSeam ? undefined : this.#pieces.at(-1);
    const start = this.#pulled;
    if (isSeam) this.seams.push(start);
    this.#pulled += chunk.length;
    if (chunk.length >= SMALL) {
      this.#pieces.push({ start, bytes: chunk });
      return;
    }
    if (this.#filled + chunk.length > this.#page.length) {
      this.#page = new Uint8Array(PAGE);
      this.#filled = 0;
    }
    this.#page.set(chunk, this.#filled);
    const from = last?.bytes.buffer === this.#page.buffer ? last.bytes.byteOffset : this.#filled;
    this.#filled += chunk.length;
    const bytes = this.#page.subarray(from, this.#filled);
    const piece = { start: this.#pulled - bytes.length, bytes };
    if (last && piece.start === last.start) this.#pieces[this.#pieces.length - 1] = piece;
    else if (bytes.length > 0) this.#pieces.push(piece);
  }

  #drop(isOver: (piece: Piece) => boolean): void {
    const first = this.#pieces.findIndex(isOver);
    if (first >= 0) this.#pieces = this.#pieces.filter((piece) => !isOver(piece));
  }
}

const endOf = ({ start, bytes }: Piece): number => start + bytes.length;
