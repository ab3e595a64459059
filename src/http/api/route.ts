import type { z } from 'zod';

/** One operation of the HTTP interface: what `/openapi.json` tells of it, and what its requests are checked by. */
export interface ApiRoute {
  /** Unique; the `operationId`, and what `checked` is given: `openMaster`. */
  readonly name: string;
  /** GET stands for HEAD as well. */
  readonly method: 'get' | 'post' | 'delete';
  /** As OpenAPI writes it: `/uploads/{id}`. */
  readonly path: string;
  /** Group that it is shown in. */
  readonly tag: string;
  /** A line without a full stop. */
  readonly summary: string;
  readonly description?: string;
  /**
   * Fields of the query, each a schema of the text that is sent; those that it does not name are let through. An empty
   * field counts as one that is not there.
   */
  readonly query?: z.ZodObject;
  /** Groups of fields of the query that begin alike: `{ h_: 'Header of the request …' }`. */
  readonly prefixes?: Readonly<Record<string, string>>;
  /** Parts of the path in braces; texts unless given. */
  readonly params?: z.ZodObject;
  readonly body?: ApiBody;
  /** By status, or `default` for all others: there `{error: {code, message}}` unless it is given. */
  readonly answers: Readonly<Record<string, ApiAnswer>>;
  /** Whether API_PASSWORD is asked for, where one is set. */
  readonly access: 'open' | 'password';
}

export interface ApiBody {
  /** MIME type. */
  readonly type: string;
  readonly description?: string;
  /** Absent: bytes. */
  readonly schema?: z.ZodType;
}

export interface ApiAnswer {
  readonly description: string;
  /** MIME type; absent: no body. */
  readonly type?: string;
  /** Absent: text or bytes. */
  readonly schema?: z.ZodType;
}

/** What a request is checked by: its fields, and its body where that is JSON. */
export interface ApiInput {
  readonly query: ReadonlyMap<string, string>;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
