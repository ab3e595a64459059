import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { type Access, lessPublic } from './address-policy.ts';
import { basicAuthorization, callerHeaders, type Headers, headersElsewhere } from './http-headers.ts';
import type { HttpAnswer, HttpTransport } from './http-transport.ts';

/** An answer and the URL that gave it. */
export interface Opened {
  readonly answer: HttpAnswer;
  readonly url: URL;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Answers by which a signed URL says that its time is over, and a mirror that it is down. */
const isStale = (status: number): boolean =>
  status === 401 || status === 403 || status === 404 || status === 410 || status >= 500;

/** What the caller asked for, checked. */
export interface Target {
  /** Without `user:pass@`. */
  readonly url: URL;
  readonly headers: Headers;
}

/** @throws MediaError `bad-request` for a URL that is not http(s) or a header that HTTP does not allow */
export function parseTarget(text: string, headers: Headers): Target {
  if (!URL.canParse(text)) throw new MediaError('bad-request', 'The URL of the media cannot be read');
  const url = new URL(text);
  requireHttp(url, 'bad-request');
  const authorization = basicAuthorization(url);
  const own = authorization === null ? {} : { authorization };
  return { url: withoutCredentials(url), headers: { ...own, ...callerHeaders(headers) } };
}

/** Where a resource really lies: redirects are followed by hand, each checked, and the URL they led to is kept. */
export class Location {
  readonly #target: Target;
  readonly #transport: HttpTransport;
  readonly #userAgent: string;
  #kept: URL | null = null;
  #access: Access | null = null;

  constructor(target: Target, transport: HttpTransport, userAgent: string) {
    this.#target = target;
    this.#transport = transport;
    this.#userAgent = userAgent;
  }

  /** Host of the URL as it was given. */
  get host(): string {
    return this.#target.url.host;
  }

  /** The least public address met on the way, redirects included; null before the first answer. */
  get access(): Access | null {
    return this.#access;
  }

  /**
   * The answer of the place that the redirects led to before; where that has gone stale, of the one they lead to now.
   * @param range value of the Range header, null for a plain GET
   */
  async open(range: string | null, signal: AbortSignal): Promise<Opened> {
    const kept = this.#kept;
    if (kept === null) return this.#resolve(range, signal);
    try {
      const opened = await this.#follow(kept, range, signal);
      if (!isStale(opened.answer.status)) return opened;
      opened.answer.close();
    } catch (error) {
      if (!signal.aborted) this.#forget(kept); // the retry resolves again
      throw error;
    }
    this.#forget(kept);
    return this.#resolve(range, signal);
  }

  #resolve(range: string | null, signal: AbortSignal): Promise<Opened> {
    return this.#follow(this.#kept ?? this.#target.url, range, signal);
  }

  #forget(url: URL): void {
    if (this.#kept === url) this.#kept = null; // else another read has already resolved it
  }

  async #follow(from: URL, range: string | null, signal: AbortSignal): Promise<Opened> {
    let url = from;
    let authorization: string | null = null;
    for (let hops = 0; hops <= LIMITS.redirects; hops++) {
      const answer = await this.#transport.get(url, this.#headers(url, range, authorization), signal);
      this.#access = lessPublic(this.#access, answer.access);
      const location = REDIRECTS.has(answer.status) ? answer.header('location') : null;
      if (location === null) {
        if (answer.status < 400 && hops > 0) this.#kept = url;
        return { answer, url };
      }
      answer.close();
      const next = nextUrl(location, url);
      authorization = basicAuthorization(next);
      url = withoutCredentials(next);
    }
    throw new MediaError('upstream', `${from.host}: more than ${LIMITS.redirects} redirects`, {
      upstreamStatus: 302,
    });
  }

  #headers(url: URL, range: string | null, authorization: string | null): Headers {
    const { url: home, headers } = this.#target;
    return {
      accept: '*/*',
      'user-agent': this.#userAgent,
      ...(isHome(url, home) ? headers : headersElsewhere(headers)),
      ...(authorization === null ? {} : { authorization }),
      'accept-encoding': 'identity',
      ...(range === null ? {} : { range }),
    };
  }
}

/** The same origin, or the same host gone from http to https on their usual ports. */
function isHome(url: URL, home: URL): boolean {
  if (url.origin === home.origin) return true;
  const upgraded = home.protocol === 'http:' && url.protocol === 'https:';
  return upgraded && url.hostname === home.hostname && url.port === '' && home.port === '';
}

function nextUrl(location: string, base: URL): URL {
  if (!URL.canParse(location, base))
    throw new MediaError('upstream', `${base.host} redirects to something that is no URL`, {
      upstreamStatus: 302,
    });
  const next = new URL(location, base);
  requireHttp(next, 'upstream');
  return next;
}

function requireHttp(url: URL, code: 'bad-request' | 'upstream'): void {
  if (url.protocol === 'http:' || url.protocol === 'https:') return;
  const message = `Only http and https URLs can be fetched, not ${url.protocol}`;
  throw new MediaError(code, message, code === 'upstream' ? { upstreamStatus: 302 } : {});
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return bare;
}
