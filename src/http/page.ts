import { Hono } from 'hono';
import { MediaError } from '../core/errors.ts';
import { pageHtml } from '../web/page.ts';
import type { AppEnv } from './deps.ts';
import { HOME, withSlash } from './home.ts';

/** Where the script for Chromecasts is loaded from, and what it loads. */
const CAST = ' https://www.gstatic.com';

/** Nothing but this server's own scripts runs on the page; it may be told to play from anywhere by this server. */
const policy = (scripts: string): string =>
  [
    "default-src 'none'",
    `script-src 'self'${scripts}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    // data: the empty <track> that hls.js makes for each of its subtitles, without which Chrome's menu fails
    "media-src 'self' blob: data:",
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'self'",
  ].join('; ');

/** `/`, the player page, and the files that it loads from `web/` below it. */
export function pageRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.on('GET', [...HOME], withSlash, (c) => {
    const { hasCast = false, uploads } = c.var.deps;
    c.header('Content-Security-Policy', policy(hasCast ? CAST : ''));
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'no-referrer');
    c.header('Cache-Control', 'no-cache');
    return c.html(pageHtml({ hasDemo: true, hasUploads: uploads !== null, hasCast }));
  });
  routes.get('/web/:name', async (c) => {
    const asset = await c.var.deps.asset(c.req.param('name'));
    if (!asset) throw new MediaError('not-found', 'There is no such file');
    c.header('Content-Type', asset.type);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Cache-Control', 'no-cache');
    return c.req.method === 'HEAD' ? c.body(null) : c.body(asset.body);
  });
  return routes;
}
