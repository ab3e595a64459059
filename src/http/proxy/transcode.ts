import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { PLAYLIST_TYPE } from '../../../muxers/hls.ts';
import { MediaError } from '../../core/errors.ts';
import type { Media } from '../../pipeline/library.ts';
import { openTitleMovie } from '../../pipeline/movie/movie.ts';
import {
  type Muxed,
  muxedDurations,
  muxedForm,
  muxedInit,
  muxedPlaylist,
  renderMuxed,
} from '../../pipeline/muxed.ts';
import type { RenderContext } from '../../pipeline/render-segment.ts';
import { segmentCount } from '../../pipeline/title.ts';
import type { MediaRequest } from '../../proxy/token.ts';
import { checked } from '../checked.ts';
import type { AppEnv } from '../deps.ts';
import { openMedia, withTitle } from '../media-request.ts';
import { movieHeaders } from '../movie-headers.ts';
import { answerText } from '../playlist-body.ts';
import { startingWith } from '../starting-with.ts';
import { guardHeaders } from './answer-headers.ts';
import { bindingOf, requireClient } from './compat-binding.ts';
import { requireCredentials } from './compat-errors.ts';
import { type Destination, readDestination } from './destination.ts';

/** Seconds that playlists and segments, and the init segment, are kept by who asked. */
const KEPT = { playlist: 300, segment: 300, init: 3600 } as const;

/** `/proxy/transcode/playlist.m3u8?d=…` and what it lists: a film as H.264 and AAC in one stream, any segment of it. */
export function transcodeRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get('/playlist.m3u8', requireCredentials, async (c) => {
    const request = mediaRequest(c, readDestination(c));
    const media = await openMedia(c, request, c.req.raw.signal);
    if (media.live) throw noIndex();
    const muxed = muxedForm(media);
    const place = new URLSearchParams({
      media: await c.var.deps.tokens.seal(request),
      version: media.title.version,
    });
    const times = startTimes(muxed);
    const text = muxedPlaylist(muxed, {
      init: `init.mp4?${place}`,
      segment: (n) => `segment.m4s?${place}&start_ms=${times[n]}&end_ms=${times[n + 1]}&seg=${n}`,
    });
    return answerText(c, { text, type: PLAYLIST_TYPE, cacheControl: kept('playlist') });
  });

  routes.get('/init.mp4', requireSealOrCredentials, (c) =>
    withMuxed(c, async (muxed, context) => {
      const body = new Uint8Array(await muxedInit(muxed, context));
      c.header('Content-Type', 'video/mp4');
      c.header('Cache-Control', kept('init'));
      c.header('Content-Length', String(body.length));
      return c.req.method === 'HEAD' ? c.body(null) : c.body(body);
    }),
  );

  routes.get('/segment.m4s', requireSealOrCredentials, checked('readFilm'), (c) =>
    withMuxed(c, async (muxed, context) => {
      const n = segmentAt(muxed, c.req.query('start_ms'));
      return send(c, renderMuxed(muxed, { n }, context), { 'Cache-Control': kept('segment') });
    }),
  );
  return routes;
}

/** Addresses of our lists hold, sealed, what they stand for. */
const requireSealOrCredentials: MiddlewareHandler<AppEnv> = (c, next) =>
  c.req.query('media') === undefined ? requireCredentials(c, next) : next();

const kept = (what: keyof typeof KEPT): string => `private, max-age=${KEPT[what]}`;

const noIndex = () =>
  new MediaError(
    'not-found',
    'Cannot generate HLS playlist: no keyframe index found. This source comes in order only',
  );

function mediaRequest(c: Context<AppEnv>, { url, headers, isTrusted }: Destination): MediaRequest {
  const { expires, client } = bindingOf(c);
  const common = { url, headers, video: null, audio: null, recovery: 'shown', isTrusted, expires } as const;
  return client === null ? common : { ...common, client };
}

/** What the address names, sealed as in our playlists, or by `d=` as others write them. */
async function requestOf(c: Context<AppEnv>): Promise<MediaRequest> {
  const sealed = c.req.query('media');
  if (sealed === undefined) return mediaRequest(c, readDestination(c));
  const request = await c.var.deps.tokens.open(sealed);
  requireClient(c, request.client ?? null);
  return request;
}

