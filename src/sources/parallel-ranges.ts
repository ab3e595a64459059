import type { ByteRange, Source } from '../core/contracts.ts';

/** A source that knows whether several of its ranges can be fetched at once. */
export interface RangedSource extends Source {
  /** The last answer was a part, as asked for; false before the first one. */
  readonly answersRanges: boolean;
}

/** Bytes a second that the readers of a source need; 0 while nobody knows: then one connection is all there is. */
export type WantedRate = () => number;

/** Fetches by several connections where one is too slow, and only there. */
export interface ParallelRanges {
  /** The same bytes in the same order. */
  wrap(source: RangedSource, wantedRate: WantedRate): Source;
}

/** Connections of one split read: browsers open six to a host, and a title's other reads need some too. */
const CONNECTIONS = 4;
/** What one request fetches: a round trip of 100 ms costs a flow of 1 MB/s a tenth of its time. */
const BLOCK = 1024 * 1024;
/** Blocks that one read holds or fetches: those that are ahead of a slow one wait in memory. */
const BLOCKS = 6;
/** Split reads at a time, of all sources: they hold at most 48 MiB. Others go on by one connection. */
const SPLIT_READS = 8;
/** A flow is judged each time it has brought so many bytes or was waited for so long (milliseconds). */
const JUDGED_BYTES = 1024 * 1024;
const JUDGED_TIME = 1000;
/** Splitting that brings less than so many times one flow's rate is not worth it: the line itself is the limit. */
const GAIN = 1.3;
/** Milliseconds for which what was found of a source is believed. */
const BELIEVED = 60_000;

/** What was found of one source. */
interface Finding {
  readonly isWorthIt: boolean;
  /** Bytes a second of one flow. */
  readonly rate: number;
  readonly until: number;
}

export function createParallelRanges(): ParallelRanges {
  const slots = new Slots();
  return { wrap: (source, wantedRate) => new ParallelSource(source, wantedRate, slots) };
}

/** Leave to split a read: few reads in all, one of each source. */
class Slots {
  readonly #taken = new Set<Source>();

  take(source: Source): boolean {
    if (this.#taken.size >= SPLIT_READS || this.#taken.has(source)) return false;
    this.#taken.add(source);
    return true;
  }

  free(source: Source): void {
    this.#taken.delete(source);
  }
}

class ParallelSource implements Source {
  readonly #source: RangedSource;
  readonly #wantedRate: WantedRate;
  readonly #slots: Slots;
  #finding: Finding | null = null;

  constructor(source: RangedSource, wantedRate: WantedRate, slots: Slots) {
    this.#source = source;
    this.#wantedRate = wantedRate;
    this.#slots = slots;
  }

  get size(): number | null {
    return this.#source.size;
  }

  async *read(range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let start = range.start;
    /** Of one flow; null unless a slot is taken. */
    let slow: number | null = this.#slowStart(range);
    try {
      if (slow === null) {
        const flow = new Flow();
        for await (const chunk of flow.measured(this.#source.read(range, signal))) {
          start += chunk.length;
          yield chunk;
          const rate = flow.judge();
          if (rate === null || !this.#takesSlot({ start, end: range.end }, rate)) continue;
          slow = rate;
          break;
        }
      }
      if (slow === null) return;
      yield* this.#split({ start, end: Math.min(range.end, this.size ?? range.end) }, slow, signal);
    } finally {
      if (slow !== null) this.#slots.free(this);
    }
  }

  /** One flow's rate, where it was found too slow not long ago and the read may be split from its first byte. */
  #slowStart(range: ByteRange): number | null {
    const finding = this.#believed();
    return finding?.isWorthIt && this.#takesSlot(range, finding.rate) ? finding.rate : null;
  }

  #believed(): Finding | null {
    if (this.#finding && this.#finding.until < performance.now()) this.#finding = null;
    return this.#finding;
  }

  /** Whether the rest shall be split, and may: what takes a slot must free it. */
  #takesSlot({ start, end }: ByteRange, rate: number): boolean {
    if (!this.#source.answersRanges || this.size === null) return false;
    const isLong = Math.min(end, this.size) - start >= 2 * BLOCK;
    const isSlow = rate < this.#wantedRate() && this.#believed()?.isWorthIt !== false;
    return isLong && isSlow && this.#slots.take(this);
  }

  async *#split(range: ByteRange, rate: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const blocks = new Blocks(this.#source, range, signal);
    const flow = new Flow();
    yield* flow.measured(blocks.read());
    const isWorthIt = flow.rate() >= GAIN * rate;
    if (!isWorthIt && range.end - range.start < CONNECTIONS * BLOCK) return; // too short to say so
    this.#finding = { isWorthIt, rate, until: performance.now() + BELIEVED };
  }
}

/** The rate at which bytes come while they are waited for: the reader's own pauses do not count. */
class Flow {
  #bytes = 0;
  #waited = 0;
  #judgedBytes = 0;
  #judgedTime = 0;

