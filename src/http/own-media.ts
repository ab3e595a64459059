import type { Context, MiddlewareHandler } from 'hono';
import { MediaError } from '../core/errors.ts';
import { isHttpUrl } from '../core/url.ts';
import type { MediaRequest } from '../proxy/token.ts';
import { askedHost, isAddress, isLocalName, isLoopback } from './access.ts';
import type { AppEnv } from './deps.ts';
import { isAddress as isPlace } from './hooks/names.ts';
import { headersIn } from './media-request.ts';
import { MEDIA_FIELDS } from './named-media.ts';
import { requireClient } from './proxy/compat-binding.ts';
import { queryFields, queryPairs } from './query.ts';

/** Turns a request for one of this server's own addresses into one for what that stands for. */
type Unwrap = (request: MediaRequest) => MediaRequest;

/** Addresses that hold a token, wherever the app is mounted. */
const SEALED = [
  /\/(?:file|remux\.mp4)\/([\w-]{38,})\/[^/]*$/,
  /\/hls\/([\w-]{38,})\/(?:[^/]+\/[^/]+\/)?(?:master|index)\.m3u8$/,
];
/** Those that name media themselves. */
const ASKING = /\/(?:file|hls\/master\.m3u8|remux\.mp4|faststart\.mp4|proxy\/stream(?:\/[^/]+)?)$/;

/**
 * Lets players hand this server its own addresses: they stand for what they were made of, with the same rights and no
 * more, and are not asked for over HTTP, which would be this machine asking itself.
 */
export const ownMedia: MiddlewareHandler<AppEnv> = async (c, next) => {
  const named = c.req.url.includes('?') ? urlsIn(c.req.url) : [];
  for (const text of named) {
    const unwrap = await unwrapOf(c, new URL(text));
    if (unwrap) c.set('own', new Map([...(c.var.own ?? []), [text, unwrap]]));
  }
  await next();
};

/** What is not encoded rightly names nothing here: the route says what is wrong. */
function urlsIn(address: string): readonly string[] {
  try {
    return [...queryPairs(address)]
      .filter(([name, value]) => MEDIA_FIELDS.has(name) && isHttpUrl(value.trim()))
      .map(([, value]) => value.trim());
  } catch {
    return [];
  }
}

/** Own addresses within own addresses: players hand on what they were handed, but not for ever. */
const MAX_DEPTH = 4;

/** Null for what is not this server's. */
async function unwrapOf(c: Context<AppEnv>, url: URL, depth = 0): Promise<Unwrap | null> {
  const place = placeOf(c, url);
  if (place === 'elsewhere' || depth === MAX_DEPTH) return null;
  const token = SEALED.map((pattern) => pattern.exec(url.pathname)?.[1]).find((found) => found);
  const inner = async (text: string) =>
    (isHttpUrl(text) ? await unwrapOf(c, new URL(text), depth + 1) : null) ?? unchanged;
  if (token) return sealed(c, { token, place, inner });
  const outer = place === 'here' && ASKING.test(url.pathname) ? named(c, url) : null;
  if (!outer) return null;
  const within = await inner(outer.url);
  return (asked) => within(outer.unwrap(asked));
}

const unchanged: Unwrap = (request) => request;

type Place = 'here' | 'near' | 'elsewhere';

/** `near`: by another address of this machine, maybe. */
function placeOf(c: Context<AppEnv>, { protocol, host, hostname, port, pathname }: URL): Place {
  const { publicUrl } = c.var.deps.config;
  const text = `${protocol}//${askedHost(c)}`;
  const asked = isHttpUrl(text) ? new URL(text) : null;
  // Other programs may stand beside this one at its public host.
  if (host === publicUrl?.host)
    return pathname.startsWith(publicUrl.pathname.replace(/\/?$/, '/')) ? 'here' : 'elsewhere';
  if (host === asked?.host) return 'here';
  if (port !== asked?.port) return 'elsewhere';
  if (isLoopback(hostname) && isLoopback(asked.hostname)) return 'here';
  return isAddress(hostname) || isLocalName(hostname) ? 'near' : 'elsewhere';
}

/** @throws MediaError `unauthorized` for a token of this very server that is none, over, or for somebody else */
async function sealed(c: Context<AppEnv>, { token, place, inner }: Sealed): Promise<Unwrap | null> {
  try {
    const own = await c.var.deps.tokens.open(token);
    requireClient(c, own.client ?? null);
    const within = await inner(own.url);
    return (asked) => {
      const outer = { ...own, ...chosen(asked), expires: earlier(own.expires, asked.expires) };
      const request = within(outer);
      // Whoever asks has not seen what is within: he gets what both allow.
      return { ...request, isTrusted: own.isTrusted && request.isTrusted };
    };
  } catch (error) {
    if (place === 'near' && error instanceof MediaError) return null;
    throw error;
  }
}

interface Sealed {
  readonly token: string;
  readonly place: Place;
  /** How an address that it names is unwrapped. */
  readonly inner: (url: string) => Promise<Unwrap>;
}

/** What the request itself says of tracks goes before what the address says. */
const chosen = ({
  video,
  audio,
  subtitles,
  program,
  recovery,
  wish,
}: MediaRequest): Partial<MediaRequest> => ({
  ...(video === null ? {} : { video }),
  ...(audio === null ? {} : { audio }),
  ...(subtitles === undefined ? {} : { subtitles }),
  ...(program === undefined ? {} : { program }),
  ...(recovery === 'shown' ? {} : { recovery }),
  ...(wish === undefined ? {} : { wish }),
});

const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

/** Whoever asks might have asked for that himself: his rights, and its address and headers. */
function named(c: Context<AppEnv>, url: URL): { readonly url: string; readonly unwrap: Unwrap } | null {
  const fields = queryFields(url.href);
  const inner = fields.get('d')?.trim() ?? '';
  const isMedia = /^(?:root|upload):/.test(inner) || isHttpUrl(inner);
  const isName = inner !== '' && !isPlace(inner) && c.var.deps.hooks?.resolve;
  if (!isMedia && !isName) return null;
  const sent = headersIn(fields);
  return {
    url: inner,
    unwrap: (asked) => ({ ...asked, url: inner, headers: { ...sent, ...asked.headers } }),
  };
}
