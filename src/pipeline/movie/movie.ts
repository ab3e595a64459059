import { MovieWriter } from '../../../muxers/fmp4/movie.ts';
import type { MovieTrack } from '../../../muxers/fmp4/track-box.ts';
import { type Ending, type Estimate, ProgressiveWriter, roomFor } from '../../../muxers/mp4/progressive.ts';
import type { TimedPacket } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import type { AudioTrack } from '../../core/media.ts';
import { rescale } from '../../core/time.ts';
import type { Media } from '../library.ts';
import type { AudioRenditionPlan, Rendition } from '../renditions.ts';
import type { Title } from '../title.ts';
import { PIECE, type WalkContext } from './lines.ts';
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

/** As a movie, for a place where bytes that are written can be written over. */
export interface TitleFile extends TitleMovie {
  /** What is left to do once all chunks were written. */
  ending(): Ending;
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
  const plan = await planMovie(media, wish, context.signal);
  return { ...told(media, plan), chunks: write(media, plan, context) };
}

/**
 * MP4 without fragments of the same: its movie box is in front of its media.
 * @throws MediaError as `openTitleMovie`
 */
export async function openTitleFile(
  media: SeekableMedia,
  wish: MovieWish,
  context: WalkContext,
): Promise<TitleFile> {
  const { title } = media;
  const plan = await planMovie(media, wish, context.signal);
  const tracks = movedTracks(title, plan.place, plan.renditions);
  const writer = new ProgressiveWriter(
    [...tracks.values()],
    roomFor(plan.renditions.map(estimate(media, plan))),
  );
  const chunks = async function* () {
    yield writer.beginning();
    for await (const { track, packets } of pieces(title, { ...plan, tracks }, context))
      yield writer.samples(track, packets);
  };
  return { ...told(media, plan), chunks: chunks(), ending: () => writer.end() };
}

interface Plan {
  readonly place: Place;
  readonly renditions: readonly Rendition[];
}

/** @throws MediaError `not-offered` where there is no copy of the video */
async function planMovie(media: SeekableMedia, wish: MovieWish, signal: AbortSignal): Promise<Plan> {
  if (media.title.video?.track.decodeOnly)
    throw new MediaError(
      'not-offered',
      'The video has to be encoded anew, which only HLS offers: /hls/master.m3u8',
    );
  return { renditions: formsOf(media, wish), place: await findPlace(media.title, wish, signal) };
}

function told({ title }: SeekableMedia, { place, renditions }: Plan): Omit<TitleMovie, 'chunks'> {
  const { timescale } = title.timeline;
  return {
    renditions,
    omitted: omittedOf(title, renditions),
    start: (place.origin + place.hidden) / timescale,
    seconds: (place.end - place.origin - place.hidden) / timescale,
  };
}

/** Where frames may be shorter than usual, as in Opus. */
const SHORTEST_FRAME = 256;

/** How many samples a track will have, rather too many. */
const estimate =
  ({ title }: SeekableMedia, { place }: Plan) =>
  (rendition: Rendition): Estimate => {
    const seconds = (place.end - place.origin) / title.timeline.timescale + 2;
    const chunks = Math.ceil(seconds / PIECE) + 1;
    if (rendition.kind === 'video') {
      const { usualRate, counted } = rendition.video;
      return { kind: 'video', samples: Math.ceil(Math.max(usualRate, counted?.rate ?? 0) * seconds), chunks };
    }
    const { frameSize, sampleRate } = rendition.track;
    const samples = Math.ceil((sampleRate / (frameSize ?? SHORTEST_FRAME)) * seconds);
    return { kind: 'audio', samples, chunks };
  };

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
  for await (const { track, packets } of pieces(title, { place, renditions, tracks }, context))
    yield writer.fragment(track, packets);
  yield writer.end();
}

interface TrackedPlan extends Plan {
  readonly tracks: ReadonlyMap<Rendition, MovieTrack>;
}

interface TrackPiece {
  readonly track: MovieTrack;
  readonly packets: readonly TimedPacket[];
}

/** What the walk gives, one track at a time. */
async function* pieces(
  title: Title,
  { tracks, ...plan }: TrackedPlan,
  context: WalkContext,
): AsyncGenerator<TrackPiece> {
  for await (const piece of walkTitle(title, plan, context))
    for (const [rendition, packets] of piece) {
      const track = tracks.get(rendition);
      if (track) yield { track, packets };
    }
}

/** One rendition of each track; none of video that is encoded, which cannot be walked. */
export function formsOf({ renditions }: SeekableMedia, { sound }: Pick<MovieWish, 'sound'>): Rendition[] {
  const chosen = new Map<number, Rendition>();
  for (const rendition of renditions) {
    if (rendition.kind === 'video') {
      if (!rendition.encoded) chosen.set(rendition.video.track.id, rendition);
    } else if (rendition.aac === null && (sound === 'copied' || isPlayable(rendition)))
      chosen.set(rendition.audio.track.id, rendition);
  }
  for (const rendition of renditions) {
    if (rendition.kind === 'audio' && !chosen.has(rendition.audio.track.id))
      chosen.set(rendition.audio.track.id, rendition);
  }
  // In their own order.
  return renditions.filter((rendition) => [...chosen.values()].includes(rendition));
}

/** Sound that every browser plays from MP4. */
const PLAYABLE: ReadonlySet<AudioTrack['configs'][number]['codec']> = new Set(['aac', 'opus', 'flac', 'mp3']);

const isPlayable = ({ track }: AudioRenditionPlan): boolean =>
  track.configs[0] !== undefined && PLAYABLE.has(track.configs[0].codec);
