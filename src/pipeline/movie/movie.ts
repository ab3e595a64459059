import { MovieWriter } from '../../../muxers/fmp4/movie.ts';
import type { AudioTrack } from '../../core/media.ts';
import { rescale } from '../../core/time.ts';
import type { Media } from '../library.ts';
import type { AudioRenditionPlan, Rendition } from '../renditions.ts';
import type { WalkContext } from './lines.ts';
import { movedTracks, omittedOf } from './movie-tracks.ts';
import { findPlace, type Place, type Stretch } from './place.ts';
import { walkTitle } from './walk.ts';

/** In what form sound is written: as it is where MP4 in a browser plays that, else as AAC; or as it is wherever MP4 can hold it. */
export const SOUNDS = ['playable', 'copied'] as const;

export interface MovieWish extends Stretch {
  readonly sound: (typeof SOUNDS)[number];
}

/** A title, or a stretch of it, as one file. */
export interface TitleMovie {
  readonly renditions: readonly Rendition[];
  /** Tracks that are left out, each with the reason, for a person. */
  readonly omitted: readonly string[];
  /** Seconds of the title that are its zero, and how many it lasts. */
  readonly start: number;
  readonly seconds: number;
  /** The file from its first byte on: lists that are never joined. Reading goes on as the next one is asked for. */
  readonly chunks: AsyncGenerator<readonly Uint8Array[]>;
}

/** What can be begun anywhere: a title whose segments are made in any order. */
export type SeekableMedia = Pick<Media, 'title' | 'renditions'>;

/**
 * Fragmented MP4 of a title from any time on, every track once, beside each other in half seconds.
 * @throws MediaError `bad-request` for a stretch that is not in the title; `chunks` throws those of the source
 */
export async function openTitleMovie(
  media: SeekableMedia,
  wish: MovieWish,
  context: WalkContext,
): Promise<TitleMovie> {
  const { title } = media;
  const { timescale } = title.timeline;
  const renditions = formsOf(media, wish);
  const place = await findPlace(title, wish, context.signal);
  return {
    renditions,
    omitted: omittedOf(title, renditions),
    start: (place.origin + place.hidden) / timescale,
    seconds: (place.end - place.origin - place.hidden) / timescale,
    chunks: write(media, { place, renditions }, context),
  };
}

interface Plan {
  readonly place: Place;
  readonly renditions: readonly Rendition[];
}

async function* write(
  { title }: SeekableMedia,
  { place, renditions }: Plan,
  context: WalkContext,
): AsyncGenerator<readonly Uint8Array[]> {
  const tracks = movedTracks(title, place, renditions);
  const timescale = renditions[0]?.timescale ?? title.timeline.timescale;
  const duration = rescale(place.end - place.origin, title.timeline.timescale, timescale);
  const writer = new MovieWriter([...tracks.values()], duration);
  yield writer.beginning();
  for await (const piece of walkTitle(title, { place, renditions }, context))
    for (const [rendition, packets] of piece) {
      const track = tracks.get(rendition);
      if (track) yield writer.fragment(track, packets);
    }
  yield writer.end();
}

/** One rendition of each track. */
export function formsOf({ renditions }: SeekableMedia, { sound }: Pick<MovieWish, 'sound'>): Rendition[] {
  const chosen = new Map<number, Rendition>();
  for (const rendition of renditions) {
    if (rendition.kind === 'video') chosen.set(rendition.video.track.id, rendition);
    else if (rendition.aac === null && (sound === 'copied' || isPlayable(rendition)))
      chosen.set(rendition.audio.track.id, rendition);
  }
  for (const rendition of renditions) {
    const id = rendition.kind === 'video' ? rendition.video.track.id : rendition.audio.track.id;
    if (!chosen.has(id)) chosen.set(id, rendition);
  }
  // In their own order.
  return renditions.filter((rendition) => [...chosen.values()].includes(rendition));
}

/** Sound that every browser plays from MP4. */
const PLAYABLE: ReadonlySet<AudioTrack['configs'][number]['codec']> = new Set(['aac', 'opus', 'flac', 'mp3']);

const isPlayable = ({ track }: AudioRenditionPlan): boolean =>
  track.configs[0] !== undefined && PLAYABLE.has(track.configs[0].codec);
