import { fromBase64Url } from '../../proxy/base64url.ts';

/** A URL as addons write it: plain, in base64 of either alphabet, or with the slips that they are known for. */
export function plainUrl(given: string): string {
  return repaired(decodedUrl(given) ?? given);
}

/** The URL that a text is the base64 of; null for one that is none. RFC 4648, 4 and 5, padding or not. */
export function decodedUrl(text: string): string | null {
  if (/^(https?|ftps?):\/\//i.test(text) || text.length < MIN_ENCODED) return null;
  if (!/^[\w+/-]+={0,2}$/.test(text)) return null;
  const bytes = fromBase64Url(text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''));
  const url = bytes && (readUtf8(bytes)?.trim() ?? null);
  return url !== null && /^(https?|ftps?):\/\//i.test(url) ? url : null;
}

/** `http://a` has so many characters. */
const MIN_ENCODED = 10;

function readUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** A quotation mark that slipped behind the scheme: `https"://`, `https:"//`, `https%22//`. */
const repaired = (url: string): string => url.trim().replace(/^(https?):?(?:"|%22):?\/\//i, '$1://');
