import type { UpstreamMatch } from '../core/upstreams.ts';
import { isUrl } from '../core/url.ts';

/** Scheme, host with its brackets, port, path. */
const PARTS = /^(?:(https?):\/\/)?(\[[^\]\s]+\]|[^:/?#@[\]\s\\]+)(?::(\d{1,5}))?(\/[^?#\s\\]*)?$/i;

/**
 * `*`, `example.org`, `*.example.org`, `example.org:8443`, `https://example.org/path/*`: what is not said may be
 * anything. `*example.org` is the name and all below it.
 * @returns null for what is none of these
 */
export function parseMatch(text: string): UpstreamMatch | null {
  const [, scheme, host = '', portText, path] = PARTS.exec(text) ?? [];
  const name = parseName(host);
  const port = portText === undefined ? null : Number(portText);
  if (!name || (port !== null && (port < 1 || port > 65_535))) return null;
  return {
    scheme: scheme === undefined ? null : scheme.toLowerCase() === 'https' ? 'https' : 'http',
    ...name,
    port,
    path: path === undefined || path === '/' || path === '/*' ? null : new URL(path, 'http://host').pathname,
  };
}

function parseName(text: string): Pick<UpstreamMatch, 'host' | 'names'> | null {
  if (text === '*') return { host: null, names: 'itself' };
  const stars = /^\*\.?/.exec(text)?.[0] ?? '';
  const host = hostName(text.slice(stars.length));
  if (host === null) return null;
  const isAddress = host.includes(':') || /^[\d.]+$/.test(host);
  if (stars !== '' && isAddress) return null;
  return { host, names: stars === '' ? 'itself' : stars === '*' ? 'both' : 'below' };
}

/** As the URL parser writes it, without brackets and trailing dot; null for what it does not take. */
export function hostName(text: string): string | null {
  if (text === '' || /[*@/?#%\\\s]/.test(text) || !isUrl(`http://${text}/`)) return null;
  const { hostname } = new URL(`http://${text}/`);
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}
