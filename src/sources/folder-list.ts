import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { MediaError } from '../core/errors.ts';
import { resolveRoot } from './roots.ts';

/** A file or a folder within a served folder. */
export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
  /** Bytes of a file; null for a folder. */
  readonly size: number | null;
}

export interface FolderList {
  /** Folders first, each kind by name as people sort. */
  readonly entries: readonly FolderEntry[];
  /** There are more than are listed. */
  readonly isCut: boolean;
}

/** A page of more is none that anybody reads. */
const MAX_ENTRIES = 5000;

/**
 * What lies in a folder of `root:<name>/<path>`: no hidden files, no symbolic links that lead out of the root.
 * @param path relative, with slashes; empty for the root itself
 * @throws MediaError as `resolveRoot`, and `not-found` for what is no folder
 */
export async function listFolder(
  roots: ReadonlyMap<string, string>,
  name: string,
  path: string,
): Promise<FolderList> {
  const root = path === '' ? roots.get(name) : undefined;
  const folder =
    root === undefined ? await resolveRoot(roots, name, path) : await realpath(root).catch(missing);
  const found = await readdir(folder, { withFileTypes: true }).catch(missing);
  const shown = found.filter((entry) => !entry.name.startsWith('.'));
  const top = await realpath(roots.get(name) ?? folder);
  const entries = await Promise.all(
    shown.slice(0, MAX_ENTRIES).map((entry) => look(join(folder, entry.name), entry.name, top)),
  );
  return {
    entries: entries.filter((entry) => entry !== null).sort(byKindAndName),
    isCut: shown.length > MAX_ENTRIES,
  };
}

const missing = (): never => {
  throw new MediaError('not-found', 'There is no such folder');
};

/** Null for what is neither file nor folder, is not there, or lies outside of `top`. */
async function look(path: string, name: string, top: string): Promise<FolderEntry | null> {
  try {
    const real = await realpath(path);
    const way = relative(top, real);
    if (way === '..' || way.startsWith(`..${sep}`)) return null;
    const about = await stat(real);
    if (about.isDirectory()) return { name, isFolder: true, size: null };
    return about.isFile() ? { name, isFolder: false, size: about.size } : null;
  } catch {
    return null;
  }
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const byKindAndName = (a: FolderEntry, b: FolderEntry): number =>
  Number(b.isFolder) - Number(a.isFolder) || collator.compare(a.name, b.name);