  /** Passes chunks on. The wait for the first one is the server's way to it, not its speed. */
  async *measured(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let asked: number | null = null;
    for await (const chunk of chunks) {
      if (asked !== null) {
        this.#waited += performance.now() - asked;
        this.#bytes += chunk.length;
      }
      yield chunk;
      asked = performance.now();
    }
  }

  /** Bytes a second since the beginning; infinite when nothing was waited for. */
  rate(): number {
    return (this.#bytes / this.#waited) * 1000;
  }

  /** Bytes a second since the last judgement; null while that is too short a time. */
  judge(): number | null {
    const bytes = this.#bytes - this.#judgedBytes;
    const time = this.#waited - this.#judgedTime;
    if (bytes < JUDGED_BYTES && time < JUDGED_TIME) return null;
    this.#judgedBytes = this.#bytes;
    this.#judgedTime = this.#waited;
    return (bytes / time) * 1000;
  }
}

/** One block of a range, filled as its bytes arrive. */
interface Block {
  /** One buffer: a server that sends single bytes must not fill memory with their wrappers. */
  readonly bytes: Uint8Array;
  filled: number;
  /** How much of it the reader has taken. */
  taken: number;
  isDone: boolean;
  error: { readonly cause: unknown } | null;
}

/** A range fetched block by block over several connections and read in order. */
class Blocks {
  readonly #source: Source;
  readonly #end: number;
  readonly #signal: AbortSignal;
  readonly #controller = new AbortController();
  /** In order; the first one is being read. */
  readonly #blocks: Block[] = [];
  #next: number;
  #active = 0;
  #wake: (() => void) | null = null;

  constructor(source: Source, { start, end }: ByteRange, signal: AbortSignal) {
    this.#source = source;
    this.#next = start;
    this.#end = end;
    this.#signal = signal;
  }

  /** Ends early where the resource does. Whoever leaves ends all requests. */
  async *read(): AsyncGenerator<Uint8Array> {
    const onAbort = () => {
      this.#controller.abort(this.#signal.reason);
      this.#wake?.();
    };
    this.#signal.addEventListener('abort', onAbort);
    try {
      this.#fill();
      for (let block = this.#blocks[0]; block; block = this.#blocks[0]) {
        this.#signal.throwIfAborted();
        const fresh = block.bytes.subarray(block.taken, block.filled);
        block.taken = block.filled;
        if (fresh.length > 0) yield fresh;
        else if (block.error) throw block.error.cause;
        else if (block.isDone) {
          this.#blocks.shift();
          this.#fill();
        } else await this.#news();
      }
    } finally {
      this.#signal.removeEventListener('abort', onAbort);
      this.#controller.abort();
    }
  }

  #fill(): void {
    while (this.#active < CONNECTIONS && this.#blocks.length < BLOCKS && this.#next < this.#end) {
      const range = { start: this.#next, end: Math.min(this.#end, this.#next + BLOCK) };
      const bytes = new Uint8Array(range.end - range.start);
      const block: Block = { bytes, filled: 0, taken: 0, isDone: false, error: null };
      this.#next = range.end;
      this.#blocks.push(block);
      this.#active++;
      void this.#fetch(block, range);
    }
  }

  /** Never rejects: an error reaches the reader when it comes to the block. */
  async #fetch(block: Block, range: ByteRange): Promise<void> {
    try {
      for await (const chunk of this.#source.read(range, this.#controller.signal)) {
        block.bytes.set(chunk, block.filled);
        block.filled += chunk.length;
        this.#wake?.();
      }
    } catch (cause) {
      block.error = { cause };
    }
    block.isDone = true;
    this.#active--;
    if (!this.#controller.signal.aborted) this.#fill();
    this.#wake?.();
  }

  async #news(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
  }
}
