import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { AppEnv } from '../deps.ts';
import { plainUrl } from '../proxy/written-url.ts';
import { queryPairs } from '../query.ts';
import { labelOf } from '../request-log.ts';
import { filmInPath } from '../stremio/film-tracks.ts';
import { urlInPath } from '../stremio/option-path.ts';
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

/** Fields that name media. */
const NAMES: ReadonlySet<string> = new Set(['d', 'url', 'mediaURL', 'videoUrl', 'from', 'subsUrl']);

/** What a hook is told of a request. @throws MediaError `bad-request` for one that names several films */
export async function readAsked(c: Context<AppEnv>): Promise<AskedRequest> {
  const label = labelOfRoute(c);
  return {
    method: c.req.method,
    path: c.req.path,
    kind: KINDS.find(([pattern]) => pattern.test(label))?.[1] ?? 'other',
    query: new URL(c.req.url).searchParams,
    headers: c.req.raw.headers,
    client: c.var.deps.clientOf?.(c) ?? '',
    media: await mediaOf(c, label),
    signal: c.req.raw.signal,
  };
}

/** Of the route that answers: the first that is for one method alone. */
const labelOfRoute = (c: Context<AppEnv>): string =>
  labelOf(c.req.matchedRoutes.find(({ method }) => method !== 'ALL')?.path ?? '');

/** A part of the path by the name that its route gives it. */
export function partOf(c: Context<AppEnv>, name: string): string | null {
  const at = labelOfRoute(c).split('/').indexOf(`:${name}`);
  return at < 0 ? null : (c.req.path.split('/')[at] ?? null);
}

/** The very one that the route will take. */
async function mediaOf(c: Context<AppEnv>, label: string): Promise<string | null> {
  const { tokens, proxy } = c.var.deps;
  const ticket = partOf(c, 'ticket')?.replace(/\.ts$/, '');
  const token = partOf(c, 'token') ?? (label.includes('/proxy/transcode/') ? c.req.query('media') : null);
  return orNull(async () => {
    if (token) return (await tokens.open(token)).url;
    if (ticket) return (await proxy?.tickets.open(ticket))?.url ?? null;
    if (label.endsWith('/tracks/:url')) return standingFor(c, filmInPath(c.req.url));
    return label.includes('/proxy/:options') ? urlInPath(c.req.url) : null;
  }).then((sealed) => sealed ?? named(c));
}

/** What cannot be opened names nothing: its route says so. */
async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MediaError) return null;
    throw error;
  }
}

const BARE = {
  headers: {},
  video: null,
  audio: null,
  recovery: 'shown',
  isTrusted: false,
  expires: null,
} as const;

/** An address of this server's own stands for what it was made of. */
const standingFor = (c: Context<AppEnv>, url: string): string =>
  c.var.own?.get(url)?.({ ...BARE, url }).url ?? url;

/** Where a field comes twice routes differ in which of them counts: nobody may be shown one and get the other. */
function named(c: Context<AppEnv>): string | null {
  const given = [...queryPairs(c.req.url)].flatMap(([name, value]) =>
    NAMES.has(name) && value.trim() !== '' ? [standingFor(c, plainUrl(value.trim()))] : [],
  );
  const [media = null, ...others] = new Set(given);
  if (others.length > 0)
    throw new MediaError('bad-request', 'The request names more than one film: d= and its like, once');
  return media;
}
