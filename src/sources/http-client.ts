import { LRUCache } from 'lru-cache';
import type { Reach, Relay, RelayRequest } from '../core/relay.ts';
import type { Headers } from './http-headers.ts';
import { Identity } from './http-identity.ts';
import { type KnownPlace, Location, newPlace, parseTarget } from './http-location.ts';
import { openRelay } from './http-relay.ts';
import { type HttpSource, httpSource } from './http-source.ts';
import { HTTP_TIMEOUTS, type HttpTimeouts, type HttpTransport } from './http-transport.ts';
import { WholeBodies } from './http-whole.ts';

export interface HttpRequest {
  /**
   * An http or https URL as the caller gave it, its percent-encoding kept. `user:pass@` is sent as Basic
   * authorization instead.
   */
  readonly url: string;
  /**
   * Sent to the URL's own host; other hosts that redirects lead to get only User-Agent, Referer, Origin, Accept and
   * Accept-Language. Range, conditional, hop-by-hop and encoding headers and Host are ignored.
   */
  readonly headers: Headers;
  /** Absent: wherever requests may go. */
  readonly reach?: Reach;
}

/** What was learnt of one resource: plain data, which any number of its sources may use, also of several clients. */
export interface HttpMemory {
  readonly identity: Identity;
  readonly place: KnownPlace;
}

export interface HttpClient extends Relay {
  /**
   * Sends nothing yet.
   * @param memory of the same request; what another source of it found need not be found again
   * @throws MediaError `bad-request` for a URL or header that cannot be sent
   */
  source(request: HttpRequest, memory?: HttpMemory): HttpSource;
  /** Ends all transfers. */
  close(): Promise<void>;
}

export interface TransportClientOptions {
  readonly transport: HttpTransport;
  /** For requests of `open` reach; the same one where nothing private is opened. */
  readonly openTransport?: HttpTransport;
  readonly timeouts?: Partial<HttpTimeouts>;
  /** Sent where the caller gives none. */
  readonly userAgent?: string;
  /** Where bodies of servers that ignore ranges are held. */
  readonly bodies?: WholeBodies;
}

/** Where redirects of relayed requests led: a player seeks, and every redirect costs it a round trip. */
const MAX_PLACES = 1000;
/** Milliseconds without use. */
const PLACE_AGE = 10 * 60 * 1000;

/** A client over any HTTP implementation. */
export function httpClient(options: TransportClientOptions): HttpClient {
  const { transport, userAgent = 'Sluice/0.1', bodies = new WholeBodies() } = options;
  const { openTransport = transport } = options;
  const transportOf = (reach: Reach | undefined) => (reach === 'open' ? openTransport : transport);
  const timeouts: HttpTimeouts = { ...HTTP_TIMEOUTS, ...options.timeouts };
  const places = new LRUCache<string, KnownPlace>({ max: MAX_PLACES, ttl: PLACE_AGE });
  const placeOf = ({ url, headers, reach }: RelayRequest): KnownPlace => {
    const key = JSON.stringify([url, headers, reach]);
    const known = places.get(key) ?? newPlace();
    places.set(key, known);
    return known;
  };
  return {
    source({ url, headers, reach }, memory) {
      const target = parseTarget(url, headers);
      const { identity, place } = memory ?? newMemory(target.address.url.host);
      const location = new Location(target, transportOf(reach), { userAgent, place });
      return httpSource({ location, bodies, timeouts, identity });
    },
    relay(request, asking, signal) {
      const target = parseTarget(request.url, request.headers);
      const location = new Location(target, transportOf(request.reach), {
        userAgent,
        place: placeOf(request),
      });
      return openRelay({ location, timeouts, asking }, signal);
    },
    async close() {
      await Promise.all([transport.close(), openTransport.close()]);
    },
  };
}

/** Nothing is known yet. @throws MediaError `bad-request` as `HttpClient.source` does */
export const httpMemory = ({ url, headers }: HttpRequest): HttpMemory =>
  newMemory(parseTarget(url, headers).address.url.host);

const newMemory = (host: string): HttpMemory => ({ identity: new Identity(host), place: newPlace() });
