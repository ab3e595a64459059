import { type Context, Hono } from 'hono';
import { MediaError } from '../core/errors.ts';
import type { Media } from '../pipeline/library.ts';
import { renderSegment } from '../pipeline/render-segment.ts';
import { encodedInit, isEncodedVideo, type Rendition, renditionPlaylist } from '../pipeline/renditions.ts';
import { titlePlaylist } from '../pipeline/title-playlist.ts';
import type { MediaRequest } from '../proxy/token.ts';
import { allowOrigins, guardSource, requirePassword } from './access.ts';
import { checked } from './checked.ts';
import { isNamedIn } from './conditional.ts';
import type { AppEnv } from './deps.ts';
import { growingPlaylist, liveChunks } from './hls-live.ts';
import { subtitleRoutes } from './hls-subtitles.ts';
import { BRIEFLY, FOR_AN_HOUR, FOREVER, isOpen, keptBy } from './lifetimes.ts';
import { isLocal, openMedia, readMediaRequest, titleKey, withTitle } from './media-request.ts';
import { answerPlaylist } from './playlist-body.ts';
import { startingWith } from './starting-with.ts';

/** MIME types by Apple's table (10.4). */
const MP4_TYPES = { video: 'video/mp4', audio: 'audio/mp4' } as const;

/**
 * `/hls/master.m3u8?d=…` and what it leads to: `/hls/<token>/<version>/<rendition>/{index.m3u8,init.mp4,<n>.m4s,<n>.vtt}`.
 */
export function hlsRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.route('/', subtitleRoutes());

  routes.get('/master.m3u8', requirePassword, checked('openMaster'), async (c) => {
    const request = readMediaRequest(c, now());
    const { title, renditions, access } = await openMedia(c, request, c.req.raw.signal);
    const token = await c.var.deps.tokens.seal(request);
    const text = titlePlaylist(title, renditions, `${token}/${title.version}/`);
    return answerPlaylist(c, { text, cacheControl: keptBy(access, BRIEFLY) });
  });

  routes.get('/:token/:version/:rendition/index.m3u8', async (c) => {
    const { media, rendition } = await openRendition(c);
    const { title, renditions, live } = media;
    const text = live
      ? await growingPlaylist(c, { title, rendition, live })
      : renditionPlaylist(title, renditions, rendition);
    return answerPlaylist(c, { text, cacheControl: keptBy(media.access, live ? BRIEFLY : FOREVER) });
  });

  routes.get('/:token/:version/:rendition/init.mp4', async (c) => {
    const request = await c.var.deps.tokens.open(c.req.param('token'));
    const headers = resourceHeaders(c, 'init');
    if (isNamedIn(c.req.header('if-none-match'), headers.ETag))
      return answerUnopened(c, { request, headers });
    const { media, rendition } = await openRendition(c);
    const body = await initOf(c, media, rendition);
    setHeaders(c, { ...headers, 'Cache-Control': keptBy(media.access, howLong(c)) });
    c.header('Content-Length', String(body.length));
    return c.req.method === 'HEAD' ? c.body(null) : c.body(body);
  });

  routes.get('/:token/:version/:rendition/:file{(?:0|[1-9][0-9]*)\\.m4s}', async (c) => {
    const n = Number.parseInt(c.req.param('file'), 10);
    const request = await c.var.deps.tokens.open(c.req.param('token'));
    const headers = { ...resourceHeaders(c, String(n)), 'Accept-Ranges': 'none' };
    if (c.req.method === 'HEAD' || isNamedIn(c.req.header('if-none-match'), headers.ETag))
      return answerUnopened(c, { request, n, headers });
    return withTitle(c, request, () => sendSegment(c, { request, n, headers }));
  });

  return routes;
}

/** How long what the path names stays as it is. */
const howLong = (c: Context<AppEnv>): string =>
  isEncodedVideo(c.req.param('rendition') ?? '') ? FOR_AN_HOUR : FOREVER;

async function initOf(
  c: Context<AppEnv>,
  { title }: Media,
  rendition: Rendition,
): Promise<Uint8Array<ArrayBuffer>> {
  if (rendition.kind === 'audio' || !rendition.encoded) return new Uint8Array(rendition.muxer.init());
  const { encodedVideo } = c.var.deps.library;
  if (!encodedVideo) throw new MediaError('not-offered', 'Video cannot be encoded here');
  const asking = { client: clientOf(c), signal: c.req.raw.signal };
  return new Uint8Array(encodedInit(rendition, await encodedVideo.config(title, rendition, asking)));
}

const clientOf = (c: Context<AppEnv>): string => c.var.deps.clientOf?.(c) ?? '';

