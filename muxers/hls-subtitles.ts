import { attributes, quoted } from './attribute-list.ts';

/** One EXT-X-MEDIA of type SUBTITLES; all are of one group, which every variant has. */
export interface SubtitleRendition {
  readonly name: string;
  /** BCP 47. */
  readonly language: string;
  readonly isDefault: boolean;
  readonly isForced: boolean;
  /** It tells sounds as well. */
  readonly isForHearingImpaired: boolean;
  readonly uri: string;
}

/** Quoted, as it stands in playlists. */
export const SUBTITLE_GROUP = '"subs"';

/** What Apple calls subtitles for people who do not hear. */
const FOR_HEARING_IMPAIRED =
  '"public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"';

export const subtitleTag = (rendition: SubtitleRendition): string =>
  `#EXT-X-MEDIA:${attributes([
    ['TYPE', 'SUBTITLES'],
    ['GROUP-ID', SUBTITLE_GROUP],
    ['NAME', quoted(rendition.name)],
    ['LANGUAGE', quoted(rendition.language)],
    ['DEFAULT', rendition.isDefault ? 'YES' : 'NO'],
    ['AUTOSELECT', 'YES'],
    ['FORCED', rendition.isForced ? 'YES' : null],
    ['CHARACTERISTICS', rendition.isForHearingImpaired ? FOR_HEARING_IMPAIRED : null],
    ['URI', quoted(rendition.uri)],
  ])}`;
