import { type Context, Hono } from 'hono';
import { listingHtml } from '../web/listing.ts';
import { carriesKey, guardSource, requirePassword } from './access.ts';
import type { AppEnv } from './deps.ts';
import { HOME, withSlash } from './home.ts';

/** No script at all, nothing from elsewhere; the style is the page's own. */
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join('; ');

/**
 * `/`, where nothing is to be played and folders are served, and `/browse/<root>/<path>/`: what is in the folders, for
 * whom local files are. Mounted before the player page, which has `/` otherwise.
 */
export function listingRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.on('GET', [...HOME], withSlash, async (c, next) => {
    const { folders } = c.var.deps;
    if (!folders || folders.names.length === 0 || c.req.query('d') !== undefined) return next();
    await guard(c);
    const entries = folders.names.map((name) => ({ name, isFolder: true, size: null }));
    return answer(c, listingHtml({ place: [], home: './', entries, isCut: false, carried: carried(c) }));
  });
  routes.on('GET', ['/browse/:root', '/browse/:root/:path{.*}'], async (c, next) => {
    const { folders } = c.var.deps;
    if (!folders || folders.names.length === 0) return next();
    await guard(c);
    const { root, path, home } = placeOf(c);
    const { entries, isCut } = await folders.list(root, path.join('/'));
    return answer(c, listingHtml({ place: [root, ...path], home, entries, isCut, carried: carried(c) }));
  });
  return routes;
}

/**
 * Local files are for this server's own pages, and for who knows its password where there is one. Who follows a link of
 * another site comes here himself: that site sees nothing of it.
 */
async function guard(c: Context<AppEnv>): Promise<void> {
  const isVisit =
    c.req.header('sec-fetch-mode') === 'navigate' && c.req.header('sec-fetch-dest') === 'document';
  if (!isVisit) guardSource(c, 'local', carriesKey(c));
  await requirePassword(c, async () => undefined);
}

interface Place {
  readonly root: string;
  readonly path: readonly string[];
  /** The way from here to the app's root. */
  readonly home: string;
}

/** Names as they were encoded: each by itself, so that a slash within one is no border. */
function placeOf(c: Context<AppEnv>): Place {
  // Not by `hono/route`, which knows requests of its own copy of hono only: the app around this one may have another.
  const start = c.req.routePath.split('/').indexOf(':root');
  const names = new URL(c.req.url).pathname.split('/').slice(start);
  const [root = '', ...path] = names.map(decode);
  return {
    root,
    path: path.at(-1) === '' ? path.slice(0, -1) : path,
    home: '../'.repeat(names.length),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A password or a key goes on to what is linked. */
function carried(c: Context<AppEnv>): string {
  const fields = ['api_password', 'key'].flatMap((name) => {
    const value = c.req.query(name);
    return value ? [`&amp;${name}=${encodeURIComponent(value)}`] : [];
  });
  return fields.join('');
}

function answer(c: Context<AppEnv>, html: string): Response | Promise<Response> {
  c.header('Content-Security-Policy', POLICY);
  c.header('X-Content-Type-Options', 'nosniff');
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Cache-Control', 'no-store');
  return c.html(html);
}
