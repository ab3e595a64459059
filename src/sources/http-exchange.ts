import type { Dispatcher } from 'undici';
import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Access } from './address-policy.ts';
import { connectionError, type HttpAnswer, type HttpTimeouts, timeoutError } from './http-transport.ts';

type Controller = Dispatcher.DispatchController;
type RawHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Milliseconds that the rest of an unwanted body may take before its connection is cut after all. */
const DRAIN_TIME = 1000;

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
      this.#settle((reader) => reader.resolve(chunk));
      return;
    }
    this.#queue.push(chunk);
    this.#queued += chunk.length;
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
      this.#queued -= chunk.length;
      if (this.#controller?.paused && this.#queued < LIMITS.socketBuffer) this.#controller.resume();
      return Promise.resolve(chunk);
    }
    if (this.#state === 'failed') return Promise.reject(this.#error);
    if (this.#state !== 'open') return Promise.resolve(null);
    this.#watch(this.#options.timeouts.body, `the transfer stopped after ${this.#received} bytes`);
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

  #watch(limit: number, what: string): void {
    clearTimeout(this.#timer);
    const error = () => timeoutError(this.#options.host, `${what} within ${limit} ms`);
    this.#timer = setTimeout(() => this.#fail(error()), limit);
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

const TIMEOUT_CODES = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT']);

function header(headers: RawHeaders, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? null);
}
