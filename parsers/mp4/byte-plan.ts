import { ByteQueue } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';

/** Bytes of the file that are wanted. */
export interface Wanted {
  readonly offset: number;
  readonly size: number;
}

/** Bytes between two wanted pieces that are read with them: another request costs as much at 50 Mbit/s and 20 ms. */
const GAP = 128 * 1024;

export interface Range<W extends Wanted> {
  readonly start: number;
  end: number;
  /** Ascending in offset. */
  readonly pieces: W[];
}

/** Pieces in any order as few ranges of the file, ascending. */
export function rangesOf<W extends Wanted>(wanted: readonly W[]): Range<W>[] {
  const ranges: Range<W>[] = [];
  for (const piece of [...wanted].sort((a, b) => a.offset - b.offset)) {
    const end = piece.offset + piece.size;
    const last = ranges.at(-1);
    if (last && piece.offset <= last.end + GAP) {
      last.end = Math.max(last.end, end);
      last.pieces.push(piece);
    } else ranges.push({ start: piece.offset, end, pieces: [piece] });
  }
  return ranges;
}

/** What arrived of a piece; shorter than wanted where the file ends. */
export interface Arrived<W extends Wanted> {
  readonly piece: W;
  readonly bytes: Uint8Array;
}

/**
 * Reads pieces of the file in few requests and gives them in the order they are listed in, in batches as their bytes
 * arrive. Views: nothing is copied but what lies over the border of two chunks.
 * @throws MediaError of the source
 */
export async function* readPieces<W extends Wanted>(
  source: Source,
  wanted: readonly W[],
  signal: AbortSignal,
): AsyncGenerator<Arrived<W>[]> {
  const ranges = rangesOf(wanted);
  const rangeOf = new Map(ranges.flatMap((range) => range.pieces.map((piece) => [piece, range] as const)));
  const readers = new Map<Range<W>, RangeReader<W>>();
  let given = 0;
  try {
    while (given < wanted.length) {
      const range = rangeOf.get(wanted[given] as W);
      if (!range) return;
      let reader = readers.get(range);
      if (!reader) {
        reader = new RangeReader(source, range, signal);
        readers.set(range, reader);
      }
      await reader.pull();
      const batch: Arrived<W>[] = [];
      for (; given < wanted.length; given++) {
        const piece = wanted[given] as W;
        const bytes = readers.get(rangeOf.get(piece) as Range<W>)?.take(piece);
        if (!bytes) break;
        batch.push({ piece, bytes });
      }
      yield batch;
    }
  } finally {
    await Promise.all([...readers.values()].map((reader) => reader.close()));
  }
}

/** One request, cut into its pieces. */
class RangeReader<W extends Wanted> {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #pieces: readonly W[];
  readonly #queue: ByteQueue;
  readonly #ready = new Map<W, Uint8Array>();
  #next = 0;

  constructor(source: Source, { start, end, pieces }: Range<W>, signal: AbortSignal) {
    this.#chunks = source.read({ start, end }, signal)[Symbol.asyncIterator]();
    this.#pieces = pieces;
    this.#queue = new ByteQueue(start);
  }

  /** Brings the next chunk; at the end of the file what is there of the rest. */
  async pull(): Promise<void> {
    const next = await this.#chunks.next();
    if (!next.done) this.#queue.push(next.value);
    for (let piece = this.#pieces[this.#next]; piece; piece = this.#pieces[++this.#next]) {
      this.#queue.skip(Math.max(0, piece.offset - this.#queue.position));
      const isThere = this.#queue.position === piece.offset && this.#queue.length >= piece.size;
      if (!isThere && !next.done) return;
      this.#ready.set(piece, this.#queue.peek(Math.min(piece.size, this.#queue.length)));
    }
  }

  take(piece: W): Uint8Array | null {
    const bytes = this.#ready.get(piece) ?? null;
    this.#ready.delete(piece);
    return bytes;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
