import { Hono } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { AppEnv } from '../deps.ts';

/** What mediaflow-proxy answers and this server does not, or not yet: said plainly, so that nobody looks for a slip. */
const NOT_OFFERED: readonly (readonly [what: string, ...paths: string[]])[] = [
  ['DASH', '/proxy/mpd/*'],
  ['Acestream', '/proxy/acestream/*'],
  ['Telegram', '/proxy/telegram/*'],
  ['Extractors of other sites', '/extractor/*'],
  ['A page that makes merged playlists', '/playlist/builder'],
  ['A test of speed', '/speedtest', '/speedtest/*'],
];

/** Clear refusals. */
export function notOfferedRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  for (const [what, ...paths] of NOT_OFFERED)
    routes.on(['GET', 'POST'], paths, () => {
      throw new MediaError('not-offered', `${what}: not offered by this server`);
    });
  return routes;
}
