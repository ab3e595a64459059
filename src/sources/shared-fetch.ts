import type { Source } from '../core/contracts.ts';
import { type Extents, ExtentWriter } from './extents.ts';

/** One `read` of a cached source and the fetches it takes part in. */
export class Reader {
  /** Next byte to be handed out. */
  position: number;
  readonly end: number;
  readonly fetches = new Set<SharedFetch>();
  #waiting: Waiting | null = null;

  constructor(position: number, end: number) {
    this.position = position;
    this.end = end;
  }

  advance(length: number): void {
    this.position += length;
    for (const fetch of this.fetches) fetch.wake();
  }

  /** The bytes at `position` from `fetch`, or null when it ended without them. */
  wait(fetch: SharedFetch): Promise<Uint8Array | null> {
    return new Promise((resolve, reject) => {
      this.#waiting = { fetch, resolve, reject };
    });
  }

  /**
   * Bytes that arrived at `start`, if the reader waits for one of them: handed over directly, so no eviction comes
   * between. True when it took them.
   */
  offer(start: number, bytes: Uint8Array): boolean {
    const from = this.position - start;
    if (this.#waiting === null || from < 0 || from >= bytes.length) return false;
    this.#take()?.resolve(bytes.subarray(from, this.end - start));
    return true;
  }

  /** `fetch` has ended; an error reaches only who waits for it. */
  ended(fetch: SharedFetch, error: unknown): void {
    this.fetches.delete(fetch);
    if (this.#waiting?.fetch !== fetch) return;
    if (error === null) this.#take()?.resolve(null);
    else this.#take()?.reject(error);
  }

  fail(error: unknown): void {
    this.#take()?.reject(error);
  }

  leave(): void {
    for (const fetch of this.fetches) fetch.leave(this);
    this.fetches.clear();
  }

  #take(): Waiting | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting;
  }
}

interface Waiting {
  readonly fetch: SharedFetch;
  resolve(bytes: Uint8Array | null): void;
  reject(error: unknown): void;
}

export interface FetchOptions {
  readonly source: Source;
  readonly extents: Extents;
  readonly start: number;
  readonly end: number;
  /** Bytes that may wait for the fastest reader now. */
  readAhead(): number;
  /** Called once, as soon as no more bytes will come. `eof`: where the resource ended, if the fetch found that. */
  onDone(fetch: SharedFetch, eof: number | null): void;
}

/** One upstream read of a gap, for all readers that need its bytes. Ends with its last reader. */
export class SharedFetch {
  readonly start: number;
  readonly #options: FetchOptions;
  readonly #writer: ExtentWriter;
  readonly #readers = new Set<Reader>();
  readonly #controller = new AbortController();
  #position: number;
  #end: number;
  #done = false;
  #wake: (() => void) | null = null;

  constructor(options: FetchOptions) {
    this.#options = options;
    this.#writer = new ExtentWriter(options.extents);
    this.start = options.start;
    this.#position = options.start;
    this.#end = options.end;
  }

  /** The next byte that will arrive. */
  get position(): number {
    return this.#position;
  }

  get end(): number {
    return this.#end;
  }

  join(reader: Reader): void {
    this.#readers.add(reader);
    reader.fetches.add(this);
    this.wake();
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0 || this.#done) return;
    this.#finish(null, null);
    this.#controller.abort();
  }

  /** Leaves the bytes from `end` on to another fetch. */
  shorten(end: number): void {
    this.#end = end;
  }

  /** Goes on after a pause, if a reader has come near enough. */
  wake(): void {
    if (this.#wake && (this.#done || !this.#isFarAhead())) this.#wake();
  }

  /** Never rejects: errors go to the readers. */
  async run(): Promise<void> {
    const { source } = this.#options;
    try {
      for await (const chunk of source.read({ start: this.start, end: this.#end }, this.#controller.signal)) {
        this.#store(chunk);
        if (!this.#done && this.#isFarAhead()) await this.#pause();
        if (this.#done) return;
      }
      this.#finish(null, this.#position);
    } catch (error) {
      this.#finish(error, null);
    }
  }

  #store(chunk: Uint8Array): void {
    let rest = chunk;
    this.#end = Math.min(this.#end, this.#options.source.size ?? this.#end); // learnt with the first bytes
    while (rest.length > 0 && !this.#done) {
      const expected = this.#end - this.#position;
      const start = this.#position;
      const stored = this.#writer.append(start, rest.subarray(0, expected), expected);
      this.#position += stored.length;
      rest = rest.subarray(stored.length);
      let isRead = false;
      for (const reader of this.#readers) isRead = reader.offer(start, stored) || isRead;
      if (isRead) this.#writer.release();
      if (this.#position >= this.#end) this.#finish(null, null);
    }
  }

  #isFarAhead(): boolean {
    let fastest = this.start;
    for (const reader of this.#readers) fastest = Math.max(fastest, reader.position);
    return this.#position - fastest > this.#options.readAhead();
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
  }

  #finish(error: unknown, eof: number | null): void {
    if (this.#done) return;
    this.#done = true;
    this.#writer.finish();
    this.#options.onDone(this, eof);
    for (const reader of this.#readers) reader.ended(this, error);
    this.wake();
  }
}
