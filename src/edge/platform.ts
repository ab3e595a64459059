/** What of the Workers runtime is used here, as far as the web's own types do not say it. */

export interface ExecutionContext {
  /** Keeps the request's context alive for a while behind its answer. */
  waitUntil(work: Promise<unknown>): void;
}

/** Bindings and variables by name. */
export type Bindings = Readonly<Record<string, unknown>>;

export interface R2Range {
  readonly offset: number;
  readonly length: number;
}

export interface R2Object {
  readonly size: number;
  /** Without quotes; another one for other bytes. */
  readonly etag: string;
  /** Absent where the condition was not met. */
  readonly body?: ReadableStream<Uint8Array>;
}

export interface R2Bucket {
  get(
    key: string,
    options: { readonly range: R2Range; readonly onlyIf?: { readonly etagMatches: string } },
  ): Promise<R2Object | null>;
  head(key: string): Promise<R2Object | null>;
}

export const isBucket = (binding: unknown): binding is R2Bucket =>
  typeof binding === 'object' && binding !== null && 'head' in binding && 'createMultipartUpload' in binding;

/** Files that were deployed beside the worker, by their paths. */
export interface Assets {
  fetch(url: string): Promise<Response>;
}

export const isAssets = (binding: unknown): binding is Assets =>
  typeof binding === 'object' && binding !== null && 'fetch' in binding;

/** The Cache API as far as it is used: `caches.default` and stand-ins for it. */
export type EdgeCache = Pick<Cache, 'match' | 'put'>;

/** Null where the platform has none. */
export function defaultCache(): EdgeCache | null {
  const { caches } = globalThis as { readonly caches?: { readonly default?: EdgeCache } };
  return caches?.default ?? null;
}
