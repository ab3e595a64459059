import { mediaPlaylist } from '../../../muxers/hls.ts';
import type { SubtitleRendition } from '../../../muxers/hls-subtitles.ts';
import type { SubtitleTrack } from '../../core/media.ts';
import { displayName, uniqueNames } from '../display-names.ts';
import { cutDurations, type Rendition, targetDuration } from '../renditions.ts';
import type { PlannedSubtitle, Title } from '../title.ts';

/** Stable: kind and track index. */
export const subtitleName = ({ track }: PlannedSubtitle): string => `s${track.index}`;

/** With the cuts and numbers of the main rendition. */
export const subtitlePlaylist = (title: Title, renditions: readonly Rendition[]): string =>
  mediaPlaylist({
    isIndependent: true,
    targetDuration: targetDuration(renditions) + title.slack,
    type: 'VOD',
    isEnded: true,
    startsAt: null,
    initUri: null,
    segments: cutDurations(title).map((duration, n) => ({ duration, uri: `${n}.vtt` })),
  });

/**
 * The subtitles as a master playlist lists them. A player shows by itself only what is forced and meant for the sound
 * that it plays: many files flag their first subtitles as default that nobody asked for.
 */
export function subtitleMembers(title: Title, uriOf: (name: string) => string): SubtitleRendition[] {
  const names = uniqueNames(title.subtitles.map(({ track }) => nameOf(track)));
  const chosen = title.subtitles.find(
    ({ track }) => track.isForced && track.isDefault && isHeard(title, track),
  );
  return title.subtitles.map((subtitle, i) => {
    const { track } = subtitle;
    return {
      name: names[i] ?? subtitleName(subtitle),
      language: track.language,
      isDefault: subtitle === chosen,
      isForced: track.isForced,
      isForHearingImpaired: track.isForHearingImpaired,
      uri: uriOf(subtitleName(subtitle)),
    };
  });
}

const nameOf = (track: SubtitleTrack): string => {
  const name = displayName(track, 'Subtitles');
  return track.isForced && !track.name ? `${name} (forced)` : name;
};

/** In the language of the sound that is played first. */
function isHeard({ audio }: Title, { language }: SubtitleTrack): boolean {
  const first = audio.find(({ track }) => track.isDefault) ?? audio[0];
  return !first || first.track.language === language;
}
