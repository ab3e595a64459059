import type { MovieTrack } from '../../../muxers/fmp4/init.ts';
import { MovieWriter } from '../../../muxers/fmp4/movie.ts';
import type { Sequence } from '../../core/contracts.ts';
import { NO_BANDWIDTH, type Rendition } from '../renditions.ts';
import type { SelectionOptions, TrackDecision } from '../select-tracks.ts';
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
  const tracks = new Map(renditions.map((rendition, i) => [rendition, movieTrack(rendition, i + 1)]));
  return { title, omitted: omittedOf(title, renditions), chunks: write(tracks, segments) };
}

const movieTrack = (rendition: Rendition, trackId: number): MovieTrack => ({
  track: rendition.kind === 'video' ? rendition.video.track : rendition.track,
  options: {
    trackId,
    timescale: rendition.timescale,
    bitrate: rendition.bandwidth === NO_BANDWIDTH ? null : rendition.bandwidth,
  },
});

function omittedOf({ decisions }: Title, renditions: readonly Rendition[]): string[] {
  const written = new Set(
    renditions.map((each) => (each.kind === 'video' ? each.video.track.id : each.track.id)),
  );
  return decisions.filter(({ track }) => !written.has(track.id)).map(tell);
}

const tell = ({ track, reason }: TrackDecision): string =>
  `${track.kind} ${track.index}: ${reason ?? 'cannot be stored in MP4 as it is'}`;

async function* write(
  tracks: ReadonlyMap<Rendition, MovieTrack>,
  segments: AsyncGenerator<CutSegment>,
): AsyncGenerator<readonly Uint8Array[]> {
  const writer = new MovieWriter([...tracks.values()]);
  yield writer.beginning();
  for await (const { packets } of segments)
    for (const [rendition, own] of packets) {
      const track = tracks.get(rendition);
      if (track) yield writer.fragment(track, own);
    }
  yield writer.end();
}
