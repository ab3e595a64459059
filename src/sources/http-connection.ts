import { lookup as resolve } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { Pool } from 'undici';
import { LIMITS } from '../core/limits.ts';
import { type Access, type AddressPolicy, lessPublic, literalAddress } from './address-policy.ts';
import type { HttpAddress } from './http-address.ts';
import { Exchange } from './http-exchange.ts';
import type { Headers } from './http-headers.ts';
import type { HttpAnswer, HttpTimeouts, HttpTransport } from './http-transport.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host name. */
export type Lookup = (host: string) => Promise<readonly ResolvedAddress[]>;

export interface ConnectionOptions {
  readonly policy: AddressPolicy;
  readonly timeouts: HttpTimeouts;
  readonly lookup?: Lookup;
}

/** Connections to one origin, and the least public address that any of them was made to. */
interface Origin {
  readonly pool: Pool;
  access: Access | null;
}

/** Idle connections are kept over the pause between two segments of a player with a full buffer. */
const KEEP_ALIVE = 20_000;
/** Before the next address of a host is tried; Node's 250 ms gives up on every address of a far server. */
const NEXT_ADDRESS = 2000;

/** HTTP/1.1 over pooled connections. The address that is connected to is the address that was checked. */
export function connections({ policy, timeouts, lookup = resolveAll }: ConnectionOptions): HttpTransport {
  const origins = new LRUCache<string, Origin>({
    max: LIMITS.origins,
    dispose: ({ pool }) => void pool.close().catch(() => {}),
  });

  function openOrigin(url: URL): Origin {
    const known = origins.get(url.origin);
    if (known) return known;
    const port = portOf(url);
    const note = (access: Access) => {
      origin.access = lessPublic(origin.access, access);
    };
    const checked = checkedLookup(lookup, (host, address) => note(policy.classify(host, port, address)));
    const pool = new Pool(url.origin, {
      allowH2: false,
      keepAliveTimeout: KEEP_ALIVE,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        lookup: checked,
        timeout: timeouts.connect,
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: NEXT_ADDRESS,
      },
    });
    const origin: Origin = { pool, access: null };
    origins.set(url.origin, origin);
    return origin;
  }

  return {
    async get({ url, target }: HttpAddress, headers: Headers, signal: AbortSignal): Promise<HttpAnswer> {
      signal.throwIfAborted();
      const literal = literalAddress(url.hostname); // net.connect looks up names only
      const literalAccess = literal === null ? null : policy.classify(url.hostname, portOf(url), literal);
      await nextTurn(); // undici frees a connection one turn after its last answer ended
      signal.throwIfAborted();
      const origin = openOrigin(url);
      return new Promise((resolve, reject) => {
        const access = () => literalAccess ?? origin.access ?? 'private';
        const exchange = new Exchange({ host: url.host, timeouts, signal, access }, { resolve, reject });
        origin.pool.dispatch({ method: 'GET', path: target, headers }, exchange);
      });
    },
    async close() {
      const pools = [...origins.values()].map(({ pool }) => pool);
      await Promise.all(pools.map((pool) => pool.destroy()));
      origins.clear();
    },
  };
}

const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80);

const resolveAll: Lookup = (host) => resolve(host, { all: true });

/** A lookup for net.connect that lets no address pass unchecked: one forbidden address condemns the name. */
function checkedLookup(lookup: Lookup, check: (host: string, address: string) => void): LookupFunction {
  return (host, options, callback) => {
    const answer = async () => {
      const found = [...(await lookup(host))];
      for (const { address } of found) check(host, address);
      if (found.length === 0) throw Object.assign(new Error('No address'), { code: 'ENOTFOUND' });
      return found;
    };
    answer().then(
      (found) => {
        if (options.all) callback(null, found);
        else callback(null, found[0]?.address ?? '', found[0]?.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}
