/** A proxy that requests go through. */
export interface UpstreamProxy {
  /** How it is spoken to; `socks5h`: it resolves names, `socks5`: they are resolved and checked here. */
  readonly kind: 'http' | 'https' | 'socks5' | 'socks5h';
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly credentials: { readonly user: string; readonly password: string } | null;
}

/** Which URLs a route is for: all that is said must fit. */
export interface UpstreamMatch {
  readonly scheme: 'http' | 'https' | null;
  /** Lower case, punycode, without brackets; null: every host. */
  readonly host: string | null;
  /** What of the names that end with the host: itself, those below it, or both. */
  readonly names: 'itself' | 'below' | 'both';
  readonly port: number | null;
  /** Of the path, query excluded: `*` stands for any characters. Null: every path. */
  readonly path: string | null;
}

/** How requests for some URLs are sent: the first that matches is all that holds for a URL. */
export interface UpstreamRoute {
  readonly match: UpstreamMatch;
  /** Null: straight. */
  readonly proxy: UpstreamProxy | null;
  readonly verifyTls: boolean;
  /** By lower-case name; those of a request itself win. */
  readonly headers: Readonly<Record<string, string>>;
  /** Requests to one host at the same time; null: as many as come. */
  readonly concurrency: number | null;
}

/** What mediaflow-proxy's environment says of upstreams, as it was given. */
export interface MediaflowTransport {
  /** PROXY_URL. */
  readonly proxyUrl: string | null;
  /** ALL_PROXY: everything goes through that proxy. */
  readonly proxiesAll: boolean;
  /** TRANSPORT_ROUTES: JSON. */
  readonly routes: string | null;
  /** False by DISABLE_SSL_VERIFICATION_GLOBALLY. */
  readonly verifiesTls: boolean;
}
