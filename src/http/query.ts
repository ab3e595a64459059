import { MediaError } from '../core/errors.ts';

/** Fields that hold URLs, which people paste as they are. */
const PASTED = new Set(['d', 'url', 'mediaURL', 'videoUrl', 'from', 'subsUrl']);

/**
 * Query fields in their order. A plus sign is a space only in form encoding; a URL that stands there with its
 * `://` unencoded was pasted, and its plus signs are its own.
 * @throws MediaError `bad-request` for what is not percent-encoded rightly
 */
export function* queryPairs(url: string): Generator<readonly [name: string, value: string]> {
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  for (const part of query.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = decode(at < 0 ? part : part.slice(0, at));
    const raw = at < 0 ? '' : part.slice(at + 1);
    if (PASTED.has(name) && isPasted(raw)) yield [name, raw];
    else yield [name, decode(raw.includes('://') ? raw : raw.replaceAll('+', ' '))];
  }
}

/** Query fields, first of each name. @throws MediaError as `queryPairs` */
export function queryFields(url: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of queryPairs(url)) if (!fields.has(name)) fields.set(name, value);
  return fields;
}

/**
 * A URL that nobody encoded for this place: its percent signs are its own, and `%2f` must not become `/`. What an
 * encoder that spares `:` and `/` went over shows its escapes of percent signs, or of the `?` and `=` of a query.
 */
const isPasted = (raw: string): boolean =>
  /^https?:\/\//i.test(raw) && !/%25[\da-f]{2}/i.test(raw) && !hidesQuery(raw.toLowerCase());

function hidesQuery(raw: string): boolean {
  const mark = raw.indexOf('%3f');
  const plain = raw.indexOf('?');
  return mark >= 0 && (plain < 0 || mark < plain) && raw.indexOf('%3d', mark) >= 0;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new MediaError('bad-request', 'The query is not percent-encoded rightly');
  }
}
