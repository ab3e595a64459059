import { lookup as resolve } from 'node:dns/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Dispatcher, Pool } from 'undici';
import { LIMITS } from '../core/limits.ts';
import { type Access, type AddressPolicy, lessPublic } from './address-policy.ts';
import { literalAddress } from './address-rules.ts';
import { hostAccess, portOf } from './host-access.ts';
import { createHostTurns, type HostTurns } from './host-turns.ts';
import type { HttpAddress } from './http-address.ts';
import { Exchange } from './http-exchange.ts';
import type { Headers } from './http-headers.ts';
import type { HttpAnswer, HttpTimeouts, HttpTransport } from './http-transport.ts';
import { proxyAuthorization, refusedCredentials } from './proxy-handshake.ts';
import { isPassedOn, type Lookup, openPool } from './upstream-pool.ts';
import { type FindWay, STRAIGHT, type UpstreamWay, withWay } from './upstream-routes.ts';

export interface ConnectionOptions {
  readonly policy: AddressPolicy;
  readonly timeouts: HttpTimeouts;
  readonly lookup?: Lookup | undefined;
  /** Straight, unless given. */
  readonly wayOf?: FindWay | undefined;
  /** What the caller sends by itself. */
  readonly defaults?: Headers | undefined;
  /** Certificates in PEM that are trusted in place of the usual ones. */
  readonly authorities?: readonly string[] | undefined;
}

/** Connections to one origin, and the least public address that any of them was made to. */
interface Origin {
  readonly pool: Pool;
  access: Access | null;
}

const PROXY_AUTHENTICATION_REQUIRED = 407;
/** Milliseconds that a request waits for its turn: players ask again after that. */
const MAX_WAIT = 20_000;

/** HTTP/1.1 over pooled connections. The address that is connected to is the address that was checked. */
export function connections(options: ConnectionOptions): HttpTransport {
  const {
    policy,
    timeouts,
    lookup = resolveAll,
    wayOf = () => STRAIGHT,
    defaults = {},
    authorities,
  } = options;
  const origins = new LRUCache<string, Origin>({
    max: LIMITS.origins,
    dispose: ({ pool }) => void pool.close().catch(() => {}),
  });
  const turns = new Map<string, HostTurns>();

  function openOrigin(url: URL, way: UpstreamWay): Origin {
    const key = `${way.name} ${url.origin}`;
    const known = origins.get(key);
    if (known) return known;
    const port = portOf(url);
    const check = (host: string, address: string) => {
      origin.access = lessPublic(origin.access, policy.classify(host, port, address));
    };
    const checked = checkedLookup(lookup, check);
    const pool = openPool(url, { way, timeouts, lookup: checked, authorities });
    const origin: Origin = { pool, access: null };
    origins.set(key, origin);
    return origin;
  }

  function turnsOf({ name, concurrency }: UpstreamWay): HostTurns | null {
    if (concurrency === null) return null;
    const known = turns.get(name) ?? createHostTurns({ atOnce: concurrency, patience: MAX_WAIT });
    turns.set(name, known);
    return known;
  }

  function send(request: Request, origin: Origin, end: (() => void) | null): Promise<HttpAnswer> {
    const { address, known, signal } = request;
    const { url } = address;
    const access = () => known ?? origin.access ?? 'private';
    return new Promise((resolve, reject) => {
      const exchange = new Exchange({ host: url.host, timeouts, signal, access }, { resolve, reject });
      origin.pool.dispatch(written(request), end ? ending(exchange, end) : exchange);
    });
  }

  return {
    async get(address: HttpAddress, headers: Headers, signal: AbortSignal): Promise<HttpAnswer> {
      signal.throwIfAborted();
      const { url } = address;
      const way = wayOf(url);
      const known = knownAccess(policy, url, way);
      const end = (await turnsOf(way)?.take(url.host, signal)) ?? null;
      try {
        await nextTurn(); // undici frees a connection one turn after its last answer ended
        signal.throwIfAborted();
        const answer = await send(
          { address, headers: withWay(headers, way, defaults), signal, way, known },
          openOrigin(url, way),
          end,
        );
        return isPassedOn(url, way.proxy) ? requireProxy(answer, url) : answer;
      } catch (error) {
        end?.();
        throw error;
      }
    },
    async close() {
      const pools = [...origins.values()].map(({ pool }) => pool);
      await Promise.all(pools.map((pool) => pool.destroy()));
      origins.clear();
    },
  };
}

interface Request {
  readonly address: HttpAddress;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  readonly way: UpstreamWay;
  /** Null: what the addresses that the name leads to are. */
  readonly known: Access | null;
}

/** What can be said before a connection is made. Names that a proxy resolves are judged by what they say. */
function knownAccess(policy: AddressPolicy, url: URL, { proxy }: UpstreamWay): Access | null {
  if (proxy && proxy.kind !== 'socks5') return hostAccess(policy, url);
  const literal = literalAddress(url.hostname); // sockets look up names only
  return literal === null ? null : policy.classify(url.hostname, portOf(url), literal);
}

/** The request line and headers. A proxy that passes a request on gets the whole URL: RFC 9112, 3.2.2. */
function written({ address: { url, target }, headers, way }: Request): Dispatcher.DispatchOptions {
  if (!way.proxy || !isPassedOn(url, way.proxy)) return { method: 'GET', path: target, headers };
  const { 'proxy-authorization': _, ...others } = headers; // a caller's is not for this proxy
  const authorization = proxyAuthorization(way.proxy);
  const own = authorization === null ? {} : { 'proxy-authorization': authorization };
  return { method: 'GET', path: url.origin + target, headers: { ...others, ...own, host: url.host } };
}

/** @throws MediaError when the answer is the proxy's own: it does not take the credentials */
function requireProxy(answer: HttpAnswer, url: URL): HttpAnswer {
  if (answer.status !== PROXY_AUTHENTICATION_REQUIRED) return answer;
  answer.close();
  throw refusedCredentials(url.host);
}

/** Tells when a request is over, also one that nobody waits for any more. */
const ending = (handler: Exchange, end: () => void): Dispatcher.DispatchHandler => ({
  onRequestStart: (controller) => handler.onRequestStart(controller),
  onResponseStart: (controller, status, headers) => handler.onResponseStart(controller, status, headers),
  onResponseData: (controller, chunk) => handler.onResponseData(controller, chunk),
  onResponseEnd() {
    end();
    handler.onResponseEnd();
  },
  onResponseError(controller, error) {
    end();
    handler.onResponseError(controller, error);
  },
});

const resolveAll: Lookup = (host) => resolve(host, { all: true });

/** Lets no address pass unchecked: one forbidden address condemns the name. */
const checkedLookup =
  (lookup: Lookup, check: (host: string, address: string) => void): Lookup =>
  async (host) => {
    const found = [...(await lookup(host))];
    for (const { address } of found) check(host, address);
    if (found.length === 0) throw Object.assign(new Error('No address'), { code: 'ENOTFOUND' });
    return found;
  };
