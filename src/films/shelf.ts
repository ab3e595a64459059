import { type Film, filmOfList, filmOfRoot } from './film.ts';
import { parseFilmList } from './film-list.ts';
import { imdbIn } from './release-name.ts';
import { type FoundFilm, type ListFolder, type Walked, walkFolder } from './walk.ts';

/** Films that somebody has: the same arrays again while nothing has changed. */
export interface ShelvedFilms {
  /** Of served folders. */
  readonly local: readonly Film[];
  readonly listed: readonly Film[];
}

export interface FilmShelf {
  /** @throws MediaError for a list that cannot be read */
  films(): Promise<ShelvedFilms>;
}

/** A folder whose films stand on the shelf. */
export interface ShelvedRoot {
  readonly name: string;
  readonly list: ListFolder;
  /** The text of a small file; null where it cannot be read. */
  readText(path: string): Promise<string | null>;
}

export interface ShelfParts {
  readonly roots: readonly ShelvedRoot[];
  /** The text of a list, and what changes with it; null where there is none. */
  readonly list: (() => Promise<{ readonly text: string; readonly version: string }>) | null;
  /** Milliseconds of a clock. */
  readonly now: () => number;
}

/** Milliseconds for which folders are believed to be as they were: a page of a catalogue is asked for by many requests. */
const FOLDER_AGE = 30_000;
/** For so long nobody waits for them to be read again, which takes its time on a machine in the network. */
const STALE_AGE = 10 * 60_000;

export function createFilmShelf({ roots, list, now }: ShelfParts): FilmShelf {
  let known = { at: Number.NEGATIVE_INFINITY, films: [] as readonly Film[] };
  let reading: Promise<readonly Film[]> | null = null;
  let listed = { version: '', films: [] as readonly Film[] };
  const read = async (): Promise<readonly Film[]> => {
    try {
      const at = now();
      const films = await readRoots(roots, new AbortController().signal);
      known = { at, films: areSame(films, known.films) ? known.films : films };
      return known.films;
    } finally {
      reading = null;
    }
  };
  const fromFolders = async (): Promise<readonly Film[]> => {
    const age = now() - known.at;
    if (age < FOLDER_AGE) return known.films;
    reading ??= read();
    if (age >= STALE_AGE) return reading;
    // Who waits for nothing is told of nothing: the next who asks meets the same fault.
    reading.catch(() => undefined);
    return known.films;
  };
  const fromList = async (): Promise<readonly Film[]> => {
    if (!list) return [];
    const { text, version } = await list();
    if (listed.version !== version) listed = { version, films: parseFilmList(text).map(filmOfList) };
    return listed.films;
  };
  return { films: async () => ({ local: await fromFolders(), listed: await fromList() }) };
}

/** All else of a film of a folder is told by its path. */
const areSame = (a: readonly Film[], b: readonly Film[]): boolean =>
  a.length === b.length &&
  a.every(({ url, size, release }, i) => {
    const other = b[i];
    return other?.url === url && other.size === size && other.release.imdb === release.imdb;
  });

/** A root that is away for a while does not take the others with it. */
async function readRoots(roots: readonly ShelvedRoot[], signal: AbortSignal): Promise<readonly Film[]> {
  const found: Film[] = [];
  for (const root of roots) {
    const { films } = await readFolder(root, '', signal).catch((): RootFilms => {
      signal.throwIfAborted();
      return { films: [], missed: [''] };
    });
    for (const film of films) found.push(film);
  }
  return found;
}

export interface RootFilms extends Pick<Walked, 'missed'> {
  readonly films: readonly Film[];
}

/**
 * Films of a root below one of its folders.
 * @param start the folder's path, with slashes; empty for the root
 * @throws what listing that folder does
 */
export async function readFolder(root: ShelvedRoot, start: string, signal: AbortSignal): Promise<RootFilms> {
  const { films: found, missed } = await walkFolder(root.list, start, signal);
  const ids = new Map<string, Promise<string | null>>();
  const films: Film[] = [];
  for (const film of found) films.push(await described(root, film, ids));
  return { films, missed };
}

/** With the id of IMDb that a description beside the file has. */
async function described(
  root: ShelvedRoot,
  found: FoundFilm,
  ids: Map<string, Promise<string | null>>,
): Promise<Film> {
  const film = filmOfRoot(root.name, found);
  if (film.release.imdb !== null) return film;
  const isEpisode = film.release.episode !== null;
  // What describes one episode has its own id, not the series'.
  const paths = found.descriptions.filter((path) => path.endsWith('tvshow.nfo') === isEpisode);
  for (const path of paths) {
    const known = ids.get(path) ?? root.readText(path).then((text) => imdbIn(text ?? ''));
    ids.set(path, known);
    const imdb = await known;
    if (imdb !== null) return { ...film, release: { ...film.release, imdb } };
  }
  return film;
}
