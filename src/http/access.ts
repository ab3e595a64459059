import type { Context, MiddlewareHandler } from 'hono';
import { MediaError } from '../core/errors.ts';
import type { Reach } from '../core/relay.ts';
import { isUrl } from '../core/url.ts';
import type { Access } from '../pipeline/library.ts';
import { equalSecrets } from '../proxy/token.ts';
import type { AppEnv } from './deps.ts';
import { carriesPassword } from './password.ts';

/** A name or address without port: IPv6 in brackets. */
function hostOf(header: string): string {
  const match = /^(\[[\da-f:.%]+\]|[^:]+)(?::\d+)?$/i.exec(header);
  return (match?.[1] ?? '').toLowerCase();
}

export const isAddress = (host: string): boolean => /^(\d{1,3}(\.\d{1,3}){3}|\[.+\])$/.test(host);
export const isLocalName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');
export const isLoopback = (host: string): boolean =>
  isLocalName(host) || /^127\./.test(host) || host === '[::1]';

/** The host that the client asked for, with its port: a trusted proxy's word first. */
export const askedHost = (c: Context<AppEnv>): string => c.var.via?.host ?? c.req.header('host') ?? '';

/**
 * Refuses requests for a `Host` that is neither an address, nor localhost, nor the name bound to, nor the public URL's: a name that a foreign
 * site rebinds to this machine would make its pages same-origin.
 */
export const requireKnownHost: MiddlewareHandler<AppEnv> = async (c, next) => {
  const host = hostOf(askedHost(c));
  const { publicUrl, host: bound } = c.var.deps.config;
  const names = [publicUrl?.hostname, bound.toLowerCase()];
  if (!isAddress(host) && !isLocalName(host) && !names.includes(host))
    throw new MediaError(
      'unauthorized',
      `This server does not answer for the name "${host}". Use its address, or start it with --public-url http://${host || 'name'}`,
    );
  await next();
};

/** Whether the request carries the key printed at start: `key=` or `X-Sluice-Key`. */
export function carriesKey(c: Context<AppEnv>): boolean {
  const given = c.req.query('key') ?? c.req.header('x-sluice-key');
  return given !== undefined && equalSecrets(given, c.var.deps.accessKey);
}

/** Asked for where a title is opened by its URL, when API_PASSWORD is set. */
export const requirePassword: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { apiPassword } = c.var.deps.config;
  if (apiPassword !== null && !carriesPassword(c, apiPassword))
    throw new MediaError('unauthorized', 'This server asks for its password: add &api_password=…');
  await next();
};

/** Whether a page of another site is asking, as far as its browser tells. */
function isForeignPage(c: Context<AppEnv>, access: Access): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site === 'cross-site' || site === 'same-site') return true;
  const origin = c.req.header('origin');
  if (site !== undefined || origin === undefined) return false;
  if (isOwn(c, origin)) return false;
  // To a loopback address browsers always send Sec-Fetch-Site: without it no page is asking.
  return access === 'local' || !isLoopback(hostOf(askedHost(c)));
}

function isOwn(c: Context<AppEnv>, origin: string): boolean {
  if (!isUrl(origin)) return false;
  const { host } = new URL(origin);
  return host === askedHost(c) || host === c.var.deps.config.publicUrl?.host;
}

/**
 * How far a request may make this server reach: a page of another site not into what only `--allow-private` opens, not
 * even blindly.
 */
export const reachOf = (c: Context<AppEnv>, isTrusted: boolean): { readonly reach?: Reach } =>
  !isTrusted && isForeignPage(c, 'private') ? { reach: 'open' } : {};

/**
 * Local folders and addresses that only `--allow-private` opened are for this server's own pages and for requests
 * with its key; what is public, or was named by `--allow`, is for everybody.
 * @throws MediaError `unauthorized`
 */
export function guardSource(c: Context<AppEnv>, access: Access, isTrusted: boolean): void {
  const isOpen = access === 'public' || access === 'named' || isTrusted;
  if (!isOpen && isForeignPage(c, access))
    throw new MediaError(
      'unauthorized',
      'Pages of other sites may not read this source; add the key that the server printed at start (&key=…)',
    );
  if (isOpen || access === 'private') allowOrigins(c);
}

/**
 * What is uploaded here is between this server's own pages, other programs and who has its key. No page of another site
 * may read the answer, with the key or without it: there are no cross-origin headers.
 */
export const requireOwnPage: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!carriesKey(c) && isForeignPage(c, 'local'))
    throw new MediaError(
      'unauthorized',
      'Pages of other sites may not upload to this server; add the key that it printed at start (&key=…)',
    );
  await next();
};

const OPEN_TO_ALL = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'Accept-Ranges, Content-Length, Content-Range, ETag, Retry-After, Sluice-Duration, Sluice-Omitted, Sluice-Start, X-Content-Duration, X-Request-Id',
} as const;

/** Any page may read the answer; what is sent past hono finds the headers in `c.var.cors`. */
export function allowOrigins(c: Context<AppEnv>): void {
  c.set('cors', OPEN_TO_ALL);
  for (const [name, value] of Object.entries(OPEN_TO_ALL)) c.header(name, value);
}

/**
 * Preflights. That a public page may reach into a private network (Private Network Access) is granted to nobody:
 * such a page's own server is the one to run Sluice on.
 */
export function answerPreflight(c: Context<AppEnv>): Response {
  allowOrigins(c);
  c.header('Access-Control-Allow-Methods', 'GET, HEAD, OPTIONS');
  c.header(
    'Access-Control-Allow-Headers',
    'Range, If-None-Match, X-Sluice-Key, X-Api-Password, Api_Password, Authorization',
  );
  c.header('Access-Control-Max-Age', '86400');
  return c.body(null, 204);
}
