import { type FoundFile, isFilm } from './film.ts';

/** Of the folder that is looked at: a link back to a parent would have no end. */
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
}>;

export interface FoundFilm extends FoundFile {
  /** Paths of what may describe it, the nearest first. */
  readonly descriptions: readonly string[];
}

/** All films below a folder, in the order of their folders. */
export async function walkFolder(list: ListFolder, signal: AbortSignal): Promise<readonly FoundFilm[]> {
  const found: FoundFilm[] = [];
  const waiting: { readonly path: string; readonly above: readonly string[] }[] = [{ path: '', above: [] }];
  for (let i = 0; i < Math.min(waiting.length, MAX_FOLDERS) && found.length < MAX_FILES; i++) {
    signal.throwIfAborted();
    const { path, above } = waiting[i] ?? { path: '', above: [] };
    const { entries } = await list(path);
    const at = (name: string) => (path === '' ? name : `${path}/${name}`);
    const names = new Set(entries.map(({ name }) => name));
    const general = ['movie.nfo', 'tvshow.nfo'].filter((name) => names.has(name)).map(at);
    const films = entries.filter(({ name, isFolder }) => !isFolder && isFilm(name));
    for (const { name, size } of films) {
      const own = name.replace(/\.[^.]*$/, '.nfo');
      const beside = names.has(own) ? [at(own)] : [];
      found.push({ path: at(name), size, descriptions: [...beside, ...general, ...above] });
    }
    if (path.split('/').length > MAX_DEPTH) continue;
    const series = general.filter((name) => name.endsWith('tvshow.nfo'));
    for (const { name, isFolder } of entries)
      if (isFolder && !/^samples?$/i.test(name))
        waiting.push({ path: at(name), above: [...series, ...above].slice(0, 1) });
  }
  return found.slice(0, MAX_FILES);
}
