import type { Film } from './film.ts';
import type { ReleaseName } from './release-name.ts';
import { safeName } from './safe-name.ts';

/** A film and where media servers look for it: a path with slashes, without an ending. */
export interface PlacedFilm {
  readonly film: Film;
  readonly place: string;
}

/**
 * `Film (2010)/Film (2010)` and `Series (2010)/Season 01/Series (2010) S01E02`, as Jellyfin, Emby, Plex and Kodi have it.
 * Another one of the same name is another version: `Film (2010)/Film (2010) - 2`.
 */
export function placeFilms(films: readonly Film[]): readonly PlacedFilm[] {
  const taken = new Set<string>();
  /** What was tried last for a place, so that thousands of one name are not tried from the first on. */
  const numbers = new Map<string, number>();
  const spelt = new Map<string, string>();
  return films.map((film) => {
    const wanted = placeOf(film.release, spelt);
    let place = wanted;
    let n = numbers.get(folded(wanted)) ?? 1;
    while (taken.has(folded(place))) place = `${wanted} - ${++n}`;
    numbers.set(folded(wanted), n);
    taken.add(folded(place));
    return { film, place };
  });
}

/** Systems of files that take capitals for small letters would write over the other one. */
const folded = (text: string): string => text.toLowerCase();

/** @param spelt how series are written: as the first file has it, so that each is in one folder */
function placeOf({ title, year, episode }: ReleaseName, spelt: Map<string, string>): string {
  const own = safeName(title, year === null ? '' : ` (${year})`);
  if (!episode) return `${own}/${own}`;
  const name = spelt.get(folded(own)) ?? own;
  spelt.set(folded(own), name);
  const numbers = episode.numbers.map((number) => `E${twoDigits(number)}`);
  const [first = '', ...more] = numbers;
  const last = more.at(-1);
  const code = `S${twoDigits(episode.season)}${first}${last === undefined ? '' : `-${last}`}`;
  return `${name}/Season ${twoDigits(episode.season)}/${name} ${code}`;
}

const twoDigits = (n: number): string => String(n).padStart(2, '0');
