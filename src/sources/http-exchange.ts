import type { Dispatcher } from 'undici';
import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Access } from './address-policy.ts';
import { connectionError, type HttpAnswer, type HttpTimeouts, timeoutError } from './http-transport.ts';

type Controller = Dispatcher.DispatchController;
type RawHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Milliseconds that the rest of an unwanted body may take before its connection is cut after all. */
const DRAIN_TIME = 1000;
/** Bytes that must come within the time that a body may be silent: less carries no media, and holds its reader for hours. */
const TRICKLE = 16 * 1024;
/** What a queued chunk costs at least: a server that sends single bytes must not fill memory with their wrappers. */
const CHUNK_COST = 256;

interface Pending<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export interface ExchangeOptions {
  readonly host: string;
  readonly timeouts: HttpTimeouts;
  readonly signal: AbortSignal;
  /** Asked once the answer is there, when the address connected to is known. */
  access(): Access;
}

/**
 * One request and its answer, on undici's dispatch interface: its body streams copy chunks together when the
 * reader is slow, and count the reader's pauses as idle time.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #answered: Pending<HttpAnswer>;
  readonly #onAbort = () => this.#fail(this.#options.signal.reason);
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #received = 0;
  #length: number | null = null;
  #controller: Controller | null = null;
  #reader: Pending<Uint8Array | null> | null = null;
  /** When the reader began to wait, how long it waited for the last bytes, and how many those are. */
  #asked = 0;
  #waited = 0;
  #trickled = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: 'open' | 'draining' | 'ended' | 'failed' = 'open';
  #error: unknown = null;

  constructor(options: ExchangeOptions, answered: Pending<HttpAnswer>) {
    this.#options = options;
    this.#answered = answered;
    options.signal.addEventListener('abort', this.#onAbort);
    this.#watch(options.timeouts.connect, 'no connection');
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#state === 'failed') controller.abort(new Error('No longer wanted'));
    else this.#watch(this.#options.timeouts.headers, 'no answer');
  }

  onResponseStart(_controller: Controller, status: number, headers: RawHeaders): void {
    if (status < 200 || this.#state !== 'open') return;
    clearTimeout(this.#timer);
    const length = header(headers, 'content-length');
    this.#length = length !== null && /^\d{1,15}$/.test(length) ? Number(length) : null;
    this.#answered.resolve({
      status,
      access: this.#options.access(),
      header: (name) => header(headers, name),
      next: () => this.#next(),
      close: () => this.#close(),
    });
  }

  onResponseData(controller: Controller, buffer: Uint8Array): void {
    this.#received += buffer.length;
    if (this.#state !== 'open') return;
    const chunk = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length); // a Buffer's slice would be no copy
    if (this.#reader) {
      this.#noteWait(chunk.length);
      this.#settle((reader) => reader.resolve(chunk));
      return;
    }
    this.#queue.push(chunk);
    this.#queued += cost(chunk);
    if (this.#queued >= LIMITS.socketBuffer) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#state === 'failed') return;
    this.#state = 'ended';
    this.#release();
    this.#settle((reader) => reader.resolve(null));
  }

  onResponseError(_controller: Controller, error: Error): void {
    if (this.#state === 'ended') return;
    this.#fail(this.#describe(error));
  }

  #next(): Promise<Uint8Array | null> {
    const chunk = this.#queue.shift();
    if (chunk) {
      this.#queued -= cost(chunk);
      if (this.#controller?.paused && this.#queued < LIMITS.socketBuffer) this.#controller.resume();
      return Promise.resolve(chunk);
    }
    if (this.#state === 'failed') return Promise.reject(this.#error);
    if (this.#state !== 'open') return Promise.resolve(null);
    this.#asked = performance.now();
    const { body } = this.#options.timeouts;
    const what = this.#trickled > 0 ? 'came to a trickle' : 'stopped';
    this.#watch(body, `the transfer ${what} after ${this.#received} bytes`, body - this.#waited);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  #close(): void {
    if (this.#state !== 'open') return;
    this.#release();
    this.#queue.length = 0;
    if (this.#remaining() > LIMITS.drain) {
      this.#fail(null);
      return;
    }
    this.#state = 'draining';
    this.#watch(DRAIN_TIME, 'the rest did not come');
    this.#controller?.resume();
  }

  /** Bytes of the body that have not arrived; infinite when nobody knows. */
  #remaining(): number {
    return this.#length === null ? Number.POSITIVE_INFINITY : this.#length - this.#received;
  }

  #fail(error: unknown): void {
    if (this.#state === 'ended' || this.#state === 'failed') return;
    this.#state = 'failed';
    this.#error = error;
    this.#release();
    if (this.#options.signal.aborted) this.#queue.length = 0;
    this.#controller?.abort(new Error('No longer wanted'));
    this.#answered.reject(error);
    this.#settle((reader) => reader.reject(error));
  }

  #noteWait(length: number): void {
    this.#waited += performance.now() - this.#asked;
    this.#trickled += length;
    if (this.#trickled < TRICKLE) return;
    this.#waited = 0;
    this.#trickled = 0;
  }

  #settle(settle: (reader: Pending<Uint8Array | null>) => void): void {
    const reader = this.#reader;
    this.#reader = null;
    clearTimeout(this.#timer);
    if (reader) settle(reader);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
  }

  /** @param left milliseconds of `limit` that have not passed yet */
  #watch(limit: number, what: string, left = limit): void {
    clearTimeout(this.#timer);
    const error = () => timeoutError(this.#options.host, `${what} within ${limit} ms`);
    this.#timer = setTimeout(() => this.#fail(error()), Math.max(0, left));
  }

  /** Codes of node and undici as one of ours; never their messages, which may hold addresses and paths. */
  #describe(error: Error): MediaError {
    if (error instanceof MediaError) return error;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    const { host } = this.#options;
    if (TIMEOUT_CODES.has(code)) return timeoutError(host, `no connection (${code})`);
    if (code === 'ENOTFOUND') return connectionError(host, 'no such host name (ENOTFOUND)', error);
    const after = this.#received > 0 ? ` after ${this.#received} bytes` : '';
    return connectionError(host, `the connection failed${after} (${code})`, error);
  }
}

const cost = (chunk: Uint8Array): number => Math.max(chunk.length, CHUNK_COST);

const TIMEOUT_CODES = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT']);

function header(headers: RawHeaders, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? null);
}
