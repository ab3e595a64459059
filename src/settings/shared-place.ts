import { isUrl } from '../core/url.ts';
import { wrong } from './values.ts';

/** A folder, or the URL of a Redis. What is wrong with it stays untold: it may hold a password. */
export function sharedPlace(text: string | undefined): string | null {
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(text ?? '')?.[1]?.toLowerCase();
  const isRedis = scheme === 'redis' || scheme === 'rediss';
  if (text !== undefined && scheme !== undefined && !(isRedis && isUrl(text)))
    throw wrong('SLUICE_SHARED_CACHE must be a folder or a redis:// or rediss:// URL');
  return text ?? null;
}
