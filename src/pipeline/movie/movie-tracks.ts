import type { MovieTrack } from '../../../muxers/fmp4/track-box.ts';
import { rescale } from '../../core/time.ts';
import { NO_BANDWIDTH, type Rendition } from '../renditions.ts';
import type { TrackDecision } from '../select-tracks.ts';
import type { Title } from '../title.ts';
import type { Place } from './place.ts';

/** Renditions as the tracks of one file, numbered from 1 on. */
export const movieTracks = (renditions: readonly Rendition[]): Map<Rendition, MovieTrack> =>
  new Map(renditions.map((rendition, i) => [rendition, movieTrack(rendition, i + 1)]));

/** As `movieTracks`, of a file that begins at another place of the title. */
export function movedTracks(
  { timeline }: Title,
  { origin, hidden }: Place,
  renditions: readonly Rendition[],
): Map<Rendition, MovieTrack> {
  const tracks = movieTracks(renditions);
  for (const [rendition, track] of tracks) {
    const ticksOf = (time: number) => rescale(time, timeline.timescale, rendition.timescale);
    const moved = { ...track, origin: ticksOf(origin), hidden: ticksOf(origin + hidden) - ticksOf(origin) };
    tracks.set(rendition, moved);
  }
  return tracks;
}

const movieTrack = (rendition: Rendition, trackId: number): MovieTrack => ({
  track: trackOf(rendition),
  options: {
    trackId,
    timescale: rendition.timescale,
    bitrate: rendition.bandwidth === NO_BANDWIDTH ? null : rendition.bandwidth,
  },
  delay: rendition.kind === 'video' ? rendition.video.reorderDepth * rendition.video.pictureDuration : 0,
});

const trackOf = (rendition: Rendition) =>
  rendition.kind === 'video' ? rendition.video.track : rendition.track;

/** Tracks that are in none of the renditions, each with the reason, for a person. */
export function omittedOf({ decisions }: Title, renditions: readonly Rendition[]): string[] {
  const written = new Set(renditions.map((rendition) => trackOf(rendition).id));
  return decisions.filter(({ track }) => !written.has(track.id)).map(tell);
}

const tell = ({ track, action, reason }: TrackDecision): string => {
  const why =
    track.kind === 'subtitle' && action !== 'omit' ? 'subtitles are offered with HLS alone' : reason;
  return `${track.kind} ${track.index}: ${why ?? 'cannot be stored in MP4 as it is'}`;
};
