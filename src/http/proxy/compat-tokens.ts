import type { MiddlewareHandler } from 'hono';
import { type CompatToken, openCompatToken } from '../../proxy/compat-token.ts';
import type { AppEnv } from '../deps.ts';
import { bindingOf, type CompatBinding, withBinding } from './compat-binding.ts';

/** What was asked for, and by which encrypted text. */
interface Encrypted {
  readonly token: string;
  /** The address without it: path and query below the app's root. */
  readonly pathname: string;
  readonly search: string;
}

/**
 * Addresses that mediaflow-proxy encrypts, `/_token_<text>/proxy/…` and `/proxy/…?token=<text>`, are asked for again as
 * what they stand for. One answer for all that is wrong with them: their format has no authentication, and which part of
 * it failed must not be told.
 * @param dispatch the app itself
 */
export function compatTokens(
  dispatch: (request: Request, env: unknown) => Response | Promise<Response>,
  now: () => number,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { proxy, config } = c.var.deps;
    const encrypted = proxy?.hasCompatTokens ? encryptedPart(c.req.raw.url) : null;
    // What a token holds is no token again: an address is decrypted twice at most, prefix and query.
    if (!encrypted || config.apiPassword === null) return next();
    const token = await openCompatToken(encrypted.token, config.apiPassword);
    const client = c.var.deps.clientOf?.(c) ?? '';
    if (!token || !isGood(token, { client, now: now() }))
      return c.json({ error: 'Invalid or expired token' }, 401);
    const { origin } = new URL(c.req.raw.url);
    const url = `${origin}${encrypted.pathname}${merged(encrypted.search, token.parameters)}`;
    return dispatch(new Request(url, c.req.raw), withBinding(c.env, narrower(bindingOf(c), token)));
  };
}

/** A prefix that the app may lie under, the token, and what is asked for. */
const PREFIXED = /^(.*?)\/_token_([\w-]+={0,2})(\/(?:proxy|extractor|playlist)\/.*)$/;

function encryptedPart(url: string): Encrypted | null {
  const { pathname, search } = new URL(url);
  const prefixed = PREFIXED.exec(pathname);
  if (prefixed) return { token: prefixed[2] ?? '', pathname: prefixed[3] ?? '/', search };
  const at = pathname.search(/\/(proxy|extractor)\//);
  const fields = new URLSearchParams(search);
  const token = fields.get('token');
  if (at < 0 || !token) return null;
  const kept = search
    .slice(1)
    .split('&')
    .filter((part) => !/^token(=|$)/.test(part));
  return { token, pathname: pathname.slice(at), search: `?${kept.join('&')}` };
}

const isGood = (
  { expires, client }: CompatToken,
  asked: { readonly client: string; readonly now: number },
): boolean =>
  (expires === null || expires * 1000 > asked.now) && (client === null || client === asked.client);

/** What the token says goes before what the query says. */
function merged(search: string, parameters: ReadonlyMap<string, string>): string {
  const hidden = new Set([
    ...parameters.keys(),
    ...(PLACES.some((name) => parameters.has(name)) ? PLACES : []),
  ]);
  const given = search
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !hidden.has(nameIn(part)));
  const told = [...parameters].map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return `?${[...given, ...told].join('&')}`;
}

/** Both name the upstream: where a token does, nobody else may. */
const PLACES = ['d', 'url'];

function nameIn(part: string): string {
  const name = part.split('=')[0] ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Two bindings at once: the sooner end, and the client of either. */
const narrower = (a: CompatBinding, b: CompatBinding): CompatBinding => ({
  expires:
    a.expires === null || b.expires === null ? (a.expires ?? b.expires) : Math.min(a.expires, b.expires),
  client: a.client ?? b.client,
});
