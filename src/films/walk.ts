import { type FoundFile, isFilm } from './film.ts';

/** Of the folder that is looked at: what lies deeper is no collection of films. */
const MAX_DEPTH = 12;
const MAX_FOLDERS = 20_000;
const MAX_FILES = 50_000;

/** What lies in a folder, by its path with slashes; empty for the root. */
export type ListFolder = (path: string) => Promise<{
  readonly entries: readonly {
    readonly name: string;
    readonly isFolder: boolean;
    readonly size: number | null;
  }[];
  /** There is more than is listed. */
  readonly isCut: boolean;
  readonly hasUnreadable: boolean;
  /** Where it lies, links followed. */
  readonly real: string;
}>;

export interface FoundFilm extends FoundFile {
  /** Paths of what may describe it, the nearest first. */
  readonly descriptions: readonly string[];
}

export interface Walked {
  readonly films: readonly FoundFilm[];
  /** Folders that were not read to their end, for whatever reason: there may be more films in them. */
  readonly missed: readonly string[];
}

interface Waiting {
  readonly path: string;
  readonly depth: number;
  /** Descriptions of the series that it may be of, the nearest first. */
  readonly above: readonly string[];
}

/**
 * All films below a folder, in the order of their folders. Where several links lead to one folder it is looked at once;
 * one that cannot be read is left out.
 * @param start path of the folder, with slashes; empty for the root
 * @throws what `list` does, for `start` only
 */
export async function walkFolder(list: ListFolder, start: string, signal: AbortSignal): Promise<Walked> {
  const films: FoundFilm[] = [];
  const missed: string[] = [];
  const seen = new Set<string>();
  const waiting: Waiting[] = [{ path: start, depth: 0, above: start === '' ? [] : descriptionsAbove(start) }];
  // More of them are added meanwhile.
  for (const folder of waiting) {
    signal.throwIfAborted();
    const isTooMuch = films.length >= MAX_FILES || seen.size >= MAX_FOLDERS || folder.depth > MAX_DEPTH;
    const listing = isTooMuch ? null : await listed(list, folder);
    if (!listing || listing.isCut || listing.hasUnreadable) missed.push(folder.path);
    if (!listing || seen.has(listing.real)) continue;
    seen.add(listing.real);
    const general = generalDescriptions(listing, folder.path);
    for (const film of filmsIn(listing, general, folder)) films.push(film);
    for (const below of foldersIn(listing, general, folder)) waiting.push(below);
  }
  return { films, missed };
}

type Listing = Awaited<ReturnType<ListFolder>>;

/** Null for one that cannot be read; the one that was asked for is another matter. */
async function listed(list: ListFolder, { path, depth }: Waiting): Promise<Listing | null> {
  try {
    return await list(path);
  } catch (error) {
    if (depth === 0) throw error;
    return null;
  }
}

/** Where a series is described that the folder may be a part of; nobody looked whether it is. */
const descriptionsAbove = (path: string): readonly string[] =>
  path
    .split('/')
    .map((_, i, parts) => [...parts.slice(0, i), 'tvshow.nfo'].join('/'))
    .toReversed();

const within = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

function generalDescriptions({ entries }: Listing, path: string): readonly string[] {
  const names = new Set(entries.map(({ name }) => name));
  return ['movie.nfo', 'tvshow.nfo'].filter((name) => names.has(name)).map((name) => within(path, name));
}

function filmsIn(
  { entries }: Listing,
  general: readonly string[],
  { path, above }: Waiting,
): readonly FoundFilm[] {
  const names = new Set(entries.map(({ name }) => name));
  const films = entries.filter(({ name, isFolder }) => !isFolder && isFilm(name));
  return films.map(({ name, size }) => {
    const own = name.replace(/\.[^.]*$/, '.nfo');
    const beside = names.has(own) ? [within(path, own)] : [];
    return { path: within(path, name), size, descriptions: [...beside, ...general, ...above] };
  });
}

/** Folders of excerpts, and those that systems keep for themselves, which mostly cannot be read. */
const OTHERS = /^(?:samples?|lost\+found|system volume information|\$recycle\.bin|#recycle|@eadir)$/i;

function foldersIn(
  { entries }: Listing,
  general: readonly string[],
  { path, depth, above }: Waiting,
): readonly Waiting[] {
  const series = general.filter((name) => name.endsWith('tvshow.nfo'));
  const folders = entries.filter(({ name, isFolder }) => isFolder && !OTHERS.test(name));
  return folders.map(({ name }) => ({
    path: within(path, name),
    depth: depth + 1,
    above: series.length > 0 ? series : above,
  }));
}
