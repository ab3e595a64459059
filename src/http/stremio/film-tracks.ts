import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { Track } from '../../core/media.ts';
import type { AppEnv } from '../deps.ts';
import { openMedia } from '../media-request.ts';
import { namedMedia } from '../named-media.ts';
import { NO_FILE } from '../subtitles/subtitle-request.ts';
import { audioName, videoName } from './probe.ts';

/** `/tracks/<URL>`: what televisions cannot tell of a file's tracks by themselves. None of what cannot be read. */
export async function answerTracks(c: Context<AppEnv>): Promise<Response> {
  const request = namedMedia(c, filmInPath(c.req.url), { wrong: NO_FILE });
  c.header('Cache-Control', 'no-store');
  try {
    const { title } = await openMedia(c, request, c.req.raw.signal);
    return c.json(title.decisions.flatMap(({ track }) => describe(track)));
  } catch (error) {
    if (!(error instanceof MediaError) || !UNREADABLE.has(error.code)) throw error;
    return c.json([]);
  }
}

const UNREADABLE: ReadonlySet<string> = new Set(['unsupported', 'corrupt', 'truncated', 'encrypted']);

/** Percent-encoded once, as a part of the path. @throws MediaError `bad-request` */
export function filmInPath(address: string): string {
  const { pathname } = new URL(address);
  try {
    return decodeURIComponent(pathname.slice(pathname.indexOf('/tracks/') + '/tracks/'.length)).trim();
  } catch {
    throw new MediaError('bad-request', 'The URL in the path is not percent-encoded rightly');
  }
}

const TYPES: Readonly<Record<Track['kind'], string | null>> = {
  video: 'video',
  audio: 'audio',
  subtitle: 'text',
  other: null,
};

function describe(track: Track): readonly object[] {
  const type = TYPES[track.kind];
  const { index, language, name } = track;
  // Players subtract one to have the number that the television gives it.
  return type === null ? [] : [{ type, id: index + 1, lang: language, label: name, codec: codecName(track) }];
}

/** As Matroska calls it, without the letter of its kind: televisions are compared with `DTS`, `HDMV/PGS`. */
function codecName(track: Track): string {
  if (/^[AVSD]_/.test(track.sourceCodec)) return (track.sourceCodec.split(' ')[0] ?? '').slice(2);
  if (track.kind === 'video') return videoName(track).toUpperCase();
  return (track.kind === 'audio' ? audioName(track) : track.sourceCodec).toUpperCase();
}
