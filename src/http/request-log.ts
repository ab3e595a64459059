import type { Logger } from './deps.ts';

/** What is told of a request when it is over; nothing that opens anything. */
export interface RequestFacts {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Sent with headers; null where nobody counted. */
  readonly bytes: number | null;
  readonly ms: number;
  readonly client: string;
}

/** What of a path is no secret and names no film, by the names of parameters. */
const SHOWN: ReadonlySet<string> = new Set(['rendition', 'file', 'ext']);
const ELSEWHERE = '/…';

/**
 * A path as it may be told to others: tokens, ids and names of files are left out.
 * @param pattern of the route that answers: `/hls/:token/index.m3u8`; null where there is none
 */
export function shownPath(path: string, pattern: string | null): string {
  if (pattern === null) return ELSEWHERE;
  const parts = path.split('/');
  return labelOf(pattern)
    .split('/')
    .map((piece, i) => {
      const name = /^:(\w+)/.exec(piece)?.[1];
      if (name === undefined) return piece === '*' ? '…' : piece;
      const value = parts[i] ?? '';
      return SHOWN.has(name) && /^[\w.-]{1,64}$/.test(value) ? value : '…';
    })
    .join('/');
}

/** `/hls/:token/:file{[0-9]+\\.m4s}` without what its parameters look like: one label for all requests of a route. */
export const labelOf = (pattern: string): string =>
  pattern.replaceAll(/(:\w+)\{(?:[^{}]|\{[^{}]*\})*\}/g, '$1').replace(/(?<=.)\/:end$/, '/');

/** An id that another proxy gave, if it is nothing but that. */
export const saneId = (text: string | undefined): string | null =>
  text !== undefined && /^[\w.:+=-]{1,128}$/.test(text) ? text : null;

/** Puts the request's id into each line. */
export function withId(log: Logger, request: string): Logger {
  return {
    info: (fields, message) => log.info({ request, ...fields }, message),
    warn: (fields, message) => log.warn({ request, ...fields }, message),
    error: (fields, message) => log.error({ request, ...fields }, message),
  };
}
