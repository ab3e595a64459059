import { abortable } from './retry.ts';

/** Bytes of one piece at most: two thousand pieces make a film of 80 Mbit/s slow, and each holds its buffer. */
const PIECE = 128 * 1024;
/** A piece that fills less of its buffer than this is copied, so that views of it do not hold the rest. */
const WORTH_KEEPING = PIECE / 2;
/** Bytes that must come within the time that a body may be silent: less carries no media. */
const TRICKLE = 16 * 1024;

type Take = () => Promise<{ readonly value?: Uint8Array | undefined; readonly done: boolean }>;

export interface BodyOptions {
  /** Milliseconds that the body may be silent while somebody waits for it. */
  readonly idle: number;
  /** Aborts the transfer below. */
  readonly signal: AbortSignal;
  /** What is thrown, and the transfer ended with, when it is silent for too long. */
  timeout(received: number): Error;
}

/** A web stream of bytes, taken in large pieces one by one; the reader's own pauses are not its silence. */
export class BodyReader {
  readonly #reader: { cancel(reason?: unknown): Promise<void> };
  readonly #take: Take;
  readonly #options: BodyOptions;
  #received = 0;
  #waited = 0;
  #trickled = 0;
  #isOver = false;

  constructor(body: ReadableStream<Uint8Array>, options: BodyOptions) {
    this.#options = options;
    const bytes = byteReader(body);
    if (bytes) {
      this.#reader = bytes;
      this.#take = () => bytes.read(new Uint8Array(PIECE));
    } else {
      const chunks = body.getReader();
      this.#reader = chunks;
      this.#take = () => chunks.read();
    }
  }

  get received(): number {
    return this.#received;
  }

  /** The next bytes, null at the end. @throws the error of the stream, the abort reason, or that of `timeout` */
  async next(): Promise<Uint8Array | null> {
    while (!this.#isOver) {
      const { value, done } = await this.#waitFor();
      if (done) this.#isOver = true;
      else if (value && value.length > 0) return value.length < WORTH_KEEPING ? value.slice() : value;
    }
    return null;
  }

  /** Ends the transfer. What was asked for before is thrown away. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // A stream that has failed cannot be cancelled, and need not be.
    this.#reader.cancel().catch(() => undefined);
  }

  async #waitFor(): ReturnType<Take> {
    const { idle, signal, timeout } = this.#options;
    const asked = performance.now();
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(timeout(this.#received)), Math.max(0, idle - this.#waited));
    const onAbort = () => silence.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
    try {
      signal.throwIfAborted();
      const piece = await abortable(this.#take(), silence.signal);
      this.#note(piece.value?.length ?? 0, performance.now() - asked);
      return piece;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #note(length: number, waited: number): void {
    this.#received += length;
    this.#waited += waited;
    this.#trickled += length;
    if (this.#trickled < TRICKLE) return;
    this.#waited = 0;
    this.#trickled = 0;
  }
}

/** Null where the platform's stream gives its chunks only as they come. */
function byteReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return body.getReader({ mode: 'byob' });
  } catch {
    return null;
  }
}
