import type { Chapter, ContainerInfo } from '../../src/core/contracts.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds, rescale } from '../../src/core/time.ts';
import type { Movie } from './movie.ts';
import type { Mp4Track } from './tracks.ts';

/** As the movie declares it. */
export function durationOf({ duration, timescale }: Movie): Nanoseconds | null {
  // Fragments make it longer than a movie box knows that was written before them.
  if (!duration || timescale <= 0) return null;
  const value = rescale(duration, timescale, NANOSECONDS_PER_SECOND);
  return Number.isSafeInteger(value) ? nanoseconds(value) : null;
}

/** One tick of the coarsest clock. */
export function precisionOf(tracks: readonly Mp4Track[]): Nanoseconds {
  const played = tracks.filter(({ track }) => track.kind === 'video' || track.kind === 'audio');
  const coarsest = Math.min(NANOSECONDS_PER_SECOND, ...played.map(({ source }) => source.timescale));
  return nanoseconds(Math.ceil(NANOSECONDS_PER_SECOND / coarsest));
}

/** @param told chapters of a track of text, which go before those of Nero */
export const infoOf = (
  { title, tags, chapters, attachments }: Movie,
  told: readonly Chapter[] = [],
): ContainerInfo => ({
  title,
  muxingApp: null,
  writingApp: null,
  chapters: told.length > 0 ? told : chapters,
  attachments,
  hasAllAttachments: true,
  tags,
});
