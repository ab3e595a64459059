import { bcp47 } from '../../core/language.ts';
import type { Track } from '../../core/media.ts';
import type { Library, Media } from '../../pipeline/library.ts';
import type { Rendition } from '../../pipeline/renditions.ts';
import type { Logger } from '../deps.ts';
import { urlOfTitle } from '../media-request.ts';
import type { Hooks, TrackName } from './hooks.ts';

export interface NamingOptions {
  readonly nameTrack: NonNullable<Hooks['nameTrack']>;
  readonly log: Logger;
}

type Names = ReadonlyMap<number, TrackName>;

/** The library with tracks called as a hook says. What is made of a title knows nothing of it: its segments are the same. */
export function withTrackNames(library: Library, options: NamingOptions): Library {
  const named = new WeakMap<Media, Promise<Media>>();
  return {
    ...library,
    async open(key, wish, signal) {
      const media = await library.open(key, wish, signal);
      const known = named.get(media) ?? nameAll(media, urlOfTitle(key), options);
      named.set(media, known);
      return known;
    },
  };
}

async function nameAll(media: Media, url: string, { nameTrack, log }: NamingOptions): Promise<Media> {
  const { decisions, demuxer } = media.title;
  const tracks = decisions.map(({ track }) => track);
  const title = { media: url, container: demuxer.container, name: demuxer.info?.title ?? null, tracks };
  try {
    const names = await Promise.all(
      tracks.map(async (track) => [track.id, (await nameTrack(track, title)) ?? {}] as const),
    );
    return withNames(media, new Map(names));
  } catch (err) {
    log.error({ err }, 'the hook nameTrack failed: tracks are called as the file says');
    return media;
  }
}

function withNames(media: Media, names: Names): Media {
  const { title, renditions } = media;
  const rename = <T extends Track>(track: T): T => renamed(track, names.get(track.id));
  return {
    ...media,
    title: {
      ...title,
      decisions: title.decisions.map((decision) => ({ ...decision, track: rename(decision.track) })),
      audio: title.audio.map((audio) => ({ ...audio, track: rename(audio.track) })),
      subtitles: title.subtitles.map((subtitle) => ({ ...subtitle, track: rename(subtitle.track) })),
    },
    renditions: renditions.map((rendition): Rendition => {
      if (rendition.kind === 'video') return rendition;
      return { ...rendition, track: rename(rendition.track) };
    }),
  };
}

function renamed<T extends Track>(track: T, { name, language }: TrackName = {}): T {
  return {
    ...track,
    ...(name ? { name: String(name) } : {}),
    ...(language ? { language: bcp47(String(language)) } : {}),
  };
}
