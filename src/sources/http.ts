import type { AddressPolicy } from './address-policy.ts';
import { type HttpClient, httpClient } from './http-client.ts';
import { connections, type Lookup } from './http-connection.ts';
import { HTTP_TIMEOUTS, type HttpTimeouts } from './http-transport.ts';

export interface HttpClientOptions {
  readonly policy: AddressPolicy;
  readonly timeouts?: Partial<HttpTimeouts>;
  /** All addresses of a name; the system's resolver unless given. */
  readonly lookup?: Lookup;
  /** Sent where the caller gives none. */
  readonly userAgent?: string;
}

/** The client for Node. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { policy, lookup, userAgent } = options;
  const timeouts: HttpTimeouts = { ...HTTP_TIMEOUTS, ...options.timeouts };
  const transport = connections({ policy, timeouts, ...(lookup ? { lookup } : {}) });
  return httpClient({ transport, timeouts, ...(userAgent === undefined ? {} : { userAgent }) });
}

export type { HttpClient, HttpRequest } from './http-client.ts';
export type { HttpSource } from './http-source.ts';
