import { attributes, quoted } from './attribute-list.ts';
import { SUBTITLE_GROUP, type SubtitleRendition, subtitleTag } from './hls-subtitles.ts';

/** One EXT-X-MEDIA of type AUDIO: RFC 8216, 4.3.4.1. */
export interface AudioRendition {
  readonly groupId: string;
  readonly name: string;
  /** BCP 47. */
  readonly language: string;
  readonly isDefault: boolean;
  readonly channels: string;
  readonly uri: string;
}

/** One EXT-X-STREAM-INF: RFC 8216, 4.3.4.2. */
export interface Variant {
  /** Bits a second. */
  readonly bandwidth: number;
  readonly averageBandwidth: number;
  readonly codecs: readonly string[];
  readonly video: {
    readonly width: number;
    readonly height: number;
    /** Pictures a second. */
    readonly frameRate: number;
    readonly range: 'SDR' | 'PQ' | 'HLG';
    /** Of a player that knows more than CODECS asks: `dvh1.08.07/db4h`; null without. */
    readonly supplementalCodec: string | null;
  } | null;
  readonly audioGroup: string | null;
  readonly uri: string;
}

export interface MultivariantPlaylist {
  /** Whether every segment can be decoded by itself. */
  readonly isIndependent: boolean;
  readonly audio: readonly AudioRendition[];
  readonly subtitles: readonly SubtitleRendition[];
  readonly variants: readonly Variant[];
}

export interface MediaPlaylist {
  readonly isIndependent: boolean;
  /** Seconds. */
  readonly targetDuration: number;
  /** EVENT: may grow until it is ended. */
  readonly type: 'VOD' | 'EVENT';
  /** False: more segments come, and a list with the next one can be waited for (RFC 8216bis, 4.4.3.8). */
  readonly isEnded: boolean;
  /** Seconds where players shall begin (RFC 8216, 4.3.5.2); null leaves it to them. */
  readonly startsAt: number | null;
  /** Null for segments that need none. */
  readonly initUri: string | null;
  /** Microseconds. */
  readonly segments: readonly { readonly duration: number; readonly uri: string }[];
}

/** fMP4 segments with EXT-X-MAP: RFC 8216, 7; 7 is what every player of fMP4 understands. */
const VERSION = 7;

/** The exact type that Apple's validator asks for, without charset. */
export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';

export function multivariantPlaylist(playlist: MultivariantPlaylist): string {
  return lines([
    ...header(playlist.isIndependent),
    ...playlist.audio.map(mediaTag),
    ...playlist.subtitles.map(subtitleTag),
    ...playlist.variants.flatMap((variant) => [
      streamTag(variant) + (playlist.subtitles.length > 0 ? `,SUBTITLES=${SUBTITLE_GROUP}` : ''),
      variant.uri,
    ]),
  ]);
}

export function mediaPlaylist(playlist: MediaPlaylist): string {
  return lines([
    ...header(playlist.isIndependent),
    `#EXT-X-TARGETDURATION:${playlist.targetDuration}`,
    ...(playlist.isEnded ? [] : ['#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES']),
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${playlist.type}`,
    ...(playlist.startsAt === null ? [] : [`#EXT-X-START:TIME-OFFSET=${playlist.startsAt}`]),
    ...(playlist.initUri === null ? [] : [`#EXT-X-MAP:URI=${quoted(playlist.initUri)}`]),
    ...playlist.segments.flatMap(({ duration, uri }) => [
      `#EXTINF:${(duration / 1_000_000).toFixed(6)},`,
      uri,
    ]),
    ...(playlist.isEnded ? ['#EXT-X-ENDLIST'] : []),
  ]);
}

const header = (isIndependent: boolean): string[] => [
  '#EXTM3U',
  `#EXT-X-VERSION:${VERSION}`,
  ...(isIndependent ? ['#EXT-X-INDEPENDENT-SEGMENTS'] : []),
];

const lines = (list: readonly string[]): string => `${list.join('\n')}\n`;

const mediaTag = (rendition: AudioRendition): string =>
  `#EXT-X-MEDIA:${attributes([
    ['TYPE', 'AUDIO'],
    ['GROUP-ID', quoted(rendition.groupId)],
    ['NAME', quoted(rendition.name)],
    ['LANGUAGE', quoted(rendition.language)],
    ['DEFAULT', rendition.isDefault ? 'YES' : 'NO'],
    ['AUTOSELECT', 'YES'],
    ['CHANNELS', quoted(rendition.channels)],
    ['URI', quoted(rendition.uri)],
  ])}`;

const streamTag = ({ video, ...variant }: Variant): string =>
  `#EXT-X-STREAM-INF:${attributes([
    ['BANDWIDTH', String(variant.bandwidth)],
    ['AVERAGE-BANDWIDTH', String(variant.averageBandwidth)],
    ['CODECS', quoted(variant.codecs.join(','))],
    ['SUPPLEMENTAL-CODECS', video?.supplementalCodec ? quoted(video.supplementalCodec) : null],
    ['RESOLUTION', video && `${video.width}x${video.height}`],
    ['FRAME-RATE', video?.frameRate.toFixed(3) ?? null],
    ['VIDEO-RANGE', video?.range ?? null],
    ['AUDIO', variant.audioGroup === null ? null : quoted(variant.audioGroup)],
  ])}`;
