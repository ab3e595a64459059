import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { RelayRequest } from '../../core/relay.ts';
import { isHttpUrl } from '../../core/url.ts';
import { plainRequest } from '../../proxy/token.ts';
import { carriesKey } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { isAddress } from '../hooks/names.ts';
import { queryPairs } from '../query.ts';
import { checkedAnswerHeaders } from './answer-headers.ts';
import { plainUrl } from './written-url.ts';

/** What a request to be passed on names: the upstream, what is sent to it, and how its answer is changed. */
export interface Destination extends RelayRequest {
  /** Headers set in this answer: `r_`. */
  readonly answers: Readonly<Record<string, string>>;
  /** Headers set in this answer and in those with the media that a playlist leads to: `rp_`. */
  readonly mediaAnswers: Readonly<Record<string, string>>;
  /** Names of the upstream's headers that are not passed on: `x_headers`. */
  readonly removed: readonly string[];
  readonly isTrusted: boolean;
  /** All fields of the query; the last of each name. */
  readonly fields: ReadonlyMap<string, string>;
}

const MAX_URL = 8192;
/** Headers of each kind; more than these are no player's. */
const MAX_HEADERS = 32;

/**
 * `d=` (or `url=`, plain or base64) and its companions `h_<name>=`, `r_<name>=`, `rp_<name>=`, `x_headers=`. Where a
 * field comes twice the last one counts.
 * @throws MediaError `bad-request` saying what is missing or wrong
 */
export function readDestination(c: Context<AppEnv>): Destination {
  const fields = new Map(queryPairs(c.req.url));
  const given = fields.get('d') || fields.get('url');
  if (!given) throw new MediaError('bad-request', 'No URL: add ?d=<URL>, percent-encoded or in base64');
  if (given.length > MAX_URL)
    throw new MediaError('bad-request', `The URL is longer than ${MAX_URL} characters`);
  const url = plainUrl(given);
  const isName = c.var.deps.hooks?.resolve && !isAddress(url);
  if (!isName && !isHttpUrl(url)) throw new MediaError('bad-request', 'd= must be an http or https URL');
  return {
    ...asMeant(c, { url, headers: sentHeaders(fields), isTrusted: carriesKey(c) }),
    answers: checkedAnswerHeaders(prefixed(fields, 'r_')),
    mediaAnswers: checkedAnswerHeaders(prefixed(fields, 'rp_')),
    removed: (fields.get('x_headers') ?? '').split(',').flatMap((name) => name.trim().toLowerCase() || []),
    fields,
  };
}

type Meant = Pick<Destination, 'url' | 'headers' | 'isTrusted'>;

/** Addresses that give bytes as they are, of this server: what they stand for is asked instead, if that is elsewhere. */
function asMeant(c: Context<AppEnv>, given: Meant): Meant {
  const unwrap = c.var.own?.get(given.url);
  if (!unwrap || !/\/(?:file|proxy\/stream)(?:\/[^/]+){0,2}$/.test(new URL(given.url).pathname)) return given;
  const meant = unwrap(plainRequest(given));
  const { url, headers, isTrusted } = meant;
  // What ends, or is for one client, must not come to last by being passed on.
  const isLasting = meant.expires === null && meant.client === undefined;
  return isLasting && /^https?:/i.test(url) ? { url, headers, isTrusted } : given;
}

/** Whether the query says yes; what is neither yes nor no is an error. */
export function flag({ fields }: Pick<Destination, 'fields'>, name: string): boolean {
  const text = fields.get(name) ?? '';
  if (/^(1|true|yes|on|t|y)$/i.test(text)) return true;
  if (/^(0|false|no|off|f|n|)$/i.test(text)) return false;
  throw new MediaError('bad-request', `${name}= must be true or false, not "${text.slice(0, 32)}"`);
}

/** What clients write for headers that servers spell in another way. */
const SPELT: ReadonlyMap<string, string> = new Map([['referrer', 'referer']]);

function sentHeaders(fields: ReadonlyMap<string, string>): Record<string, string> {
  const given = prefixed(fields, 'h_').filter(([, value]) => value !== '');
  return Object.fromEntries(given.map(([name, value]) => [SPELT.get(name) ?? name, value]));
}

function prefixed(fields: ReadonlyMap<string, string>, prefix: string): [name: string, value: string][] {
  const found = [...fields].flatMap(([name, value]): [string, string][] =>
    name.length > prefix.length && name.toLowerCase().startsWith(prefix)
      ? [[name.slice(prefix.length).toLowerCase(), value]]
      : [],
  );
  if (found.length > MAX_HEADERS)
    throw new MediaError('bad-request', `More than ${MAX_HEADERS} fields that begin with ${prefix}`);
  return found;
}
