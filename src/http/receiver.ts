import { Hono } from 'hono';
import { guardSource, requirePassword } from './access.ts';
import { checked } from './checked.ts';
import type { AppEnv } from './deps.ts';
import { readMediaRequest } from './media-request.ts';

/** Seconds that such an address is good for: a long film, and an evening around it. */
const LIFETIME = 12 * 3600;

/**
 * `/receiver?d=…`: an address of a film for a device that plays it for one of this server's own pages, as Chromecast and
 * Apple TV do. It has the film's leave in it: such a device has neither the page's origin nor its key.
 */
export function receiverRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/', requirePassword, checked('openReceiver'), async (c) => {
    const request = readMediaRequest(c, now());
    guardSource(c, 'local', request.isTrusted);
    const longest = Math.ceil((now() / 1000 + LIFETIME) / 3600) * 3600;
    const expires = Math.min(request.expires ?? longest, longest);
    const token = await c.var.deps.tokens.seal({ ...request, isTrusted: true, expires });
    const { publicUrl } = c.var.deps.config;
    const place = publicUrl && `${publicUrl.origin}${publicUrl.pathname.replace(/\/?$/, '/')}`;
    c.header('Cache-Control', 'no-store');
    return c.json({ path: `hls/${token}/master.m3u8`, place, expires });
  });
  return routes;
}
