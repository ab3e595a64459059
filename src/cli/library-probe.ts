import type { Config } from '../config.ts';
import { MediaError } from '../core/errors.ts';
import type { Track } from '../core/media.ts';
import type { Film } from '../films/film.ts';
import type { StreamDetails } from '../films/nfo.ts';
import { openNodeMedia } from '../node-media.ts';
import { openSource } from '../open-source.ts';
import type { Media } from '../pipeline/library.ts';
import { note } from './output.ts';

/** What a film has in it; null for one that cannot be read. */
export type Look = (film: Film, signal: AbortSignal) => Promise<readonly StreamDetails[] | null>;

/** Whoever writes a list may have what it names: private addresses are read as public ones. */
export async function openLooking(config: Config): Promise<{ readonly look: Look; close(): Promise<void> }> {
  const media = await openNodeMedia({ ...config, allowPrivate: true }, { env: process.env, video: 'copied' });
  const places = { ...media.places, roots: config.roots, upload: async () => '' };
  const options = { video: null, audio: null, recovery: 'shown' } as const;
  return {
    async look({ url, headers, filename }, signal) {
      const request = { url, headers, ...options, isTrusted: true, expires: null };
      try {
        const wish = { openSource: () => openSource(request, places), options };
        const found = await media.library.open(url, wish, signal);
        media.library.forget(url);
        return detailsOf(found);
      } catch (error) {
        if (!(error instanceof MediaError)) throw error;
        note(`${filename} cannot be read: ${error.message}`);
        return null;
      }
    },
    close: () => media.close(),
  };
}

const detailsOf = ({ title }: Media): readonly StreamDetails[] =>
  title.decisions.flatMap(({ track }) => detailOf(track, title.timeline.end / title.timeline.timescale));

/** What FFmpeg, and so Kodi, calls otherwise. */
const NAMES: Readonly<Record<string, string>> = { h265: 'hevc', mpeg2: 'mpeg2video' };

function detailOf(track: Track, seconds: number): readonly StreamDetails[] {
  const { language } = track;
  if (track.kind === 'video' || track.kind === 'audio') {
    const codec = track.configs[0]?.codec ?? track.decodeOnly?.codec ?? track.sourceCodec;
    const named = NAMES[codec] ?? codec;
    if (track.kind === 'audio') return [{ kind: 'audio', codec: named, language, channels: track.channels }];
    return [{ kind: 'video', codec: named, width: track.width, height: track.height, seconds }];
  }
  return track.kind === 'subtitle' ? [{ kind: 'subtitle', language }] : [];
}
