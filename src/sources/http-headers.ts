import { MediaError } from '../core/errors.ts';
import { isHeaderName, isHeaderValue } from '../core/header-text.ts';
import { LIMITS } from '../core/limits.ts';

/** Lower-case names to values. */
export type Headers = Readonly<Record<string, string>>;

/**
 * Headers of a caller that Sluice decides itself: which bytes, in which form, over which connection. They are
 * ignored rather than refused, since people paste what their browser sent.
 */
const IGNORED = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'content-type',
  'content-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'accept-encoding',
]);

/** What may follow a redirect to another host: nothing that identifies the caller there. */
const SAFE_ELSEWHERE = new Set(['user-agent', 'referer', 'origin', 'accept', 'accept-language']);

/**
 * The caller's headers, checked and in lower case, without those that Sluice sets itself.
 * @throws MediaError `bad-request` for a name or value that HTTP does not allow
 */
export function callerHeaders(headers: Headers): Headers {
  const kept: Record<string, string> = {};
  let length = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!isHeaderName(name))
      throw new MediaError('bad-request', 'A header name has characters that HTTP forbids');
    if (!isHeaderValue(value))
      throw new MediaError('bad-request', `The header ${name} has characters that HTTP forbids`);
    length += name.length + value.length;
    if (!IGNORED.has(name.toLowerCase())) kept[name.toLowerCase()] = value.trim();
  }
  if (length > LIMITS.headerText)
    throw new MediaError('limit', `The headers have ${length} characters; ${LIMITS.headerText} are allowed`);
  return kept;
}

/** Those of the caller's headers that may go to another host than the one they were given for. */
export function headersElsewhere(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => SAFE_ELSEWHERE.has(name)));
}

/** `user:pass@` of a URL as the value of an Authorization header, or null: RFC 7617, UTF-8. */
export function basicAuthorization(url: URL): string | null {
  if (url.username === '' && url.password === '') return null;
  return `Basic ${btoa(`${octets(url.username)}:${octets(url.password)}`)}`;
}

/** One character an octet; a percent sign that begins no escape stands for itself. What is ASCII came percent-encoded. */
const octets = (text: string): string =>
  text.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** A Content-Range: half-open, `range` null in a 416, `total` null for `*`. RFC 9110, 14.4. */
export interface ContentRange {
  readonly range: { readonly start: number; readonly end: number } | null;
  readonly total: number | null;
}

/** Null when the text is absent or not what RFC 9110 allows. */
export function parseContentRange(text: string | null): ContentRange | null {
  const match = /^\s*bytes\s+(?:(\d{1,15})-(\d{1,15})|\*)\s*\/\s*(\d{1,15}|\*)\s*$/i.exec(text ?? '');
  if (!match) return null;
  const total = match[3] === '*' ? null : Number(match[3]);
  if (match[1] === undefined) return { range: null, total };
  const range = { start: Number(match[1]), end: Number(match[2]) + 1 };
  const sound = range.start < range.end && (total === null || range.end <= total);
  return sound ? { range, total } : null;
}

/** Seconds that a Retry-After asks for; a date is taken relative to the answer's own Date. RFC 9110, 10.2.3. */
export function parseRetryAfter(text: string | null, date: string | null): number | null {
  if (text === null) return null;
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text);
  const wait = (Date.parse(text) - Date.parse(date ?? '')) / 1000;
  return Number.isFinite(wait) ? Math.max(0, Math.ceil(wait)) : null;
}
