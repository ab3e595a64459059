import type { UpstreamProxy } from '../core/upstreams.ts';
import { hostName } from './upstream-match.ts';

/** SOCKS has one byte for the length of a user and of a password: RFC 1929. */
const MAX_CREDENTIAL = 255;

/** Ports of proxies whose URL names none. */
const PORTS = { http: 80, https: 443, socks5: 1080, socks5h: 1080 } as const satisfies Record<
  UpstreamProxy['kind'],
  number
>;

/** Kind, `user:password@`, host with its brackets, port. */
const PARTS = /^([a-z\d]+):\/\/(?:([^/?#\s]*)@)?(\[[^\]\s]+\]|[^:/?#@[\]\s\\]+)(?::(\d{1,5}))?\/?$/i;

/**
 * `http://user:password@host:3128`, `https://…`, `socks5://…`, `socks5h://…`; user and password percent-encoded.
 * @returns null for what is none of these
 */
export function parseProxy(text: string): UpstreamProxy | null {
  const [, scheme = '', userinfo, hostText = '', portText] = PARTS.exec(text) ?? [];
  const kind = (Object.keys(PORTS) as UpstreamProxy['kind'][]).find(
    (known) => known === scheme.toLowerCase(),
  );
  const host = hostName(hostText);
  const credentials = userinfo === undefined ? null : parseCredentials(userinfo);
  if (kind === undefined || host === null || credentials === 'unreadable') return null;
  const port = portText === undefined ? PORTS[kind] : Number(portText);
  return port >= 1 && port <= 65_535 ? { kind, host, port, credentials } : null;
}

function parseCredentials(userinfo: string): UpstreamProxy['credentials'] | 'unreadable' {
  const at = userinfo.indexOf(':');
  const user = decoded(at < 0 ? userinfo : userinfo.slice(0, at));
  const password = decoded(at < 0 ? '' : userinfo.slice(at + 1));
  if (user === null || password === null) return 'unreadable';
  return user === '' && password === '' ? null : { user, password };
}

/** Null for what is not percent-encoded UTF-8, or too long. */
function decoded(text: string): string | null {
  try {
    const value = decodeURIComponent(text);
    return new TextEncoder().encode(value).length <= MAX_CREDENTIAL ? value : null;
  } catch {
    return null;
  }
}
