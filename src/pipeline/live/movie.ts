import { MovieWriter } from '../../../muxers/fmp4/movie.ts';
import type { MovieTrack } from '../../../muxers/fmp4/track-box.ts';
import type { Sequence } from '../../core/contracts.ts';
import { movieTracks, omittedOf } from '../movie/movie-tracks.ts';
import type { Rendition } from '../renditions.ts';
import type { SelectionOptions } from '../select-tracks.ts';
import type { Title } from '../title.ts';
import { openPass } from './pass.ts';
import type { CutSegment } from './segmenter.ts';
import { STREAMED } from './targets.ts';

/** One fragmented MP4 of all kept tracks, made in one pass over an input that comes in order. */
export interface Movie {
  readonly title: Title;
  /** Tracks that are left out, each with the reason, for a person. */
  readonly omitted: readonly string[];
  /** The file from its first byte on: lists that are never joined. Reading goes on as the next one is asked for. */
  readonly chunks: AsyncGenerator<readonly Uint8Array[]>;
}

/**
 * Reads as much as it takes to know tracks and clocks.
 * @param signal ends the whole pass
 * @throws MediaError as `openPass`; `chunks` throws those of the rest, when what came before was given
 */
export async function openMovie(
  sequence: Sequence,
  options: SelectionOptions,
  signal: AbortSignal,
): Promise<Movie> {
  const { title, renditions, segments } = await openPass(sequence, options, signal, {
    cutting: STREAMED,
    isBridged: false,
  });
  const tracks = movieTracks(renditions);
  return { title, omitted: omittedOf(title, renditions), chunks: write(tracks, segments) };
}

async function* write(
  tracks: ReadonlyMap<Rendition, MovieTrack>,
  segments: AsyncGenerator<CutSegment>,
): AsyncGenerator<readonly Uint8Array[]> {
  const writer = new MovieWriter([...tracks.values()], null);
  yield writer.beginning();
  for await (const { packets } of segments)
    for (const [rendition, own] of packets) {
      const track = tracks.get(rendition);
      if (track) yield writer.fragment(track, own);
    }
  yield writer.end();
}
