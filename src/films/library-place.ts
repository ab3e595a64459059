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
  return films.map((film) => {
    const wanted = placeOf(film.release);
    let place = wanted;
    // Systems of files that take capitals for small letters would write over the other one.
    for (let n = 2; taken.has(place.toLowerCase()); n++) place = `${wanted} - ${n}`;
    taken.add(place.toLowerCase());
    return { film, place };
  });
}

function placeOf({ title, year, episode }: ReleaseName): string {
  const name = safeName(year === null ? title : `${title} (${year})`);
  if (!episode) return `${name}/${name}`;
  const numbers = episode.numbers.map((number) => `E${twoDigits(number)}`);
  const [first = '', ...more] = numbers;
  const last = more.at(-1);
  const code = `S${twoDigits(episode.season)}${first}${last === undefined ? '' : `-${last}`}`;
  return `${name}/Season ${twoDigits(episode.season)}/${name} ${code}`;
}

const twoDigits = (n: number): string => String(n).padStart(2, '0');
