import type { Context } from 'hono';
import { MediaError } from '../core/errors.ts';
import { isHttpUrl } from '../core/url.ts';
import { type MediaRequest, plainRequest } from '../proxy/token.ts';
import type { AppEnv } from './deps.ts';
import { isBucket, isLocal, MAX_URL } from './media-request.ts';
import { isTrusted } from './path-key.ts';

/** Fields of a query that name media: Sluice's own, and those of other people's players. */
export const MEDIA_FIELDS: ReadonlySet<string> = new Set([
  'd',
  'url',
  'mediaURL',
  'videoUrl',
  'from',
  'subsUrl',
]);

interface Named {
  readonly headers?: Readonly<Record<string, string>>;
  /** What a person is told whose text names nothing. */
  readonly wrong: string;
}

/**
 * A request for what a text names, with nothing chosen of it; of this server's own addresses for what they stand for.
 * @throws MediaError `bad-request` for what is no address, and no name where a hook knows names
 */
export function namedMedia(c: Context<AppEnv>, url: string, { headers = {}, wrong }: Named): MediaRequest {
  const isName = url !== '' && c.var.deps.hooks?.resolve;
  if (url.length > MAX_URL || !(isHttpUrl(url) || isLocal(url) || isBucket(url) || isName))
    throw new MediaError('bad-request', wrong);
  const request = plainRequest({ url, headers, isTrusted: isTrusted(c) });
  return c.var.own?.get(url)?.(request) ?? request;
}
