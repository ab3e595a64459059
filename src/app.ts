import { Hono } from 'hono';
import { MediaError } from './core/errors.ts';
import { allowOrigins, answerPreflight, requireKnownHost } from './http/access.ts';
import { addonRoutes } from './http/addon/addon-routes.ts';
import type { AppDeps, AppEnv } from './http/deps.ts';
import { docsRoutes } from './http/docs.ts';
import { answerError } from './http/errors.ts';
import { faststartRoutes } from './http/faststart.ts';
import { fileRoutes, lastingPlaylistRoutes } from './http/file.ts';
import { hlsRoutes } from './http/hls.ts';
import { withHooks } from './http/hooks/with-hooks.ts';
import { listingRoutes } from './http/listing.ts';
import { metricsRoutes } from './http/metrics.ts';
import { movieRoutes } from './http/movie.ts';
import { ownMedia } from './http/own-media.ts';
import { pageRoutes } from './http/page.ts';
import { probeRoutes } from './http/probe.ts';
import { compatTokens } from './http/proxy/compat-tokens.ts';
import { proxyRoutes } from './http/proxy/proxy-routes.ts';
import { receiverRoutes } from './http/receiver.ts';
import { remuxRoutes } from './http/remux.ts';
import { stremioRoutes } from './http/stremio/stremio-routes.ts';
import { tunerRoutes } from './http/tuner/tuner-routes.ts';
import { uploadRoutes } from './http/upload.ts';
import { xtreamRoutes } from './http/xtream/xtream-routes.ts';

/** The whole HTTP surface: one line for each group of routes. */
export function createApp(given: AppDeps, now: () => number): Hono<AppEnv> {
  const deps = withHooks(given, now);
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('deps', deps);
    c.set('cors', {});
    await next();
  });
  if (deps.watch) app.use(deps.watch);
  app.use(compatTokens((request, env) => app.fetch(request, env), now));
  app.use(requireKnownHost);
  app.use(ownMedia);
  if (deps.guard) app.use(deps.guard);
  // No page of another site is told that it may upload.
  app.on('OPTIONS', ['/remux', '/uploads', '/uploads/*'], (c) => c.body(null, 204));
  app.options('*', answerPreflight);
  app.get('/healthz', (c) => {
    allowOrigins(c);
    return c.json({ status: 'ok' });
  });
  app.route('/hls', hlsRoutes(now));
  app.route('/hls', lastingPlaylistRoutes());
  app.route('/file', fileRoutes(now));
  app.route('/probe', probeRoutes(now));
  app.route('/receiver', receiverRoutes(now));
  app.route('/faststart.mp4', faststartRoutes(now));
  app.route('/remux', remuxRoutes());
  app.route('/remux.mp4', movieRoutes(now));
  app.route('/uploads', uploadRoutes());
  app.route('/', proxyRoutes(now));
  app.route('/', stremioRoutes(0));
  app.route('/stremio/:key', stremioRoutes(2));
  app.route('/addon', addonRoutes());
  app.route('/tuner', tunerRoutes());
  app.route('/', xtreamRoutes(now));
  app.route('/metrics', metricsRoutes());
  app.route('/', docsRoutes());
  app.route('/', listingRoutes());
  app.route('/', pageRoutes());
  app.notFound((c) => answerError(new MediaError('not-found', 'There is nothing at this address'), c));
  app.onError(answerError);
  return app;
}
