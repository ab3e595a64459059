import type { ByteRange, Sequence } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import type { Access } from './address-policy.ts';
import {
  contentRange,
  proveHead,
  rangeHeader,
  requireIdentity,
  statusError,
  wrongRange,
} from './http-answers.ts';
import type { Identity } from './http-identity.ts';
import type { Location, Opened } from './http-location.ts';
import { readInOrder } from './http-sequential.ts';
import { connectionError, type HttpTimeouts } from './http-transport.ts';
import { type WholeBodies, WholeBody } from './http-whole.ts';
import type { RangedSource } from './parallel-ranges.ts';
import { Patience, retries } from './retry.ts';

export interface HttpSource extends RangedSource, Sequence {
  /** The least public address that bytes came from, redirects included; null before the first read. */
  readonly access: Access | null;
  /** The strong ETag of the first answer's resource, as the place last read from writes it; null if it has none. */
  readonly validator: string | null;
}

export interface HttpSourceOptions {
  readonly location: Location;
  readonly bodies: WholeBodies;
  readonly timeouts: HttpTimeouts;
  readonly identity: Identity;
}

/** Statuses by which servers refuse the Range header rather than the request. */
const REFUSED_RANGE = new Set([400, 405, 406, 416]);

/** A resource on HTTP, read by ranges; broken transfers go on at the exact byte. */
export function httpSource({ location, bodies, timeouts, identity }: HttpSourceOptions): HttpSource {
  const reader = new RangeReader(location, identity, new WholeBody(bodies));
  const patience = new Patience(Math.min(timeouts.connect, timeouts.headers, timeouts.body));
  return {
    get size() {
      return reader.identity.size;
    },
    get access() {
      return location.access;
    },
    get answersRanges() {
      return reader.answersRanges;
    },
    get validator() {
      return reader.identity.etag;
    },
    open: (signal) => readInOrder({ location, timeouts, refuse: refuseOther }, signal),
    async *read(range, signal) {
      const tries = retries({ backoff: timeouts.backoff, patience }, signal);
      let start = range.start;
      for (;;) {
        signal.throwIfAborted();
        const end = Math.min(range.end, reader.identity.size ?? Number.POSITIVE_INFINITY);
        if (start >= end) return;
        try {
          for await (const chunk of reader.attempt({ start, end }, signal)) {
            start += chunk.length;
            tries.progress(chunk.length);
            yield chunk;
          }
        } catch (error) {
          await tries.after(error);
        }
      }
    },
  };
}

/** @throws MediaError for an answer that brings no bytes of the file */
function refuseOther(opened: Opened): void {
  requireIdentity(opened);
  const { status } = opened.answer;
  if (status !== 200 && status !== 206) throw statusError(opened);
}

class RangeReader {
  readonly identity: Identity;
  readonly #location: Location;
  readonly #whole: WholeBody;
  #askedForSize = false;
  answersRanges = false;

  constructor(location: Location, identity: Identity, whole: WholeBody) {
    this.#location = location;
    this.identity = identity;
    this.#whole = whole;
  }

  /** One try, one request: ends where the answer ends, which may be before the range does. */
  async *attempt(range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const known = await this.#whole.known(signal);
    if (known) return yield* this.#slice(known, range);
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
    let opened: Opened | null = null;
    try {
      opened = await this.#open(range, controller.signal);
      this.answersRanges = opened.answer.status === 206;
      if (opened.answer.status === 206) return yield* this.#partial(opened, range, signal);
      if (opened.answer.status === 416) return this.#beyond(opened, range);
      requireIdentity(opened);
      if (opened.answer.status !== 200) throw statusError(opened);
      const whole = opened;
      opened = null; // from here on it belongs to all who wait for the body
      signal.removeEventListener('abort', onAbort);
      yield* this.#slice(await this.#loadWhole(whole, controller, signal), range);
    } finally {
      signal.removeEventListener('abort', onAbort);
      opened?.answer.close();
    }
  }

  /** The answer to a ranged GET, or to a plain one where the server refuses ranges. */
  async #open(range: ByteRange, signal: AbortSignal): Promise<Opened> {
    const opened = await this.#location.open(rangeHeader(range), signal);
    const { answer } = opened;
    if (!REFUSED_RANGE.has(answer.status)) return opened;
    if (answer.status === 416 && contentRange(opened)?.total !== undefined) return opened;
    answer.close();
    return this.#location.open(null, signal);
  }

  async *#partial(opened: Opened, wanted: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { answer, url } = opened;
    requireIdentity(opened);
    const content = contentRange(opened);
    if (!content?.range || content.range.start !== wanted.start) throw wrongRange(opened, wanted);
    this.identity.learnSize(content.total);
    if (this.identity.check(opened) === 'unproven') await proveHead(this.#location, this.identity, signal);
    this.identity.accept(opened);
    const isCut = content.range.end < wanted.end;
    if (content.total === null && !isCut) await this.#askForSize(signal);
    const end = Math.min(wanted.end, content.range.end);
    let position = wanted.start;
    while (position < end) {
      const chunk = await answer.next();
      signal.throwIfAborted();
      if (chunk === null) throw connectionError(url.host, `the body ended ${end - position} bytes early`);
      const part = chunk.subarray(0, end - position);
      this.identity.see(position, part);
      position += part.length;
      yield part;
    }
    if (content.total === null && isCut) this.identity.learnSize(end);
  }

  /** One try to learn the size from a server that answers `/*`; without it the size stays unknown. */
  async #askForSize(signal: AbortSignal): Promise<void> {
    if (this.#askedForSize || this.identity.size !== null) return;
    this.#askedForSize = true;
    try {
      const opened = await this.#location.open('bytes=-1', signal);
      opened.answer.close();
      const content = opened.answer.status === 206 ? contentRange(opened) : null;
      this.identity.learnSize(content?.total ?? content?.range?.end ?? null);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof MediaError) || error.code === 'changed') throw error;
    }
  }

  /** A 416: the range begins behind the end, or asks for bytes that this server insists to be told exactly. */
  #beyond(opened: Opened, wanted: ByteRange): void {
    const size = contentRange(opened)?.total ?? null;
    if (size === null || (wanted.start < size && wanted.end <= size)) throw statusError(opened);
    this.identity.learnSize(size);
  }

  async #loadWhole(opened: Opened, controller: AbortController, signal: AbortSignal): Promise<Uint8Array> {
    const declared = opened.answer.header('content-length');
    if (declared !== null && /^\d{1,15}$/.test(declared)) this.identity.learnSize(Number(declared));
    const body = await this.#whole.load(opened, controller, signal);
    if (this.identity.check(opened) === 'unproven') this.identity.checkHead(body);
    this.identity.accept(opened);
    this.identity.see(0, body);
    return body;
  }

  *#slice(body: Uint8Array, { start, end }: ByteRange): Generator<Uint8Array> {
    this.identity.learnSize(body.length);
    if (start < body.length) yield body.subarray(start, Math.min(end, body.length));
  }
}
