import type { Context } from 'hono';
import type { AppEnv } from '../deps.ts';
import { mediaOf } from './asked-media.ts';
import type { AskedRoute } from './asked-route.ts';
import type { AskedRequest, RequestKind } from './hooks.ts';

/** What the patterns of routes end in; the first that fits. The app may be mounted anywhere. */
const KINDS: readonly (readonly [RegExp, RequestKind])[] = [
  [/\/(hls|hls\/:token|hlsv2\/:id)\/master\.m3u8$/, 'master'],
  [/\/hls\/:token\/:version\/:rendition\/index\.m3u8$/, 'playlist'],
  [/\/hls\/:token\/:version\/:rendition\/init\.mp4$/, 'init'],
  [/\/hls\/:token\/:version\/:rendition\/:file$/, 'segment'],
  [/\/probe$/, 'probe'],
  [/\/(remux\.mp4|faststart\.mp4|file)(\/:token\/:name)?$/, 'film'],
  [/\/proxy\//, 'proxy'],
  [/\/(uploads(\/:id)?|remux)\/?$/, 'upload'],
  [/\/(web\/:name|browse\/.*)?$/, 'page'],
];

/** What a hook is told of a request. @throws MediaError `bad-request` for one that names several films */
export async function readAsked(c: Context<AppEnv>, route: AskedRoute): Promise<AskedRequest> {
  return {
    method: c.req.method,
    path: c.req.path,
    kind: KINDS.find(([pattern]) => pattern.test(route.label))?.[1] ?? 'other',
    query: new URL(c.req.url).searchParams,
    headers: c.req.raw.headers,
    client: c.var.deps.clientOf?.(c) ?? '',
    media: await mediaOf(c, route),
    signal: c.req.raw.signal,
  };
}
