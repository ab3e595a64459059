import type { AddressPolicy } from './address-policy.ts';
import { connections, type Lookup } from './http-connection.ts';
import type { Headers } from './http-headers.ts';
import { Location, parseTarget } from './http-location.ts';
import { type HttpSource, httpSource } from './http-source.ts';
import { HTTP_TIMEOUTS, type HttpTimeouts } from './http-transport.ts';
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
}

export interface HttpClient {
  /** Sends nothing yet. @throws MediaError `bad-request` for a URL or header that cannot be sent */
  source(request: HttpRequest): HttpSource;
  /** Ends all transfers. */
  close(): Promise<void>;
}

export interface HttpClientOptions {
  readonly policy: AddressPolicy;
  readonly timeouts?: Partial<HttpTimeouts>;
  /** All addresses of a name; the system's resolver unless given. */
  readonly lookup?: Lookup;
  /** Sent where the caller gives none. */
  readonly userAgent?: string;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { policy, lookup, userAgent = 'Sluice/0.1' } = options;
  const timeouts: HttpTimeouts = { ...HTTP_TIMEOUTS, ...options.timeouts };
  const transport = connections({ policy, timeouts, ...(lookup ? { lookup } : {}) });
  const bodies = new WholeBodies();
  return {
    source({ url, headers }) {
      const location = new Location(parseTarget(url, headers), transport, userAgent);
      return httpSource({ location, bodies, timeouts });
    },
    close: () => transport.close(),
  };
}

export type { HttpSource } from './http-source.ts';
