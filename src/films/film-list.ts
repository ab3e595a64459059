import { isUrl } from '../core/url.ts';
import { parseChannelList } from '../proxy/channel-list.ts';
import type { ListedFilm } from './film.ts';

/** Films of a list: nobody has so many, and each becomes files. */
const MAX_FILMS = 20_000;
const MAX_LINE = 16 * 1024;

/**
 * Reads an M3U list, or lines with `URL` or `Title|URL` each; empty lines and those that begin with # say nothing. What
 * is neither an http or https address nor `root:<name>/<path>` is left out.
 */
export function parseFilmList(text: string): readonly ListedFilm[] {
  const plain = text.replace(/^\uFEFF/, '');
  return /^#EXT(?:M3U|INF)/m.test(plain) ? readM3u(plain) : readLines(plain);
}

/** What a channel without a name is called. */
const UNNAMED = /^Channel \d+$/;

const readM3u = (text: string): readonly ListedFilm[] =>
  parseChannelList(text).map(({ url, headers, name, group, logo }) => ({
    url,
    headers,
    title: UNNAMED.test(name) ? '' : name,
    group,
    poster: logo,
  }));

function readLines(text: string): readonly ListedFilm[] {
  const films: ListedFilm[] = [];
  for (const line of text.split(/\r?\n|\r/)) {
    const film = readLine(line.slice(0, MAX_LINE).trim());
    if (film) films.push(film);
    if (films.length === MAX_FILMS) break;
  }
  return films;
}

/** A bar within an address is its own: the title ends at the last one that an address follows. */
function readLine(line: string): ListedFilm | null {
  if (line === '' || line.startsWith('#')) return null;
  const [, title = '', url = ''] = /^(?:(.*?)\s*\|\s*)?((?:https?:\/\/|root:).*)$/i.exec(line) ?? [];
  const isReadable = /^root:(?!\.{1,2}\/)[^/]+\/./.test(url) || (/^https?:/i.test(url) && isUrl(url));
  return isReadable ? { url, headers: {}, title: title.trim(), group: '', poster: '' } : null;
}
