import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { AppEnv, ProxyParts } from '../deps.ts';

/** @throws MediaError `not-offered` where nothing is passed on */
export function requireProxy(c: Context<AppEnv>): ProxyParts {
  const { proxy } = c.var.deps;
  if (proxy) return proxy;
  throw new MediaError('not-offered', 'This server passes nothing on');
}
