/** What is asked of an upstream on behalf of somebody else. */
export interface RelayRequest {
  /** An http or https URL as it was given, its percent-encoding kept. */
  readonly url: string;
  /** Lower-case names; sent to the URL's own host. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: wherever requests may go. */
  readonly reach?: Reach;
}

/** `open`: not to what only `--allow-private` opens, since a page of another site wants it. */
export type Reach = 'open';

/** What a client asked for besides the place. */
export interface RelayAsking {
  /** `head`: no byte of the body is wanted. */
  readonly method: 'get' | 'head';
  /** The client's Range header; null: everything. */
  readonly range: string | null;
  /** If-None-Match, If-Modified-Since, If-Range, by lower-case name. */
  readonly conditions: Readonly<Record<string, string>>;
}

/** How private the place that bytes come from is. */
export type RelayAccess = 'public' | 'named' | 'private';

/** What an upstream answered, to be passed on: its body goes on where a connection breaks. */
export interface RelayedAnswer {
  /** 206 only where a range was asked for. */
  readonly status: 200 | 206 | 304 | 416;
  readonly access: RelayAccess;
  /** Where redirects led. */
  readonly url: string;
  /** Bytes of the body; null where nobody knows. */
  readonly length: number | null;
  /** Content-Range of a 206 or 416. */
  readonly contentRange: string | null;
  /** By lower-case name; repeated ones joined by commas. */
  header(name: string): string | null;
  /**
   * The next bytes of the body, null at its end. One call at a time.
   * @throws MediaError when the rest cannot be had
   */
  next(): Promise<Uint8Array | null>;
  /** Ends the transfer, in whatever state. Need not be called at the end. */
  close(): void;
}

/** Passes requests on to upstreams. */
export interface Relay {
  /**
   * Resolves when the answer's headers are here.
   * @throws MediaError for any other status, and for what cannot be reached or must not
   */
  relay(request: RelayRequest, asking: RelayAsking, signal: AbortSignal): Promise<RelayedAnswer>;
}
