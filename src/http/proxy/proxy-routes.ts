import { Hono } from 'hono';
import { allowOrigins } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { answerDetail, refuseWorkers } from './compat-errors.ts';
import { epgRoutes } from './epg.ts';
import { hlsProxyRoutes } from './hls.ts';
import { mergedListRoutes } from './merged-list.ts';
import { notOfferedRoutes } from './not-offered.ts';
import { ownAddressRoutes } from './own-address.ts';
import { streamRoutes } from './stream.ts';
import { transcodeRoutes } from './transcode.ts';
import { urlToolRoutes } from './url-tools.ts';

/** All that mediaflow-proxy's clients ask for, at its addresses and with its errors. */
export function proxyRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.onError(answerDetail);
  routes.use('/proxy/*', refuseWorkers);
  routes.route('/proxy/stream', streamRoutes());
  routes.route('/proxy/hls', hlsProxyRoutes());
  routes.route('/proxy/transcode', transcodeRoutes());
  routes.route('/proxy/ip', ownAddressRoutes(now));
  routes.route('/proxy/epg', epgRoutes(now));
  routes.route('/playlist', mergedListRoutes());
  routes.route('/', urlToolRoutes(now));
  routes.route('/', notOfferedRoutes());
  routes.get('/health', (c) => {
    allowOrigins(c);
    return c.json({ status: 'healthy' });
  });
  return routes;
}
