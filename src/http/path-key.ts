import type { Context, MiddlewareHandler } from 'hono';
import { MediaError } from '../core/errors.ts';
import { equalSecrets } from '../proxy/token.ts';
import { carriesKey } from './access.ts';
import type { AppEnv } from './deps.ts';
import { carriesPassword } from './password.ts';

/** Whether a request carries the server's key: in its path, where the route has a place for it, else as usual. */
export function isTrusted(c: Context<AppEnv>): boolean {
  const key = c.req.param('key');
  return key === undefined ? carriesKey(c) : equalSecrets(key, c.var.deps.accessKey);
}

/**
 * Asks for the password, or for the key in the path, which programs have that cannot send a password.
 * @param place where such a program asks: `/tuner/<key>/`
 */
export const requireLeave =
  (place: string): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const { apiPassword } = c.var.deps.config;
    const isByKey = c.req.param('key') !== undefined;
    const isLet = !isByKey && (apiPassword === null || carriesPassword(c, apiPassword));
    if (!isLet && !isTrusted(c))
      throw new MediaError(
        'unauthorized',
        `This server asks for its password: add &api_password=…, or ask below ${place} with the key printed at start`,
      );
    await next();
  };
