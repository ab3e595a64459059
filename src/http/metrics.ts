import { Hono } from 'hono';
import { MediaError } from '../core/errors.ts';
import { requirePassword } from './access.ts';
import type { AppEnv } from './deps.ts';

/** `/metrics`, for Prometheus. */
export function metricsRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/', requirePassword, async (c) => {
    const { metrics } = c.var.deps;
    if (!metrics) throw new MediaError('not-found', 'Nothing is counted here');
    const { body, type } = await metrics.text();
    return c.body(body, 200, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  });
  return routes;
}
