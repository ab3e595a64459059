import { Hono } from 'hono';
import { MediaError } from './core/errors.ts';
import { allowOrigins, answerPreflight, requireKnownHost } from './http/access.ts';
import type { AppDeps, AppEnv } from './http/deps.ts';
import { docsRoutes } from './http/docs.ts';
import { answerError } from './http/errors.ts';
import { faststartRoutes } from './http/faststart.ts';
import { hlsRoutes } from './http/hls.ts';
import { listingRoutes } from './http/listing.ts';
import { metricsRoutes } from './http/metrics.ts';
import { movieRoutes } from './http/movie.ts';
import { pageRoutes } from './http/page.ts';
import { probeRoutes } from './http/probe.ts';
import { compatTokens } from './http/proxy/compat-tokens.ts';
import { proxyRoutes } from './http/proxy/proxy-routes.ts';
import { remuxRoutes } from './http/remux.ts';
import { stremioRoutes } from './http/stremio/stremio-routes.ts';
import { tunerRoutes } from './http/tuner/tuner-routes.ts';
import { uploadRoutes } from './http/upload.ts';

/** The whole HTTP surface: one line for each group of routes. */
export function createApp(deps: AppDeps, now: () => number): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('deps', deps);
    c.set('cors', {});
    await next();
  });
  if (deps.watch) app.use(deps.watch);
  app.use(compatTokens((request, env) => app.fetch(request, env), now));
  app.use(requireKnownHost);
  // No page of another site is told that it may upload.
  app.on('OPTIONS', ['/remux', '/uploads', '/uploads/*'], (c) => c.body(null, 204));
  app.options('*', answerPreflight);
  app.get('/healthz', (c) => {
    allowOrigins(c);
    return c.json({ status: 'ok' });
  });
  app.route('/hls', hlsRoutes(now));
  app.route('/probe', probeRoutes(now));
  app.route('/faststart.mp4', faststartRoutes(now));
  app.route('/remux', remuxRoutes());
  app.route('/remux.mp4', movieRoutes(now));
  app.route('/uploads', uploadRoutes());
  app.route('/', proxyRoutes(now));
  app.route('/', stremioRoutes(0));
  app.route('/stremio/:key', stremioRoutes(2));
  app.route('/tuner', tunerRoutes());
  app.route('/metrics', metricsRoutes());
  app.route('/', docsRoutes());
  app.route('/', listingRoutes());
  app.route('/', pageRoutes());
  app.notFound((c) => answerError(new MediaError('not-found', 'There is nothing at this address'), c));
  app.onError(answerError);
  return app;
}
