import { equalBytes, readRange } from '../core/bytes.ts';
import type { ByteRange, Source } from '../core/contracts.ts';
import { LIMITS } from '../core/limits.ts';
import { type Piece, parseBlob, partsOf, tidied, writeBlob } from './pieces.ts';
import { MAX_VALUE, type SharedStore } from './store.ts';

/** What the plans of titles are made from: read by one machine, had by the others for one request. */
export interface PlanBytes {
  /** @param what upstream, its headers and the selection of tracks, as text */
  wrap(what: string, upstream: PlanUpstream): PlanSource;
}

export interface PlanUpstream {
  readonly source: Source;
  /** Strong ETag of what was read from; null where there is none: then nothing is shared. */
  validator(): string | null;
  /** Whether everybody may have the bytes; asked once they were read. */
  isOpenToAll(): boolean;
}

export interface PlanSource {
  /** The same bytes, some of them from a store. */
  readonly source: Source;
  /** The plan is made: what was read for it is stored, and nothing is kept from here on. */
  planned(): void;
}

/**
 * A stored plan's bytes are believed in when one request for the head of the resource gives the same head, size and
 * strong ETag. Everything that is read later is checked by its own answer, as without a store.
 */
export function createPlanBytes(store: SharedStore): PlanBytes {
  return {
    wrap(what, upstream) {
      const source = new RecordedSource(JSON.stringify(['plan', what]), upstream, store);
      return { source, planned: () => source.planned() };
    },
  };
}

/** Room for the line that tells where the pieces lie. */
const MAX_PIECES = MAX_VALUE - 64 * 1024;

class RecordedSource implements Source {
  readonly #name: string;
  readonly #upstream: PlanUpstream;
  readonly #store: SharedStore;
  /** What is there without asking the upstream. */
  #stored: readonly Piece[] = [];
  /** What the upstream was asked for while planning; null when that is over or became too much. */
  #read: Piece[] | null = [];
  #readBytes = 0;
  #looked: Promise<void> | null = null;

  constructor(name: string, upstream: PlanUpstream, store: SharedStore) {
    this.#name = name;
    this.#upstream = upstream;
    this.#store = store;
  }

  get size(): number | null {
    return this.#upstream.source.size;
  }

  async *read(range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    await this.#look(signal);
    for (const part of partsOf(this.#stored, range)) {
      if ('bytes' in part) yield part.bytes;
      else yield* this.#readUpstream(part, signal);
    }
  }

  planned(): void {
    const read = this.#read;
    const { source, validator, isOpenToAll } = this.#upstream;
    const tag = validator();
    if (read && read.length > 0 && source.size !== null && tag !== null && isOpenToAll()) {
      const pieces = tidied([...this.#stored, ...read]);
      this.#store.put(this.#name, writeBlob({ size: source.size, validator: tag, pieces }));
    }
    this.#read = null;
    this.#stored = [];
  }

  async *#readUpstream(range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let start = range.start;
    for await (const bytes of this.#upstream.source.read(range, signal)) {
      this.#record({ start, bytes });
      start += bytes.length;
      yield bytes;
    }
  }

  #record(piece: Piece): void {
    this.#readBytes += piece.bytes.length;
    if (this.#readBytes > MAX_PIECES) this.#read = null;
    this.#read?.push(piece);
  }

  /** Once, before the first byte is given; again where that failed, as its reader may have left. */
  #look(signal: AbortSignal): Promise<void> {
    this.#looked ??= this.#findStored(signal).catch((error: unknown) => {
      this.#looked = null;
      throw error;
    });
    return this.#looked;
  }

  async #findStored(signal: AbortSignal): Promise<void> {
    const value = await this.#store.get(this.#name);
    const blob = value && parseBlob(value);
    const first = blob?.pieces[0];
    if (!blob || first?.start !== 0) return;
    const { source, validator } = this.#upstream;
    const head = first.bytes.subarray(0, LIMITS.identityHead);
    const bytes = await readRange(source, { start: 0, end: head.length }, signal);
    const isSame = source.size === blob.size && validator() === blob.validator && equalBytes(bytes, head);
    if (isSame) this.#stored = blob.pieces;
  }
}
