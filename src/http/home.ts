import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './deps.ts';

/** The root of the app, and the same with a slash behind the prefix that the app is mounted under. */
export const HOME = ['/', '/:end{$}'] as const;

/** Sends who left the slash out to the address with it: what a page links to is told from there. */
export const withSlash: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { pathname, search } = new URL(c.req.url);
  if (pathname.endsWith('/')) return next();
  return c.redirect(`./${pathname.slice(pathname.lastIndexOf('/') + 1)}/${search}`);
};
