import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

/** Counts the failures of one read and says when to give up. */
export interface Retries {
  /** Bytes arrived: enough of them show that the upstream is alive, and the count starts again. */
  progress(length: number): void;
  /**
   * Waits before the next attempt.
   * @throws the error that decides when there shall be none
   */
  after(error: unknown): Promise<void>;
}

export interface RetryOptions {
  /** Milliseconds before the first retry, three times as long before each further one. */
  readonly backoff: number;
  readonly patience: Patience;
}

/** Bytes since the last failure that are progress: a server that gives single ones before it fails will not get far. */
const PROGRESS = 512;
/** Milliseconds after which a silence is forgotten, and bytes: half of a segment at 2 Mbit/s. */
const FORGOTTEN = 15_000;
const LIVELY = 384 * 1024;

/**
 * How long a source may be silent, over all its reads: each of them finds another stall where a server stalls at each
 * answer, and whoever waits for what they make waits for all of them.
 */
export class Patience {
  readonly #shortest: number;
  #silences = 0;
  #arrived = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** @param shortest milliseconds of the shortest timeout: what times out sooner after another was silent with it */
  constructor(shortest: number) {
    this.#shortest = shortest;
  }

  arrived(length: number): void {
    this.#arrived += length;
  }

  /** A read has timed out. True when that was once too often. */
  isOver(): boolean {
    const now = performance.now();
    const passed = now - this.#last;
    if (passed > FORGOTTEN || this.#arrived >= LIVELY) this.#silences = 0;
    if (this.#silences === 0 || passed >= this.#shortest) {
      this.#silences++;
      this.#arrived = 0;
      this.#last = now;
    }
    return this.#silences >= LIMITS.timeouts;
  }
}

export function retries({ backoff, patience }: RetryOptions, signal: AbortSignal): Retries {
  let failures = 0;
  let total = 0;
  let arrived = 0;
  let waited = 0;
  let telling: MediaError | null = null;
  return {
    progress(length) {
      patience.arrived(length);
      arrived += length;
      if (arrived < PROGRESS) return;
      failures = 0;
      telling = null;
    },
    async after(error) {
      signal.throwIfAborted();
      if (!(error instanceof MediaError) || !isPassing(error)) throw error;
      const isTimeout = error.code === 'upstream-timeout';
      if (!isTimeout) telling = error;
      arrived = 0;
      failures++;
      total++;
      const isSilent = isTimeout && patience.isOver();
      if (isSilent || failures >= LIMITS.attempts || total >= LIMITS.retries) throw telling ?? error;
      const pause = Math.max(backoff * 3 ** (failures - 1), (error.retryAfter ?? 0) * 1000);
      waited += (error.retryAfter ?? 0) * 1000;
      if (waited > LIMITS.retryAfter) throw error; // the caller is told when to come again
      await sleep(pause, signal);
    },
  };
}

/** Causes below HTTP that the next attempt meets again: names that do not exist, certificates. */
const LASTING =
  /^(ENOTFOUND|ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_INVALID|UND_ERR_INVALID)/;

/** Whether another attempt may succeed: nothing was answered, the upstream is overloaded, or it stumbled. */
function isPassing(error: MediaError): boolean {
  if (error.code === 'upstream-timeout' || error.code === 'rate') return true;
  if (error.code !== 'upstream') return false;
  if (error.upstreamStatus !== undefined) return error.upstreamStatus >= 500;
  return !LASTING.test(causeCode(error.cause));
}

const causeCode = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';

/** Rejects with the abort reason as soon as the signal aborts. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return abortable(elapsed, signal).finally(() => clearTimeout(timer));
}

/** The promise's result, or the abort reason if that comes first. The promise itself goes on. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
