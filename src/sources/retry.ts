import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

/** Counts the failures of one read and says when to give up. */
export interface Retries {
  /** A byte arrived: the upstream is alive, the count starts again. */
  progress(): void;
  /**
   * Waits before the next attempt.
   * @throws the error that decides when there shall be none
   */
  after(error: unknown): Promise<void>;
}

/** @param backoff milliseconds before the first retry, three times as long before each further one */
export function retries(backoff: number, signal: AbortSignal): Retries {
  let failures = 0;
  let total = 0;
  let timeouts = 0;
  let telling: MediaError | null = null;
  return {
    progress() {
      failures = 0;
      telling = null;
    },
    async after(error) {
      signal.throwIfAborted();
      if (!(error instanceof MediaError) || !isPassing(error)) throw error;
      if (error.code === 'upstream-timeout') timeouts++;
      else telling = error;
      failures++;
      total++;
      const isOver = failures >= LIMITS.attempts || total >= LIMITS.retries || timeouts >= LIMITS.timeouts;
      if (isOver) throw telling ?? error;
      await sleep(waitFor(error, backoff * 3 ** (failures - 1)), signal);
    },
  };
}

/** Milliseconds; a Retry-After is honoured as far as somebody who waits for a picture can bear it. */
const waitFor = (error: MediaError, backoff: number): number =>
  Math.min(LIMITS.retryAfter, Math.max(backoff, (error.retryAfter ?? 0) * 1000));

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