async function withMuxed(
  c: Context<AppEnv>,
  use: (muxed: Muxed, context: RenderContext) => Promise<Response>,
): Promise<Response> {
  const request = await requestOf(c);
  return withTitle(c, request, async () => {
    const media = await openMedia(c, request, c.req.raw.signal);
    if (media.live) throw noIndex();
    const version = c.req.query('version') ?? media.title.version;
    if (version !== media.title.version)
      throw new MediaError('changed', 'The file behind this address has changed; open the playlist again');
    return use(muxedForm(media), contextOf(c));
  });
}

function contextOf(c: Context<AppEnv>): RenderContext {
  const { library, clientOf } = c.var.deps;
  const { spans, transcripts, encodedVideo } = library;
  return { spans, transcripts, encodedVideo, client: clientOf?.(c) ?? '', signal: c.req.raw.signal };
}

/** Milliseconds at which segments begin, and the last one ends. */
function startTimes(muxed: Muxed): number[] {
  let time = 0;
  const ends = muxedDurations(muxed).map((duration) => {
    time += duration;
    return Math.round(time / 1000);
  });
  return [0, ...ends];
}

/** @throws MediaError `not-found` for a time at which none begins */
function segmentAt(muxed: Muxed, text: string | undefined): number {
  const time = /^\d{1,12}(\.\d{1,6})?$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (Number.isNaN(time)) throw new MediaError('bad-request', 'start_ms= must be milliseconds');
  const n = startTimes(muxed)
    .slice(0, -1)
    .findIndex((start) => Math.abs(start - time) <= 1);
  if (n < 0) throw new MediaError('not-found', `No segment begins at ${time} ms`);
  return n;
}

async function send(
  c: Context<AppEnv>,
  chunks: AsyncGenerator<readonly Uint8Array[]>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { deps, cors } = c.var;
  const answer = { 'Content-Type': 'video/mp4', 'Accept-Ranges': 'none', ...headers, ...cors };
  if (c.req.method === 'HEAD') return c.body(null, 200, answer);
  const first = await chunks.next();
  if (first.done) throw new MediaError('corrupt', 'There is nothing in this part of the film');
  return deps.sendChunks(c, {
    headers: answer,
    chunks: startingWith([first.value], chunks),
    onBroken: (err) => {
      if (!c.req.raw.signal.aborted) deps.log.warn({ err }, 'film broken off');
    },
  });
}

/** `/proxy/stream?transcode=true`: a film from any second on as one fragmented MP4, made while it is sent. */
export async function sendTranscoded(c: Context<AppEnv>, destination: Destination): Promise<Response> {
  const start = startOf(destination);
  const request = mediaRequest(c, destination);
  return withTitle(c, request, async () => {
    const media = await openMedia(c, request, c.req.raw.signal);
    if (media.live) throw noIndex();
    const { title } = media;
    const seconds = title.timeline.end / title.timeline.timescale;
    const headers = {
      ...movieHeaders([]),
      'Content-Disposition': 'inline',
      'Cache-Control': 'no-cache, no-store',
      'X-Content-Duration': seconds.toFixed(3),
      ...withoutType({ ...destination.mediaAnswers, ...destination.answers }),
      ...guardHeaders('video/mp4'),
    };
    return send(c, await movieOf(c, media, start), headers);
  });
}

/** What is made here is what it is. */
const withoutType = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-type'));

function startOf({ fields }: Destination): number {
  const text = fields.get('start') || '0';
  if (/^\d{1,7}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new MediaError('bad-request', 'start= must be seconds');
}

/** What is copied is read once for all its tracks; what is encoded comes segment by segment. */
async function movieOf(
  c: Context<AppEnv>,
  media: Media,
  start: number,
): Promise<AsyncGenerator<readonly Uint8Array[]>> {
  const context = contextOf(c);
  const muxed = muxedForm(media);
  const [main] = muxed.renditions;
  if (main?.kind === 'video' && main.encoded) return encodedMovie(muxed, start, context);
  const wish = {
    start: start === 0 ? null : start,
    duration: null,
    seek: 'before',
    sound: 'playable',
  } as const;
  const { chunks } = await openTitleMovie(media, wish, context);
  return chunks;
}

async function* encodedMovie(
  muxed: Muxed,
  start: number,
  context: RenderContext,
): AsyncGenerator<readonly Uint8Array[]> {
  const { cuts, timescale, end } = muxed.title.timeline;
  if (start * timescale >= end) throw new MediaError('bad-request', `There is nothing from ${start} s on`);
  const from = Math.max(
    0,
    cuts.findLastIndex(({ time }) => time <= start * timescale),
  );
  yield [await muxedInit(muxed, context)];
  for (let n = from; n < segmentCount(muxed.title); n++) yield* renderMuxed(muxed, { n, from }, context);
}
