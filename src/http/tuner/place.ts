import type { Context } from 'hono';
import type { AppEnv } from '../deps.ts';

/**
 * Where the app's root is for who asks, with a slash at its end: by the public URL, or what a trusted proxy tells, or the
 * `Host` that was asked for, which is a known one.
 * @param below what the path that was asked for begins with, from there on
 */
export function placeOf(c: Context<AppEnv>, below = '/tuner/'): string {
  const { publicUrl } = c.var.deps.config;
  if (publicUrl) return `${publicUrl.origin}${publicUrl.pathname.replace(/\/?$/, '/')}`;
  const { protocol, host, prefix } = c.var.via ?? { protocol: null, host: null, prefix: '' };
  const url = new URL(c.req.url);
  const at = url.pathname.indexOf(below);
  const mounted = at > 0 ? url.pathname.slice(0, at) : '';
  return `${protocol ?? url.protocol.replace(':', '')}://${host ?? url.host}${prefix}${mounted}/`;
}
