import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { Video } from '../../films/catalog.ts';
import type { Film } from '../../films/film.ts';
import { type MediaRequest, plainRequest } from '../../proxy/token.ts';
import { reachOf } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { isTrusted } from '../path-key.ts';
import { openSubtitlesHash } from '../stremio/open-subtitles-hash.ts';
import { placeOf } from '../tuner/place.ts';

/** Files that a browser may play by themselves. */
const MP4 = /\.(?:mp4|m4v)$/i;

/**
 * Each file of a film in two forms: HLS, which every player takes, and as it is, for players that take files.
 * https://github.com/Stremio/stremio-addon-sdk, docs/api/responses/stream.md
 */
export async function streamsOf(c: Context<AppEnv>, { films }: Video) {
  const streams = await Promise.all(films.map((film) => streamsOfFilm(c, film)));
  return streams.flat();
}

async function streamsOfFilm(c: Context<AppEnv>, film: Film) {
  const { filename, size } = film;
  const root = placeOf(c, '/addon/');
  const request = requestOf(c, film);
  const token = await c.var.deps.tokens.seal(request);
  const isSecure = root.startsWith('https:');
  const videoHash = await hashOf(c, request);
  const about = {
    filename,
    ...(size === null ? {} : { videoSize: size }),
    ...(videoHash === null ? {} : { videoHash }),
  };
  const hints = (form: string, isWebReady: boolean) => ({
    ...about,
    bingeGroup: `sluice-${form}`,
    ...(isWebReady ? {} : { notWebReady: true }),
  });
  const file = `${root}file/${token}/${encodeURIComponent(filename)}`;
  const isPlain = isSecure && MP4.test(filename);
  return [
    {
      name: 'Sluice\nHLS',
      description: `For every player\n${filename}`,
      url: `${root}hls/${token}/master.m3u8`,
      behaviorHints: hints('hls', isSecure),
    },
    {
      name: 'Sluice\nfile',
      description: `As it is\n${filename}`,
      url: file,
      behaviorHints: hints('file', isPlain),
    },
  ];
}

const requestOf = (c: Context<AppEnv>, { url, headers }: Film): MediaRequest =>
  plainRequest({ url, headers, isTrusted: isTrusted(c) });

/** By which addons find subtitles; only of what lies here, where it costs two short reads. */
async function hashOf(c: Context<AppEnv>, request: MediaRequest): Promise<string | null> {
  if (!request.url.startsWith('root:')) return null;
  try {
    const { source } = await c.var.deps.openSource(request, reachOf(c, request.isTrusted));
    return (await openSubtitlesHash(source, c.req.raw.signal)).hash;
  } catch (error) {
    if (error instanceof MediaError) return null;
    throw error;
  }
}
