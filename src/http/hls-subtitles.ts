import { type Context, Hono } from 'hono';
import { MediaError } from '../core/errors.ts';
import type { Media } from '../pipeline/library.ts';
import { subtitleName, subtitlePlaylist } from '../pipeline/subtitles/subtitle-playlist.ts';
import { subtitleSegment } from '../pipeline/subtitles/subtitle-segment.ts';
import { type PlannedSubtitle, segmentCount, type Title } from '../pipeline/title.ts';
import type { MediaRequest } from '../proxy/token.ts';
import { allowOrigins, guardSource } from './access.ts';
import { isNamedIn } from './conditional.ts';
import type { AppEnv } from './deps.ts';
import { FOREVER, keptBy } from './lifetimes.ts';
import { isLocal, openMedia, titleKey, withTitle } from './media-request.ts';
import { answerPlaylist } from './playlist-body.ts';

const PLACE = '/:token/:version/:rendition{s[0-9]+}';
const SEGMENT = ':file{(?:0|[1-9][0-9]*)\\.vtt}';
/** What Apple's validator asks for; texts are UTF-8 by their own specification. */
const WEBVTT_TYPE = 'text/vtt; charset=utf-8';

/** Renditions of subtitles: `/hls/<token>/<version>/s<index>/{index.m3u8,<n>.vtt}`. */
export function subtitleRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get(`${PLACE}/index.m3u8`, async (c) => {
    const request = await requestOf(c);
    return withTitle(c, request, async () => {
      const media = await openMedia(c, request, c.req.raw.signal);
      findSubtitle(c, media.title);
      const text = subtitlePlaylist(media.title, media.renditions);
      return answerPlaylist(c, { text, cacheControl: keptBy(media.access, FOREVER) });
    });
  });

  routes.get(`${PLACE}/${SEGMENT}`, async (c) => {
    const n = Number.parseInt(c.req.param('file') ?? '', 10);
    const request = await requestOf(c);
    const tag = `"${c.req.param('version')}-${c.req.param('rendition')}-${n}"`;
    const isKnown = isNamedIn(c.req.header('if-none-match'), tag);
    if (c.req.method === 'HEAD' || isKnown)
      return answerUnopened(c, { request, n, tag, status: isKnown ? 304 : 200 });
    return withTitle(c, request, () => answerSegment(c, { request, n, tag }));
  });

  return routes;
}

const requestOf = (c: Context<AppEnv>): Promise<MediaRequest> =>
  c.var.deps.tokens.open(c.req.param('token') ?? '');

interface Asked {
  readonly request: MediaRequest;
  readonly n: number;
  readonly tag: string;
}

async function answerSegment(c: Context<AppEnv>, { request, n, tag }: Asked): Promise<Response> {
  const { signal } = c.req.raw;
  const { title, access } = await openMedia(c, request, signal);
  const subtitle = findSubtitle(c, title);
  const text = await subtitleSegment(title, { subtitle, n }, { spans: c.var.deps.library.spans, signal });
  // An error is none of these: headers are set when there is a text.
  return c.body(text, 200, headersOf(tag, access));
}

const headersOf = (tag: string, access: Media['access'] | undefined) => ({
  'Content-Type': WEBVTT_TYPE,
  ETag: tag,
  'Cache-Control': keptBy(access, FOREVER),
});

/** @throws MediaError `changed` for another version, `not-found` */
function findSubtitle(c: Context<AppEnv>, title: Title): PlannedSubtitle {
  if (c.req.param('version') !== title.version)
    throw new MediaError('changed', 'The file behind this address has changed; open the title again');
  const subtitle = title.subtitles.find((one) => subtitleName(one) === c.req.param('rendition'));
  if (subtitle) return subtitle;
  throw new MediaError('not-found', `This title has no rendition "${c.req.param('rendition')}"`);
}

interface Unopened extends Asked {
  readonly status: 200 | 304;
}

/** HEAD and 304 cost nothing upstream: a title that is open is asked, another one is believed in. */
function answerUnopened(c: Context<AppEnv>, { request, n, tag, status }: Unopened): Response {
  const media: Media | null = c.var.deps.library.peek(titleKey(request));
  if (isLocal(request.url)) guardSource(c, 'local', request.isTrusted);
  else if (media) guardSource(c, media.access, request.isTrusted);
  else allowOrigins(c);
  if (media) checkListed(media.title, findSubtitle(c, media.title), n);
  return c.body(null, status, headersOf(tag, media?.access));
}

function checkListed(title: Title, subtitle: PlannedSubtitle, n: number): void {
  const count = segmentCount(title);
  if (n < count) return;
  throw new MediaError(
    'not-found',
    `${subtitleName(subtitle)} has ${count} segments; there is no number ${n}`,
  );
}
