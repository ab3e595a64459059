import type { ByteRange, Source } from '../core/contracts.ts';

/** One block of every resource begins at a multiple of it. */
export const BLOCK = 2 ** 20;
/** Blocks looked up at once: one that is used and two behind it, which are held until they are. */
const WINDOW = 3;

/** Blocks of one resource that are kept somewhere. */
export interface BlockStore {
  /** Null where it is not kept. Never rejects. */
  get(n: number): Promise<Uint8Array | null>;
  /** Keeps it, maybe later, maybe not. */
  put(n: number, bytes: Uint8Array): void;
  /** Whether a block that came would still be kept. */
  readonly takesMore: boolean;
}

export interface BlockOptions {
  /** Null as long as too little is known of the resource to tell it from others. */
  store(): Promise<BlockStore | null>;
  /** Does what nobody waits for. */
  later(what: string, work: () => Promise<void>): void;
}

/**
 * The same bytes, read by whole aligned blocks that are kept. Blocks that are missing are fetched by one read up to the
 * end of what is asked for, or to the next block that is kept; whatever was begun of a block when the reader leaves is
 * fetched to its end behind its back.
 */
export function withBlocks(upstream: Source, options: BlockOptions): Source {
  const filling = new Map<number, Promise<Uint8Array | null>>();
  return {
    get size() {
      return upstream.size;
    },
    read: (range, signal) => readBlocks({ upstream, options, filling }, range, signal),
  };
}

interface Blocked {
  readonly upstream: Source;
  readonly options: BlockOptions;
  /** Blocks whose rest is on its way in the background. */
  readonly filling: Map<number, Promise<Uint8Array | null>>;
}

const blockOf = (position: number): number => Math.floor(position / BLOCK);

async function* readBlocks(
  blocked: Blocked,
  range: ByteRange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { upstream, options } = blocked;
  const endNow = () => Math.min(range.end, upstream.size ?? Number.POSITIVE_INFINITY);
  const window = new Map<number, Promise<Uint8Array | null>>();
  for (let at = range.start; at < endNow(); ) {
    signal.throwIfAborted();
    const n = blockOf(at);
    const store = await options.store();
    const held = store && (await lookUp({ ...blocked, store, window }, n, endNow()));
    if (held && held.length > at - n * BLOCK) {
      const part = held.subarray(at - n * BLOCK, endNow() - n * BLOCK);
      at += part.length;
      yield part;
      continue;
    }
    const end = await runEnd(window, n, endNow());
    const before = at;
    const missing = { start: at, end };
    // Blocks that nobody can keep any more are not worth their rest.
    const isKept = store === null || store.takesMore;
    const parts = isKept ? fetched(blocked, missing, signal) : upstream.read(missing, signal);
    for await (const part of parts) {
      at += part.length;
      yield part;
    }
    if (at === before) return; // the resource ended
  }
}

interface LookUp extends Blocked {
  readonly store: BlockStore;
  readonly window: Map<number, Promise<Uint8Array | null>>;
}

/** Block n if it is kept; asks for those behind it at the same time. */
async function lookUp(
  { store, window, filling }: LookUp,
  n: number,
  end: number,
): Promise<Uint8Array | null> {
  for (let k = n; k < n + WINDOW && k * BLOCK < end; k++)
    if (!window.has(k)) window.set(k, filling.get(k) ?? store.get(k));
  const found = await window.get(n);
  window.delete(n - 1);
  return found ?? null;
}

/** Where the blocks that are missing from n on end: at the next one that is known to be kept. */
async function runEnd(
  window: ReadonlyMap<number, Promise<Uint8Array | null>>,
  n: number,
  end: number,
): Promise<number> {
  for (let k = n + 1; window.has(k); k++) if (await window.get(k)) return k * BLOCK;
  return end;
}

/** The bytes of `range` from upstream, by whole blocks, which are kept. */
async function* fetched(blocked: Blocked, range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { upstream } = blocked;
  const first = blockOf(range.start) * BLOCK;
  const last = Math.ceil(range.end / BLOCK) * BLOCK;
  const chunks = upstream.read({ start: first, end: last }, signal)[Symbol.asyncIterator]();
  const filler = new Filler(blocked, chunks, first);
  try {
    while (filler.position < range.end) {
      const start = filler.position;
      const part = await filler.next();
      if (part === null) return;
      const wanted = part.subarray(Math.max(0, range.start - start), range.end - start);
      if (wanted.length > 0) yield wanted;
    }
  } finally {
    await filler.leave(signal);
  }
}

/** Puts chunks together to blocks; gives their bytes as soon as they are there. */
class Filler {
  position: number;
  readonly #blocked: Blocked;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #block: Uint8Array | null = null;
  #isOver = false;

  constructor(blocked: Blocked, chunks: AsyncIterator<Uint8Array>, position: number) {
    this.#blocked = blocked;
    this.#chunks = chunks;
    this.position = position;
  }

  /** A view of the block that they lie in; null at the end of the resource, or of what was asked for. */
  async next(): Promise<Uint8Array | null> {
    while (this.#rest.length === 0) {
      const chunk = await this.#more();
      if (chunk === null) return null;
      this.#rest = chunk;
    }
    const from = this.position % BLOCK;
    const block = this.#room();
    const part = this.#rest.subarray(0, block.length - from);
    block.set(part, from);
    this.#rest = this.#rest.subarray(part.length);
    this.position += part.length;
    if (from + part.length === block.length) await this.#keep();
    return block.subarray(from, from + part.length);
  }

  async #more(): Promise<Uint8Array | null> {
    this.#isOver = true; // should it throw
    const { value, done } = await this.#chunks.next();
    this.#isOver = done === true;
    if (!done) return value;
    await this.#keep(); // the last block of a resource whose size nobody knew
    return null;
  }

  /** The reader has enough: the block that was begun is filled in the background, where that is worth it. */
  async leave(signal: AbortSignal): Promise<void> {
    if (this.#isOver) return;
    const { options, filling } = this.#blocked;
    const store = signal.aborted ? null : await options.store();
    const isWanted = !signal.aborted && (store === null || store.takesMore);
    if (!isWanted || this.#block === null) {
      await this.#chunks.return?.();
      return;
    }
    const n = blockOf(this.position);
    const whole = this.#fill(n).finally(() => filling.delete(n));
    filling.set(
      n,
      whole.catch(() => null),
    );
    options.later('a block could not be filled', async () => void (await whole));
  }

  async #fill(n: number): Promise<Uint8Array | null> {
    const block = this.#block;
    try {
      while (blockOf(this.position) === n && this.#block !== null) if ((await this.next()) === null) break;
      return block;
    } finally {
      await this.#chunks.return?.();
    }
  }

  /** The buffer of the block at the position: the last one of a resource is shorter. */
  #room(): Uint8Array {
    const start = blockOf(this.position) * BLOCK;
    const { size } = this.#blocked.upstream;
    this.#block ??= new Uint8Array(Math.min(BLOCK, (size ?? Number.POSITIVE_INFINITY) - start));
    return this.#block;
  }

  async #keep(): Promise<void> {
    const block = this.#block;
    const n = blockOf(this.position - 1);
    this.#block = null;
    if (!block || this.position !== n * BLOCK + block.length) return;
    const store = await this.#blocked.options.store();
    store?.put(n, block);
  }
}
