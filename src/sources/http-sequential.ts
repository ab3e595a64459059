import { concat } from '../core/bytes.ts';
import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { parseContentRange } from './http-headers.ts';
import { Identity } from './http-identity.ts';
import type { Location, Opened } from './http-location.ts';
import { connectionError, type HttpTimeouts } from './http-transport.ts';
import { Patience, retries } from './retry.ts';

export interface SequentialOptions {
  readonly location: Location;
  readonly timeouts: HttpTimeouts;
  /** Throws for an answer that brings no bytes of the file. */
  readonly refuse: (opened: Opened) => void;
}

/** Times that what was read already is read again, to go on behind it: each costs all of it once more. */
const REREADS = 3;

/**
 * The whole resource by one GET, no faster than its bytes are taken. A transfer that breaks off goes on at the exact
 * byte where the server answers ranges after all; else it is read again up to there, if it is the same file: its length
 * is declared and its first 64 KiB and validators are equal. What can be continued in neither way is over.
 * @throws MediaError `upstream`, `upstream-timeout`, `changed`; the abort reason when aborted
 */
export async function* readInOrder(
  options: SequentialOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { location, timeouts } = options;
  const patience = new Patience(Math.min(timeouts.connect, timeouts.headers, timeouts.body));
  const tries = retries({ backoff: timeouts.backoff, patience }, signal);
  const reader = new OrderedReader(options, new Identity(location.host));
  for (;;) {
    try {
      for await (const chunk of reader.attempt(signal)) {
        tries.progress(chunk.length);
        yield chunk;
      }
      return;
    } catch (error) {
      if (!reader.canGoOn) throw error;
      await tries.after(error);
    }
  }
}

class OrderedReader {
  readonly #options: SequentialOptions;
  readonly #identity: Identity;
  /** Bytes that were given. */
  #at = 0;
  #rereads = 0;

  constructor(options: SequentialOptions, identity: Identity) {
    this.#options = options;
    this.#identity = identity;
  }

  /** Without a declared length nobody knows whether another answer is the same file. */
  get canGoOn(): boolean {
    return this.#at === 0 || (this.#identity.size !== null && this.#rereads < REREADS);
  }

  async *attempt(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const from = this.#at;
    const opened = await this.#options.location.open(from > 0 ? `bytes=${from}-` : null, signal);
    try {
      this.#options.refuse(opened);
      const proof = this.#identity.check(opened);
      if (isPartFrom(opened, from)) this.#learn(opened, proof);
      else if (opened.answer.status !== 200) throw otherBytes(opened);
      else {
        this.#learn(opened, 'same');
        if (from > 0) yield* this.#passAgain(opened, from);
      }
      this.#identity.accept(opened);
      yield* this.#rest(opened);
    } finally {
      opened.answer.close();
    }
  }

  #learn(opened: Opened, proof: 'same' | 'unproven'): void {
    if (proof === 'unproven') throw otherBytes(opened);
    const { answer } = opened;
    const declared = answer.status === 206 ? totalOf(opened) : answer.header('content-length');
    const size = declared === null ? null : Number(declared);
    this.#identity.learnSize(Number.isSafeInteger(size) ? size : null);
  }

  /** Passes over the bytes that were given before; gives what the last of these chunks holds behind them. */
  async *#passAgain({ answer, url }: Opened, from: number): AsyncGenerator<Uint8Array> {
    this.#rereads++;
    const head: Uint8Array[] = [];
    for (let passed = 0; passed < from; ) {
      const chunk = await answer.next();
      if (chunk === null) throw connectionError(url.host, `the file ended after ${passed} bytes`);
      if (passed < LIMITS.identityHead) head.push(chunk.slice(0, from - passed));
      passed += chunk.length;
      if (passed < from) continue;
      this.#identity.checkHead(concat(head));
      if (passed > from) yield this.#give(chunk.subarray(chunk.length - (passed - from)));
    }
  }

  async *#rest({ answer, url }: Opened): AsyncGenerator<Uint8Array> {
    for (let chunk = await answer.next(); chunk; chunk = await answer.next()) yield this.#give(chunk);
    const { size } = this.#identity;
    if (size !== null && this.#at < size)
      throw connectionError(url.host, `the file ended after ${this.#at} bytes`);
  }

  #give(chunk: Uint8Array): Uint8Array {
    this.#identity.see(this.#at, chunk);
    this.#at += chunk.length;
    return chunk;
  }
}

const contentRange = ({ answer }: Opened) => parseContentRange(answer.header('content-range'));

const isPartFrom = (opened: Opened, from: number): boolean =>
  opened.answer.status === 206 && from > 0 && contentRange(opened)?.range?.start === from;

const totalOf = (opened: Opened): number | null => contentRange(opened)?.total ?? null;

const otherBytes = ({ answer, url }: Opened): MediaError =>
  new MediaError('upstream', `${url.host} was asked for the rest of the file and answered something else`, {
    upstreamStatus: answer.status,
  });
