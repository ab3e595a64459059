import { Hono } from 'hono';
import { describeTitle } from '../pipeline/describe-title.ts';
import { requirePassword } from './access.ts';
import { checked } from './checked.ts';
import type { AppEnv } from './deps.ts';
import { openMedia, readMediaRequest } from './media-request.ts';

/** `/probe?d=…`: what the file is, what is done with each track and why. */
export function probeRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/', requirePassword, checked('probe'), async (c) => {
    const media = await openMedia(c, readMediaRequest(c, now()), c.req.raw.signal);
    c.header('Cache-Control', 'no-store');
    const encoders = c.var.deps.library.encodedVideo ? 'here' : 'absent';
    return c.json(describeTitle(media, encoders));
  });
  return routes;
}
