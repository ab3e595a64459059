import type { UpstreamRoute } from '../core/upstreams.ts';
import { type AddressPolicy, foreignPagePolicy } from './address-policy.ts';
import { type HttpClient, httpClient } from './http-client.ts';
import { connections } from './http-connection.ts';
import { HTTP_TIMEOUTS, type HttpTimeouts } from './http-transport.ts';
import { type IsOwn, withoutWayBack } from './no-way-back.ts';
import type { Lookup } from './upstream-pool.ts';
import { findWay } from './upstream-routes.ts';

export interface HttpClientOptions {
  readonly policy: AddressPolicy;
  readonly timeouts?: Partial<HttpTimeouts>;
  /** All addresses of a name; the system's resolver unless given. */
  readonly lookup?: Lookup;
  /** Sent where neither the caller nor a route gives one. */
  readonly userAgent?: string;
  /** How requests for some URLs are sent: the first that matches holds. */
  readonly routes?: readonly UpstreamRoute[];
  /** Certificates in PEM that are trusted in place of the usual ones. */
  readonly authorities?: readonly string[];
  /** Addresses that no redirect may lead to, since this server is there; absent: none. */
  readonly isOwn?: IsOwn;
}

const USER_AGENT = 'Sluice/0.1';

/** The client for Node. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { policy, lookup, authorities, routes = [], userAgent = USER_AGENT, isOwn } = options;
  const timeouts: HttpTimeouts = { ...HTTP_TIMEOUTS, ...options.timeouts };
  const defaults = { accept: '*/*', 'user-agent': userAgent };
  const common = { timeouts, lookup, authorities, defaults, wayOf: findWay(routes) };
  const open = (rules: AddressPolicy) => {
    const straight = connections({ ...common, policy: rules });
    return isOwn ? withoutWayBack(straight, isOwn) : straight;
  };
  const transport = open(policy);
  const openTransport = open(foreignPagePolicy(policy));
  return httpClient({ transport, openTransport, timeouts, userAgent });
}

export type { HttpClient, HttpRequest } from './http-client.ts';
export type { HttpSource } from './http-source.ts';
