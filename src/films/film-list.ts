import { isHttpUrl } from '../core/url.ts';
import { headersBehind, parseChannelList } from '../proxy/channel-list.ts';
import type { ListedFilm } from './film.ts';

/** Films of a list, as many as the channels of one: nobody has so many, and each becomes files. */
export const MAX_FILMS = 20_000;
const MAX_LINE = 16 * 1024;

/**
 * Reads an M3U list, or lines with `URL` or `Title|URL` each, headers behind a bar in both (`URL|User-Agent=…`); empty
 * lines and those that begin with # say nothing. What is neither an http or https address nor `root:<name>/<path>` is
 * left out, and so is what is behind the 20 000th.
 */
export function parseFilmList(text: string): readonly ListedFilm[] {
  const plain = text.replace(/^\uFEFF/, '');
  return /^#EXT(?:M3U|INF)/m.test(plain) ? readM3u(plain) : readLines(plain);
}

/** What a channel without a name is called. */
const UNNAMED = /^Channel \d+$/;

const readM3u = (text: string): readonly ListedFilm[] =>
  parseChannelList(text, isAddress).map(({ url, headers, name, group, logo }) => ({
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

const isAddress = (url: string): boolean => /^root:(?!\.{1,2}\/)[^/]+\/./.test(url) || isHttpUrl(url);

/** Other bars are a title's own, or an address's: the title ends at the last one that an address follows. */
function readLine(line: string): ListedFilm | null {
  if (line === '' || line.startsWith('#')) return null;
  let bar = line.lastIndexOf('|');
  while (bar >= 0 && !BEGINNING.test(line.slice(bar + 1, bar + 1 + MAX_MARGIN)))
    bar = bar === 0 ? -1 : line.lastIndexOf('|', bar - 1);
  const { url, headers } = withHeaders(line.slice(bar + 1).trim());
  const title = line.slice(0, Math.max(0, bar)).trim();
  return isAddress(url) ? { url, headers, title, group: '', poster: '' } : null;
}

/** Spaces that stand between a bar and an address, and the address's beginning. */
const MAX_MARGIN = 64;
const BEGINNING = /^\s*(?:https?:\/\/|root:)/i;

/** A bar behind which no header stands belongs to the address. */
function withHeaders(text: string): Pick<ListedFilm, 'url' | 'headers'> {
  const bar = text.indexOf('|');
  const behind = text.slice(bar + 1);
  const hasHeaders = bar >= 0 && /^https?:/i.test(text) && /^[\w-]{1,64}=/.test(behind);
  return hasHeaders
    ? { url: text.slice(0, bar).trim(), headers: headersBehind(behind) }
    : { url: text, headers: {} };
}
