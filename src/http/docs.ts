import { type Context, Hono } from 'hono';
import { MediaError } from '../core/errors.ts';
import { allowOrigins } from './access.ts';
import type { ApiDocs, AppEnv } from './deps.ts';

/** Only this server's scripts run there, and what is tried out goes to it alone. Its style sets sizes in elements. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<title>Sluice: HTTP interface</title>
<main id="docs"></main>
<script src="docs/swagger-ui-bundle.js"></script>
<script type="module" src="docs/docs.js"></script>
</html>
`;

/** They change with the version of the server, which their address does not tell. */
const FOR_AN_HOUR = 'max-age=3600';

/** `/openapi.json`, and `/docs`, the page that shows it. */
export function docsRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/openapi.json', async (c) => {
    const text = await docsOf(c).document();
    allowOrigins(c);
    return c.body(text, 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' });
  });
  routes.get('/docs', (c) => {
    docsOf(c);
    c.header('Content-Security-Policy', POLICY);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'no-referrer');
    c.header('Cache-Control', 'no-cache');
    return c.html(PAGE);
  });
  routes.get('/docs/', (c) => c.redirect('../docs'));
  routes.get('/docs/:name', async (c) => {
    const asset = await docsOf(c).asset(c.req.param('name'));
    if (!asset) throw new MediaError('not-found', 'There is no such file');
    c.header('Content-Type', asset.type);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Cache-Control', FOR_AN_HOUR);
    return c.body(asset.body);
  });
  return routes;
}

/** @throws MediaError `not-found` where they are turned off */
function docsOf(c: Context<AppEnv>): ApiDocs {
  const { docs } = c.var.deps;
  if (docs) return docs;
  throw new MediaError('not-found', 'This server does not show its documentation');
}