function setHeaders(c: Context<AppEnv>, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
}

/** What is known of a resource before a byte of it is made: its tag names the bytes. */
function resourceHeaders(c: Context<AppEnv>, name: string) {
  const rendition = c.req.param('rendition') ?? '';
  return {
    'Content-Type': rendition.startsWith('a') ? MP4_TYPES.audio : MP4_TYPES.video,
    ETag: `"${c.req.param('version')}-${rendition}-${name}"`,
  };
}

interface OpenedRendition {
  readonly media: Media;
  readonly rendition: Rendition;
}

/** The rendition that the path names. @throws MediaError `changed` for another version, `not-found` */
async function openRendition(c: Context<AppEnv>): Promise<OpenedRendition> {
  const request = await c.var.deps.tokens.open(c.req.param('token') ?? '');
  return withTitle(c, request, async () => {
    const media = await openMedia(c, request, c.req.raw.signal);
    return { media, rendition: findRendition(c, media) };
  });
}

function findRendition(c: Context<AppEnv>, { title, renditions }: Media): Rendition {
  if (c.req.param('version') !== title.version)
    throw new MediaError('changed', 'The file behind this address has changed; open the title again');
  const rendition = renditions.find(({ name }) => name === c.req.param('rendition'));
  if (!rendition)
    throw new MediaError('not-found', `This title has no rendition "${c.req.param('rendition')}"`);
  return rendition;
}

interface UnopenedAnswer {
  readonly request: MediaRequest;
  /** Number of a segment. */
  readonly n?: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** HEAD and 304 cost nothing upstream: a title that is open is asked, another one is believed in. */
function answerUnopened(c: Context<AppEnv>, { request, n, headers }: UnopenedAnswer): Response {
  const media = c.var.deps.library.peek(titleKey(request));
  if (isLocal(request.url)) guardSource(c, 'local', request.isTrusted);
  else if (media) guardSource(c, media.access, request.isTrusted);
  else allowOrigins(c);
  if (media && n !== undefined) checkListed(findRendition(c, media), media, n);
  setHeaders(c, { ...headers, 'Cache-Control': keptBy(media?.access, howLong(c)) });
  return c.body(null, isNamedIn(c.req.header('if-none-match'), headers.ETag ?? '') ? 304 : 200);
}

function checkListed({ name, durations }: Rendition, { live }: Media, n: number): void {
  const count = live?.progress().ends.length ?? durations.length;
  if (n >= count) throw new MediaError('not-found', `${name} has ${count} segments; there is no number ${n}`);
}

interface SegmentAnswer {
  readonly request: MediaRequest;
  readonly n: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Makes the first chunk before a status is sent, so that what fails at once is told properly. */
async function sendSegment(c: Context<AppEnv>, { request, n, headers }: SegmentAnswer): Promise<Response> {
  const { deps } = c.var;
  const { signal } = c.req.raw;
  const media = await openMedia(c, request, signal);
  const rendition = findRendition(c, media);
  const chunks = chunksOf(c, media, { request, rendition, n });
  const first = await chunks.next();
  if (first.done) throw new MediaError('corrupt', `Segment ${n} of ${rendition.name} holds no packet`);
  return deps.sendChunks(c, {
    headers: { ...headers, 'Cache-Control': keptBy(media.access, howLong(c)), ...c.var.cors },
    chunks: startingWith([first.value], chunks),
    onBroken: (error) => {
      if (signal.aborted) return;
      if (error instanceof MediaError && error.code === 'changed') deps.library.forget(titleKey(request));
      deps.log.warn({ segment: n, rendition: rendition.name, err: error }, 'segment broken off');
    },
  });
}

interface SegmentOf {
  readonly request: MediaRequest;
  readonly rendition: Rendition;
  readonly n: number;
}

function chunksOf(
  c: Context<AppEnv>,
  media: Media,
  { request, rendition, n }: SegmentOf,
): AsyncGenerator<readonly Uint8Array[]> {
  const { library, segments } = c.var.deps;
  const { signal } = c.req.raw;
  const { title, live } = media;
  if (live) return liveChunks(live, { rendition, n }, signal);
  checkListed(rendition, media, n);
  const { spans, transcripts, encodedVideo } = library;
  const context = { spans, transcripts, encodedVideo, client: clientOf(c), signal };
  const render = () => renderSegment(title, { rendition, n }, context);
  if (!segments || !isOpen(media.access) || isEncodedVideo(rendition.name)) return render();
  const isEncoded = rendition.kind === 'audio' && rendition.aac !== null;
  const { version } = title;
  const { name } = rendition;
  return segments.chunks({ title: titleKey(request), version, rendition: name, n, isEncoded }, render);
}
