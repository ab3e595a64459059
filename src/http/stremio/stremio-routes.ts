import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { MediaError } from '../../core/errors.ts';
import { allowOrigins, guardSource, reachOf } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { isLocal, openMedia } from '../media-request.ts';
import { requireLeave } from '../path-key.ts';
import { refuseWorkers } from '../proxy/compat-errors.ts';
import { answerSubtitles, answerSubtitleTracks } from '../subtitles/subtitle-answers.ts';
import { answerAttachment, answerScript } from './film-parts.ts';
import { answerTracks } from './film-tracks.ts';
import { answerMaster } from './master.ts';
import { openSubtitlesHash } from './open-subtitles-hash.ts';
import { passByPath } from './option-path.ts';
import { readPlayerRequest } from './player-request.ts';
import { describeForPlayer } from './probe.ts';
import { FIXED, settingsOf } from './static-answers.ts';

/**
 * What Stremio's players ask of a streaming server, at the root, and below `/stremio/<key>/` with the server's key, for
 * players that cannot send a password.
 * @param depth folders between the app's root and these routes
 */
export function stremioRoutes(depth: 0 | 2): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const up = '../'.repeat(depth);
  const leave = requireLeave('/stremio/<key>/');
  routes.use('/proxy/*', refuseWorkers);
  routes.get('/hlsv2/probe', leave, async (c) => {
    const media = await openMedia(c, readPlayerRequest(c), c.req.raw.signal);
    c.header('Cache-Control', 'no-store');
    return c.json(describeForPlayer(media));
  });
  routes.get('/hlsv2/:id/master.m3u8', leave, (c) => answerMaster(c, `${up}../../`));
  routes.get('/hlsv2/:id/source/subtitle/:file{[0-9]+\\.ass}', leave, answerScript);
  routes.get('/hlsv2/:film/source/attachment/:id{[0-9]+}', leave, answerAttachment);
  // A title lives as long as it is asked for: there is nothing to end.
  routes.get('/hlsv2/:id/destroy', open, (c) => c.json({}));
  routes.get('/proxy/:options{[^/]*d=[^/]*}/*', leave, (c) => passByPath(c, `${up}../`));
  routes.get('/opensubHash', leave, answerHash);
  routes.get('/subtitles.vtt', leave, (c) => answerSubtitles(c, 'vtt'));
  routes.get('/subtitles.srt', leave, (c) => answerSubtitles(c, 'srt'));
  routes.get('/subtitlesTracks', leave, answerSubtitleTracks);
  routes.get('/tracks/:url{[\\s\\S]+}', leave, answerTracks);
  routes.on(['GET', 'POST'], '/settings', open, (c) => c.json(settingsOf(new URL(c.req.url).origin)));
  for (const [path, answer] of Object.entries(FIXED)) routes.get(path, open, (c) => c.json(answer));
  routes.on(['GET', 'POST'], ['/:infoHash{[0-9a-fA-F]{40}}', '/:infoHash{[0-9a-fA-F]{40}}/*'], refuseTorrent);
  return routes;
}

/** Any page may ask. */
const open: MiddlewareHandler<AppEnv> = (c, next) => {
  allowOrigins(c);
  return next();
};

const refuseTorrent = () => {
  throw new MediaError('not-offered', 'This server plays films by their URLs; torrents are not offered');
};

/** `/opensubHash?videoUrl=…`: an error stands in the body, where players look for it. */
async function answerHash(c: Context<AppEnv>): Promise<Response> {
  const request = readPlayerRequest(c, 'videoUrl');
  if (isLocal(request.url)) guardSource(c, 'local', request.isTrusted);
  const opened = await c.var.deps.openSource(request, reachOf(c, request.isTrusted));
  try {
    const result = await openSubtitlesHash(opened.source, c.req.raw.signal);
    guardSource(c, opened.access(), request.isTrusted);
    return c.json({ error: null, result });
  } catch (error) {
    if (!(error instanceof MediaError) || error.code === 'unauthorized') throw error;
    allowOrigins(c);
    return c.json({ error: error.message, code: error.code, result: null });
  }
}
