import { xmlText } from '../core/xml-text.ts';
import type { Film } from './film.ts';
import type { ReleaseName } from './release-name.ts';

/** A track as `<streamdetails>` has it. */
export type StreamDetails =
  | {
      readonly kind: 'video';
      readonly codec: string;
      readonly width: number;
      readonly height: number;
      readonly seconds: number;
    }
  | {
      readonly kind: 'audio';
      readonly codec: string;
      readonly language: string;
      readonly channels: number;
    }
  | { readonly kind: 'subtitle'; readonly language: string };

/**
 * What Kodi, Jellyfin and Emby read beside a film: `<movie>`, or an `<episodedetails>` for each episode of the file.
 * @param streams null where nobody looked
 */
export function nfoOf({ release, group }: Film, streams: readonly StreamDetails[] | null): string {
  const info = streams ? [fileInfo(streams)] : [];
  const roots = release.episode
    ? release.episode.numbers.map((number) =>
        element('episodedetails', [...episodeLines(release, number), ...info]),
      )
    : [element('movie', [...movieLines(release, group), ...info])];
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${roots.join('')}`;
}

const movieLines = ({ title, year, imdb }: ReleaseName, group: string): string[] => [
  line('title', title),
  ...(year === null ? [] : [line('year', year)]),
  ...(imdb === null ? [] : [`<uniqueid type="imdb" default="true">${escaped(imdb)}</uniqueid>\n`]),
  ...(group === '' ? [] : [line('tag', group)]),
];

/** No id: the one that is known is the series'. */
const episodeLines = ({ title, episode }: ReleaseName, number: number): string[] => [
  line('title', episode?.title || `Episode ${number}`),
  line('showtitle', title),
  line('season', episode?.season ?? 0),
  line('episode', number),
];

function fileInfo(streams: readonly StreamDetails[]): string {
  const details = streams.map((stream) =>
    stream.kind === 'video'
      ? element('video', [
          line('codec', stream.codec),
          line('width', stream.width),
          line('height', stream.height),
          line('durationinseconds', Math.round(stream.seconds)),
        ])
      : stream.kind === 'audio'
        ? element('audio', [
            line('codec', stream.codec),
            line('language', stream.language),
            line('channels', stream.channels),
          ])
        : element('subtitle', [line('language', stream.language)]),
  );
  return element('fileinfo', [element('streamdetails', details)]);
}

const element = (name: string, children: readonly string[]): string =>
  `<${name}>\n${children.join('').replaceAll(/^(?=.)/gm, '  ')}</${name}>\n`;

const line = (name: string, value: string | number): string =>
  `<${name}>${escaped(String(value))}</${name}>\n`;

/** One line. */
const escaped = (text: string): string => xmlText(text.replaceAll(/\p{Cc}/gu, ' '));
