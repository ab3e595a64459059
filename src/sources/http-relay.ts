import { concat } from '../core/bytes.ts';
import { MediaError } from '../core/errors.ts';
import type { RelayAccess, RelayAsking, RelayedAnswer } from '../core/relay.ts';
import { contentRange, proveHead, statusError } from './http-answers.ts';
import { Identity } from './http-identity.ts';
import type { Location, Opened } from './http-location.ts';
import { connectionError, type HttpTimeouts } from './http-transport.ts';
import { Patience, type Retries, retries } from './retry.ts';

/** Times that a server without ranges may send again what was passed on already: each costs all of it once more. */
const REREADS = 2;

export interface RelayOptions {
  readonly location: Location;
  readonly timeouts: HttpTimeouts;
  readonly asking: RelayAsking;
}

/**
 * Asks for what a client asked for and passes it on. Without a range of the client's the whole is asked for by one, since
 * servers that know ranges can then be asked for the rest where a connection breaks: the client gets a 200. Several
 * ranges at once are answered with the whole, as RFC 9110, 14.2 allows.
 * @throws MediaError for a status other than 200, 206, 304, 416
 */
export async function openRelay(options: RelayOptions, signal: AbortSignal): Promise<RelayedAnswer> {
  const { location, timeouts, asking } = options;
  const patience = new Patience(Math.min(timeouts.connect, timeouts.headers, timeouts.body));
  const tries = retries({ backoff: timeouts.backoff, patience }, signal);
  const isWhole = !isOneRange(asking.range);
  for (;;) {
    try {
      const opened = await ask(options, isWhole, signal);
      const body = new RelayedBody({ opened, isWhole, location, tries, signal });
      return answerOf(opened, isWhole, { access: location.access ?? opened.answer.access, body });
    } catch (error) {
      await tries.after(error);
    }
  }
}

/** RFC 9110, 14.1.2: `first-`, `first-last` or `-suffix`. */
const isOneRange = (range: string | null): boolean =>
  /^\s*bytes\s*=\s*(\d{1,15}-\d{0,15}|-\d{1,15})\s*$/i.test(range ?? '');

const GOOD = new Set([200, 206, 304]);
/** Statuses by which servers refuse the Range header rather than the request. */
const REFUSED_RANGE = new Set([400, 405, 406]);

async function ask(
  { location, asking }: RelayOptions,
  isWhole: boolean,
  signal: AbortSignal,
): Promise<Opened> {
  const whole = asking.method === 'head' ? 'bytes=0-0' : 'bytes=0-';
  const range = (isWhole ? null : asking.range) ?? whole;
  const opened = await location.open(range, signal, asking.conditions);
  const { status } = opened.answer;
  const isUnasked = status === 304 && Object.keys(asking.conditions).length === 0;
  const isOther = isUnasked || (status === 206 && !isPartAsked(opened, range));
  if ((status === 416 && !isWhole) || (GOOD.has(status) && !isOther)) return opened;
  opened.answer.close();
  if (isOther && !isWhole) throw notThePart(opened);
  // An empty file has no first byte.
  if (!REFUSED_RANGE.has(status) && status !== 416 && !isOther) throw statusError(opened);
  const plain = await location.open(null, signal, asking.conditions);
  if (plain.answer.status === 200 || (plain.answer.status === 304 && !isUnasked)) return plain;
  plain.answer.close();
  throw statusError(plain);
}

interface AnswerParts {
  readonly access: RelayAccess;
  readonly body: RelayedBody;
}

function answerOf(opened: Opened, isWhole: boolean, { access, body }: AnswerParts): RelayedAnswer {
  const { answer, url } = opened;
  const { status } = answer;
  return {
    status: status === 304 || status === 416 ? status : status === 206 && !isWhole ? 206 : 200,
    access,
    url: url.href,
    length: lengthOf(opened, isWhole),
    contentRange: !isWhole && (status === 206 || status === 416) ? answer.header('content-range') : null,
    header: (name) => answer.header(name),
    next: () => body.next(),
    close: () => body.close(),
  };
}

function declared({ answer }: Opened): number | null {
  const length = answer.header('content-length');
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : null;
}

interface BodyOptions {
  readonly opened: Opened;
  /** All of the resource was asked for, not a part of it. */
  readonly isWhole: boolean;
  readonly location: Location;
  readonly tries: Retries;
  readonly signal: AbortSignal;
}

/** The body of one answer, continued by further ones where its connection breaks. */
class RelayedBody {
  readonly #options: BodyOptions;
  readonly #identity: Identity;
  /** Place in the resource of the next byte, and behind the last one that was promised; null where nobody knows. */
  #position: number;
  readonly #end: number | null;
  #opened: Opened;
  /** Behind the last byte that the open answer promises: some servers give a part of what they are asked for. */
  #reach: number | null;
  /** Rest of a chunk of which the beginning was passed over. */
  #pending: Uint8Array | null = null;
  #rereads = 0;
  #isClosed = false;

