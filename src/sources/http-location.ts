import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { type Access, lessPublic } from './address-policy.ts';
import { type HttpAddress, parseAddress, placeOf, resolveAddress } from './http-address.ts';
import { callerHeaders, type Headers, headersElsewhere } from './http-headers.ts';
import type { HttpAnswer, HttpTransport } from './http-transport.ts';

/** An answer and where it came from. */
export interface Opened {
  readonly answer: HttpAnswer;
  /** For its host: path and query may be spelt otherwise than they were asked for. */
  readonly url: URL;
  /** Two answers of equal places describe the same resource. */
  readonly place: string;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Answers by which a signed URL says that its time is over, and a mirror that it is down. */
const isStale = (status: number): boolean =>
  status === 401 || status === 403 || status === 404 || status === 410 || status >= 500;

/** What the caller asked for, checked. */
export interface Target {
  readonly address: HttpAddress;
  /** For the address's own origin. */
  readonly headers: Headers;
}

/** @throws MediaError `bad-request` for a URL that is not http(s) or a header that HTTP does not allow */
export function parseTarget(text: string, headers: Headers): Target {
  const address = parseAddress(text);
  return { address, headers: callerHeaders(headers) };
}

/** What a `Location` has found out: plain data, which may be used by several of one target. */
export interface KnownPlace {
  /** Where the redirects led. */
  address: HttpAddress | null;
  access: Access | null;
}

export const newPlace = (): KnownPlace => ({ address: null, access: null });

export interface LocationOptions {
  readonly userAgent: string;
  readonly place: KnownPlace;
}

/** Where a resource really lies: redirects are followed by hand, each checked, and the URL they led to is kept. */
export class Location {
  readonly #target: Target;
  readonly #transport: HttpTransport;
  readonly #userAgent: string;
  readonly #place: KnownPlace;

  constructor(target: Target, transport: HttpTransport, { userAgent, place }: LocationOptions) {
    this.#target = target;
    this.#transport = transport;
    this.#userAgent = userAgent;
    this.#place = place;
  }

  /** Host of the URL as it was given. */
  get host(): string {
    return this.#target.address.url.host;
  }

  /** The least public address met on the way, redirects included; null before the first answer. */
  get access(): Access | null {
    return this.#place.access;
  }

  /**
   * The answer of the place that the redirects led to before; where that has gone stale, of the one they lead to now.
   * @param range value of the Range header, null for a plain GET
   * @param conditions headers that make it a conditional request
   */
  async open(range: string | null, signal: AbortSignal, conditions: Headers = {}): Promise<Opened> {
    const asking = { ...conditions, ...(range === null ? {} : { range }) };
    const kept = this.#place.address;
    const opened = kept && (await this.#again(kept, asking, signal));
    if (opened) return opened;
    const newer = this.#place.address; // another read has resolved it meanwhile, maybe to a link that is good for one use
    const fresh = kept && newer && newer !== kept ? await this.#again(newer, asking, signal) : null;
    return fresh ?? this.#follow(this.#target.address, asking, signal);
  }

  /** Null when the place has gone stale. */
  async #again(kept: HttpAddress, asking: Headers, signal: AbortSignal): Promise<Opened | null> {
    try {
      const opened = await this.#follow(kept, asking, signal);
      if (!isStale(opened.answer.status)) return opened;
      opened.answer.close();
    } catch (error) {
      if (!signal.aborted) this.#forget(kept); // the retry resolves again
      throw error;
    }
    this.#forget(kept);
    return null;
  }

  #forget(address: HttpAddress): void {
    if (this.#place.address === address) this.#place.address = null; // else another read has already resolved it
  }

  async #follow(from: HttpAddress, asking: Headers, signal: AbortSignal): Promise<Opened> {
    let address = from;
    for (let hops = 0; hops <= LIMITS.redirects; hops++) {
      const answer = await this.#transport.get(address, this.#headers(address, asking), signal);
      this.#place.access = lessPublic(this.#place.access, answer.access);
      const location = REDIRECTS.has(answer.status) ? answer.header('location') : null;
      if (location === null) {
        if (answer.status < 400 && hops > 0) this.#place.address = address;
        return { answer, url: address.url, place: placeOf(address) };
      }
      answer.close();
      address = resolveAddress(location, address);
    }
    throw new MediaError('upstream', `${from.url.host}: more than ${LIMITS.redirects} redirects`, {
      upstreamStatus: 302,
    });
  }

  /** Credentials go where they were given for: the caller's to their home, those of a Location to what it names. */
  #headers(address: HttpAddress, asking: Headers): Headers {
    const { address: home, headers } = this.#target;
    const given = basic(home);
    return {
      accept: '*/*',
      'user-agent': this.#userAgent,
      ...(isHome(address.url, home.url) ? { ...given, ...headers } : headersElsewhere(headers)),
      ...(address === home ? {} : basic(address)),
      'accept-encoding': 'identity',
      ...asking,
    };
  }
}

const basic = ({ authorization }: HttpAddress): Headers => (authorization === null ? {} : { authorization });

/** The same origin, or the same host gone from http to https on their usual ports. */
function isHome(url: URL, home: URL): boolean {
  if (url.origin === home.origin) return true;
  const upgraded = home.protocol === 'http:' && url.protocol === 'https:';
  return upgraded && url.hostname === home.hostname && url.port === '' && home.port === '';
}
