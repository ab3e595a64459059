import { MediaError } from '../core/errors.ts';
import { isUrl } from '../core/url.ts';
import { basicAuthorization } from './http-headers.ts';

/** Where a request goes and what its first line asks for. */
export interface HttpAddress {
  /** Decides the connection and which host's credentials are sent; without `user:pass@` and fragment. */
  readonly url: URL;
  /** The request target, RFC 9112, 3.2.1: path and query as they were written, not as the URL parser puts them. */
  readonly target: string;
  /** `user:pass@` of the URL as an Authorization value. */
  readonly authorization: string | null;
}

/** Tells two places apart: what differs in spelling may be another file. */
export const placeOf = ({ url, target }: HttpAddress): string => url.origin + target;

/**
 * A URL somebody gave. Signatures cover the text of a path, and servers tell `%2f` from `/` and `a/./b` from `a/b`, so
 * nothing but what a request line cannot hold (spaces, control characters, what is not ASCII) is percent-encoded.
 * @throws MediaError `bad-request` for what is no http or https URL
 */
export function parseAddress(text: string): HttpAddress {
  if (!isUrl(text)) throw new MediaError('bad-request', 'The URL of the media cannot be read');
  return address(new URL(text), requestTarget(text), 'bad-request');
}

/**
 * Where a redirect leads.
 * @param header a Location, its octets as Latin-1 characters. A path in it that is relative to the last one is resolved (RFC 3986, 5.2)
 * @throws MediaError `upstream` for what is no http or https URL
 */
export function resolveAddress(header: string, base: HttpAddress): HttpAddress {
  const location = header.trim().replace(/[\x80-\xff]/g, (octet) => escaped(octet.charCodeAt(0)));
  if (!isUrl(location, base.url.href))
    throw new MediaError('upstream', `${base.url.host} redirects to something that is no URL`, {
      upstreamStatus: 302,
    });
  const url = new URL(location, base.url);
  return address(url, writtenTarget(location) ?? url.pathname + url.search, 'upstream');
}

/** The target that a Location spells out in full, or null. */
function writtenTarget(location: string): string | null {
  if (/^[a-z][a-z\d+.-]*:[/\\]{2}/i.test(location)) return requestTarget(location);
  if (/^[/\\]{2}/.test(location)) return requestTarget(`http:${location}`);
  if (/^[/\\]/.test(location)) return requestTarget(`http://host${location}`);
  return null;
}

function address(url: URL, target: string, code: 'bad-request' | 'upstream'): HttpAddress {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const message = `Only http and https URLs can be fetched, not ${url.protocol}`;
    throw new MediaError(code, message, code === 'upstream' ? { upstreamStatus: 302 } : {});
  }
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return { url: bare, target, authorization: basicAuthorization(url) };
}

/** Scheme and authority as the URL standard delimits them for http, then path and query, then a fragment. */
const PARTS = /^[a-z][a-z\d+.-]*:[/\\]*[^/\\?#]*([^#]*)/i;

function requestTarget(text: string): string {
  const clean = text.replace(/[\t\n\r]/g, '').replace(/^[\0-\x20]+|[\0-\x20]+$/g, '');
  const rest = PARTS.exec(clean)?.[1] ?? '';
  const target = rest.replace(/[^\x21-\x7e]+/g, percentEncoded);
  return target.startsWith('/') ? target : `/${target.replace(/^\\/, '')}`;
}

const percentEncoded = (text: string): string => Array.from(new TextEncoder().encode(text), escaped).join('');

const escaped = (octet: number): string => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
