import { bcp47 } from '../../core/language.ts';
import type { Track } from '../../core/media.ts';
import type { Library, Media } from '../../pipeline/library.ts';
import type { Rendition } from '../../pipeline/renditions.ts';
import { SharedWork } from '../../pipeline/shared-work.ts';
import type { Logger } from '../deps.ts';
import { urlOfTitle } from '../media-request.ts';
import type { Hooks, TrackName } from './hooks.ts';

export interface NamingOptions {
  readonly nameTrack: NonNullable<Hooks['nameTrack']>;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Milliseconds after which a hook that failed is asked again: segments, too, come by here. */
const RETRY_AFTER = 60_000;

interface Naming {
  readonly work: SharedWork<Media>;
  /** When it failed; null: it did not. */
  failedAt: number | null;
}

type Names = ReadonlyMap<number, TrackName>;

/** The library with tracks called as a hook says. What is made of a title knows nothing of it: its segments are the same. */
export function withTrackNames(library: Library, options: NamingOptions): Library {
  const { log, now } = options;
  const named = new WeakMap<Media, Naming>();
  const begin = (media: Media, url: string): Naming => {
    const naming: Naming = { work: new SharedWork(() => nameAll(media, url, options)), failedAt: null };
    named.set(media, naming);
    return naming;
  };
  return {
    ...library,
    async open(key, wish, signal) {
      const media = await library.open(key, wish, signal);
      const known = named.get(media);
      if (known && known.failedAt !== null && now() < known.failedAt + RETRY_AFTER) return media;
      const naming = known?.failedAt === null ? known : begin(media, urlOfTitle(key));
      try {
        return await naming.work.join(signal, () => named.delete(media));
      } catch (err) {
        signal.throwIfAborted();
        if (naming.failedAt === null)
          log.error({ err }, 'the hook nameTrack failed: tracks are called as the file says');
        naming.failedAt ??= now();
        return media;
      }
    },
  };
}

async function nameAll(media: Media, url: string, { nameTrack }: NamingOptions): Promise<Media> {
  const { decisions, demuxer } = media.title;
  const tracks = decisions.map(({ track }) => track);
  const title = { media: url, container: demuxer.container, name: demuxer.info?.title ?? null, tracks };
  const names = await Promise.all(
    tracks.map(async (track) => [track.id, (await nameTrack(track, title)) ?? {}] as const),
  );
  return withNames(media, new Map(names));
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
