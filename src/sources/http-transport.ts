import { MediaError } from '../core/errors.ts';
import type { Access } from './address-policy.ts';
import type { HttpAddress } from './http-address.ts';
import type { Headers } from './http-headers.ts';

/** One GET over some HTTP implementation: no redirects, no retries, every address checked. */
export interface HttpTransport {
  /**
   * Resolves when the headers have arrived. Aborting ends the transfer at once, also while the body is read.
   * @throws MediaError `forbidden-address`, `upstream-timeout`, `upstream`; the abort reason when aborted
   */
  get(address: HttpAddress, headers: Headers, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly access: Access;
  /** By lower-case name; repeated ones joined by commas. */
  header(name: string): string | null;
  /** The next bytes of the body as they arrive, null at its end. One call at a time. */
  next(): Promise<Uint8Array | null>;
  /** Ends the transfer, in whatever state: a short rest is drained so that the connection can be used again. */
  close(): void;
}

/** Idle times in milliseconds: none of them limits how long a transfer that moves may take. */
export interface HttpTimeouts {
  /** Name resolution, TCP and TLS. */
  readonly connect: number;
  /** From the request sent to the end of the answer's headers. */
  readonly headers: number;
  /** Between two pieces of the body while somebody waits for it. */
  readonly body: number;
  /** Before the first retry; each further one waits three times as long. */
  readonly backoff: number;
}

/** With the one repetition that LIMITS.timeouts grants, an answer comes within 15 s: longer no player waits for a playlist. */
export const HTTP_TIMEOUTS: HttpTimeouts = { connect: 5000, headers: 7000, body: 7000, backoff: 100 };

/** An error below HTTP, without a status: the kind that is worth another try. */
export const connectionError = (host: string, what: string, cause?: unknown): MediaError =>
  new MediaError('upstream', `${host}: ${what}`, cause === undefined ? {} : { cause });

export const timeoutError = (host: string, what: string): MediaError =>
  new MediaError('upstream-timeout', `${host}: ${what}`);