  constructor(options: BodyOptions) {
    const { opened, isWhole, location } = options;
    this.#options = options;
    this.#opened = opened;
    this.#identity = new Identity(location.host);
    const content = contentOf(opened);
    this.#position = content.start;
    this.#reach = content.end;
    this.#end = isWhole ? (content.total ?? content.end) : content.end;
    this.#identity.check(opened);
    this.#identity.learnSize(content.total);
    this.#identity.accept(opened);
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#position === this.#end) this.close();
      if (this.#isClosed) return null;
      try {
        const chunk = this.#pending ?? (await this.#opened.answer.next());
        this.#pending = null;
        if (chunk) return this.#give(chunk);
        if (this.#end === null) return null;
        if (this.#position !== this.#reach) throw this.#endedEarly(this.#end);
        this.#opened.answer.close();
        await this.#reopen(this.#end);
      } catch (error) {
        await this.#goOn(error);
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#opened.answer.close();
  }

  #give(chunk: Uint8Array): Uint8Array {
    const part = this.#end === null ? chunk : chunk.subarray(0, this.#end - this.#position);
    this.#identity.see(this.#position, part);
    this.#position += part.length;
    this.#options.tries.progress(part.length);
    return part;
  }

  #endedEarly(end: number): MediaError {
    return connectionError(this.#opened.url.host, `the body ended ${end - this.#position} bytes early`);
  }

  /** Opens the rest. @throws the error that broke the transfer, or what the next attempts met */
  async #goOn(error: unknown): Promise<void> {
    let met = error;
    for (;;) {
      this.#opened.answer.close();
      // What has no length has no rest that could be told from another stream.
      if (this.#end === null || this.#isClosed) throw met;
      await this.#options.tries.after(met);
      try {
        return await this.#reopen(this.#end);
      } catch (next) {
        met = next;
      }
    }
  }

  async #reopen(end: number): Promise<void> {
    const { location, signal } = this.#options;
    const isBroken = this.#position !== this.#reach;
    const opened = await location.open(`bytes=${this.#position}-${end - 1}`, signal);
    try {
      const { status } = opened.answer;
      if (status !== 206 && status !== 200) throw statusError(opened);
      const content = contentOf(opened);
      if (status === 206 && content.start !== this.#position) throw notTheRest(opened);
      this.#identity.learnSize(content.total);
      const proof = this.#identity.check(opened);
      if (proof === 'unproven' && this.#identity.head.length === 0) throw notTheRest(opened);
      if (status === 200) await this.#passOver(opened);
      else if (proof === 'unproven' || (isBroken && !this.#identity.isVouchedFor(opened)))
        await proveHead(location, this.#identity, signal);
      this.#identity.accept(opened);
      this.#opened = opened;
      this.#reach = content.end;
    } catch (error) {
      opened.answer.close();
      throw error;
    }
  }

  /** Reads what was passed on already once more, from a server that does not answer ranges: it must begin alike. */
  async #passOver(opened: Opened): Promise<void> {
    if (this.#rereads++ >= REREADS) throw notTheRest(opened);
    const head: Uint8Array[] = [];
    const known = this.#identity.head.length;
    let left = this.#position;
    while (left > 0) {
      const chunk = await opened.answer.next();
      if (chunk === null) throw connectionError(opened.url.host, 'the body ended early');
      if (this.#position - left < known) head.push(chunk.subarray(0, known));
      if (chunk.length > left) this.#pending = chunk.subarray(left);
      left -= Math.min(left, chunk.length);
    }
    this.#identity.checkHead(concat(head));
  }
}

/** Bytes of the body that is passed on: by its range, which is what is kept to. */
function lengthOf(opened: Opened, isWhole: boolean): number | null {
  const content = opened.answer.status === 206 ? contentRange(opened) : null;
  if (!content?.range) return declared(opened);
  return isWhole ? content.total : content.range.end - content.range.start;
}

/** Whether a 206 holds what was asked for, or its beginning: some servers count bytes before they compress them. */
function isPartAsked(opened: Opened, asked: string): boolean {
  const encoding = opened.answer.header('content-encoding')?.trim().toLowerCase() ?? '';
  const content = contentRange(opened);
  const match = /(\d*)\s*-\s*(\d*)\s*$/.exec(asked);
  if (!/^(identity)?$/.test(encoding) || !content?.range || !match) return false;
  const { range, total } = content;
  const length = declared(opened);
  if (length !== null && length !== range.end - range.start) return false;
  const [, first = '', last = ''] = match;
  if (first !== '') return range.start === Number(first) && (last === '' || range.end <= Number(last) + 1);
  return (total === null || range.end === total) && range.end - range.start <= Number(last);
}

const notThePart = ({ answer, url }: Opened): MediaError =>
  new MediaError(
    'upstream',
    `${url.host} was asked for a part of the file and answered another one, or compressed it`,
    { upstreamStatus: answer.status },
  );

/** Which bytes an answer holds, half-open, and how many there are in all; null where nobody knows. */
function contentOf(opened: Opened) {
  const { status } = opened.answer;
  const content = status === 206 ? contentRange(opened) : null;
  if (content?.range) return { ...content.range, total: content.total };
  const length = status === 416 || status === 304 ? 0 : declared(opened);
  return { start: 0, end: length, total: status === 200 ? length : null };
}

const notTheRest = ({ answer, url }: Opened): MediaError =>
  new MediaError('upstream', `${url.host} was asked for the rest of the file and answered something else`, {
    upstreamStatus: answer.status,
  });
