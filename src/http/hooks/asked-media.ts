import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import { plainRequest } from '../../proxy/token.ts';
import type { AppEnv } from '../deps.ts';
import { MEDIA_FIELDS } from '../named-media.ts';
import { plainUrl } from '../proxy/written-url.ts';
import { queryFields, queryPairs } from '../query.ts';
import { filmInPath } from '../stremio/film-tracks.ts';
import { urlInPath } from '../stremio/option-path.ts';
import { providerAddress } from '../xtream/asked-address.ts';
import type { AskedRoute } from './asked-route.ts';

type Read = (c: Context<AppEnv>, route: AskedRoute) => string | null | Promise<string | null>;

/**
 * Where routes find what they read, by what their patterns end in; the first that fits. A route that is not here reads no
 * media that a request names: whatever else stands in its address is nothing.
 */
const READERS: readonly (readonly [RegExp, Read])[] = [
  [/\/(hls|file|remux\.mp4)\/:token\//, (c, { parts }) => sealed(c, parts.token)],
  [/\/(proxy\/hls\/:ticket\/:name|tuner\/stream\/:ticket)$/, (c, { parts }) => ticketed(c, parts.ticket)],
  [/\/proxy\/transcode\/(init\.mp4|segment\.m4s)$/, (c) => listed(c, c.req.query('media'))],
  [/\/proxy\/:options\/\*$/, (c) => orNull(() => urlInPath(c.req.url))],
  [/\/tracks\/:url$/, (c) => orNull(() => standingFor(c, filmInPath(c.req.url)))],
  [/\/:user\/:password\/|\.php$/, (c, route) => orNull(() => ofProvider(c, route))],
  [/\/(hls|hlsv2\/:id)\/master\.m3u8$/, named],
  [/\/(probe|receiver|remux\.mp4|faststart\.mp4|file|)$/, named],
  [/\/hlsv2\/:\w+\/source\/(subtitle|attachment)\/:\w+$/, named],
  [/\/(opensubHash|subtitlesTracks|subtitles\.(vtt|srt))$/, named],
  [/\/proxy\/(stream(\/:filename)?|epg|transcode\/playlist\.m3u8)$/, named],
  [/\/proxy\/hls\/(manifest\.m3u8|key_proxy\/manifest\.m3u8|:file)$/, named],
  [/\/playlist\/playlist$/, named],
];

/** The very one that the route will take. @throws MediaError `bad-request` for a request that names several */
export async function mediaOf(c: Context<AppEnv>, route: AskedRoute): Promise<string | null> {
  const read = READERS.find(([pattern]) => pattern.test(route.label))?.[1];
  return read ? read(c, route) : null;
}

const sealed = (c: Context<AppEnv>, token = ''): Promise<string | null> =>
  orNull(async () => (await c.var.deps.tokens.open(token)).url);

const ticketed = (c: Context<AppEnv>, ticket = ''): Promise<string | null> =>
  orNull(async () => (await c.var.deps.proxy?.tickets.open(ticket.replace(/\.ts$/, '')))?.url ?? null);

/** What our own playlists list is sealed. */
const listed = (c: Context<AppEnv>, media: string | undefined): string | null | Promise<string | null> =>
  media === undefined ? named(c) : sealed(c, media);

/** What is posted goes before what the address says, and is not read here. */
const ofProvider = (c: Context<AppEnv>, route: AskedRoute): string | null =>
  c.req.method === 'POST' ? null : providerAddress({ ...route, fields: queryFields(c.req.url) });

/** What cannot be opened names nothing: its route says so. */
async function orNull<T>(read: () => T | Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MediaError) return null;
    throw error;
  }
}

/** An address of this server's own stands for what it was made of. */
const standingFor = (c: Context<AppEnv>, url: string): string =>
  c.var.own?.get(url)?.(plainRequest({ url, headers: {}, isTrusted: false })).url ?? url;

/** Where a field comes twice routes differ in which of them counts: nobody may be shown one and get the other. */
function named(c: Context<AppEnv>): string | null {
  const given = [...queryPairs(c.req.url)].flatMap(([name, value]) =>
    MEDIA_FIELDS.has(name) && value.trim() !== '' ? [standingFor(c, plainUrl(value.trim()))] : [],
  );
  const [media = null, ...others] = new Set(given);
  if (others.length > 0)
    throw new MediaError('bad-request', 'The request names more than one film: d= and its like, once');
  return media;
}
