import { MediaError } from '../../core/errors.ts';
import { checkLimit, PLAYLIST_LIMITS } from './playlist-limits.ts';

/** One line, without its end. */
export interface PlaylistLine {
  readonly text: string;
  /** `#EXT-X-KEY`; `URI_LINE`; empty for comments and blank lines. Names are case-sensitive: RFC 8216, 4.1. */
  readonly name: string;
}

/** Name of the lines that are an address themselves. */
export const URI_LINE = 'URI';

export const HEADER = '#EXTM3U';

export function lineOf(text: string): PlaylistLine {
  const trimmed = text.trimStart();
  if (trimmed === '') return { text, name: '' };
  if (!trimmed.startsWith('#')) return { text, name: URI_LINE };
  return { text, name: /^#EXT[^\s:]*/.exec(trimmed)?.[0] ?? '' };
}

/** What stands behind the colon of a tag. */
export const tagValue = ({ text }: PlaylistLine): string => text.slice(text.indexOf(':') + 1).trim();

/**
 * Lines from `#EXTM3U` on. A lone CR ends a line as well: some players take it for an end, and what follows it must
 * not reach them unseen.
 * @throws MediaError `upstream` for what is no playlist, `limit`
 */
export function splitLines(text: string): readonly PlaylistLine[] {
  checkLimit('text', text.length);
  const start = withoutBlank(text);
  if (!start.startsWith(HEADER))
    throw new MediaError('upstream', 'The upstream answered no HLS playlist: it does not begin with #EXTM3U');
  const lines = start.split(/\r\n?|\n/, PLAYLIST_LIMITS.lines + 2);
  if (lines.at(-1) === '') lines.pop();
  checkLimit('lines', lines.length);
  for (const line of lines) checkLimit('line', line.length);
  return lines.map(lineOf);
}

/** trimStart takes the byte order mark as well. */
export const withoutBlank = (text: string): string => text.trimStart();
