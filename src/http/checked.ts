import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './deps.ts';
import { queryFields } from './query.ts';

/** Holds the query of a request against the schema of its operation, where schemas are at hand. */
export const checked =
  (operation: string): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    await c.var.deps.check?.(operation, { query: queryFields(c.req.url) });
    await next();
  };
