import type { LookupFunction } from 'node:net';
import { buildConnector, Pool } from 'undici';
import type { UpstreamProxy } from '../core/upstreams.ts';
import type { HttpTimeouts } from './http-transport.ts';
import { connectTo, tunnel } from './tunnel.ts';
import type { UpstreamWay } from './upstream-routes.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host name. */
export type Lookup = (host: string) => Promise<readonly ResolvedAddress[]>;

export interface PoolOptions {
  readonly way: UpstreamWay;
  readonly timeouts: HttpTimeouts;
  /** Lets no address pass that must not be connected to. */
  readonly lookup: Lookup;
  /** Certificates in PEM that are trusted in place of the usual ones. */
  readonly authorities?: readonly string[] | undefined;
}

/** Idle connections are kept over the pause between two segments of a player with a full buffer. */
const KEEP_ALIVE = 20_000;
/** Before the next address of a host is tried; Node's 250 ms gives up on every address of a far server. */
const NEXT_ADDRESS = 2000;

const PATIENT = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS };

/** Connections for one origin: to it, to a proxy that passes requests on, or through one. */
export function openPool(origin: URL, options: PoolOptions): Pool {
  const { way, timeouts, lookup } = options;
  const trust = options.authorities ? { ca: [...options.authorities] } : {};
  const usual = { allowH2: false, keepAliveTimeout: KEEP_ALIVE, headersTimeout: 0, bodyTimeout: 0 } as const;
  const far = { ...trust, ...(way.verifyTls ? {} : { rejectUnauthorized: false }) };
  const { connect: timeout } = timeouts;
  const { proxy } = way;
  if (!proxy)
    return new Pool(origin.origin, {
      ...usual,
      connect: { ...far, ...PATIENT, lookup: forSockets(lookup), timeout },
    });
  const toProxy = connectTo(proxy, buildConnector({ ...trust, ...PATIENT, timeout }));
  if (isPassedOn(origin, proxy)) return new Pool(proxyOrigin(proxy), { ...usual, connect: toProxy });
  return new Pool(origin.origin, {
    ...usual,
    connect: tunnel({
      proxy,
      toProxy,
      secure: buildConnector({ ...far, timeout }),
      nameOf: proxy.kind === 'socks5' ? addressOf(lookup) : async (host) => host,
      timeout,
    }),
  });
}

/** Whether the proxy gets the request itself: many let tunnels lead to port 443 only. RFC 9112, 3.2.2. */
export const isPassedOn = (url: URL, proxy: UpstreamProxy | null): boolean =>
  url.protocol === 'http:' && (proxy?.kind === 'http' || proxy?.kind === 'https');

const proxyOrigin = ({ kind, host, port }: UpstreamProxy): string =>
  `${kind}://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** One address: more proxies reach IPv4 than IPv6. */
const addressOf =
  (lookup: Lookup) =>
  async (host: string): Promise<string> => {
    const found = await lookup(host);
    return (found.find(({ family }) => family === 4) ?? found[0])?.address ?? host;
  };

function forSockets(lookup: Lookup): LookupFunction {
  return (host, options, callback) => {
    lookup(host).then(
      (found) => {
        if (options.all) callback(null, [...found]);
        else callback(null, found[0]?.address ?? '', found[0]?.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}
