import { readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
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
  /** Something is there of which nobody can tell what it is: the disk fails, or it may not be read. */
  readonly hasUnreadable: boolean;
  /** Where it lies, links followed. */
  readonly real: string;
}

/** A page of more is none that anybody reads. */
const MAX_ENTRIES = 5000;

/**
 * What lies in a folder of `root:<name>/<path>`: no hidden files, no symbolic links that lead out of the root.
 * @param path relative, with slashes; empty for the root itself
 * @param most entries that are listed
 * @throws MediaError as `resolveRoot`, and `not-found` for what is no folder
 */
export async function listFolder(
  roots: ReadonlyMap<string, string>,
  name: string,
  path: string,
  most = MAX_ENTRIES,
): Promise<FolderList> {
  const root = path === '' ? roots.get(name) : undefined;
  const folder =
    root === undefined ? await resolveRoot(roots, name, path) : await realpath(root).catch(missing);
  const found = await readdir(folder, { withFileTypes: true }).catch(missing);
  const shown = found.filter((entry) => !entry.name.startsWith('.'));
  const top = await realpath(roots.get(name) ?? folder);
  const seen = await Promise.all(
    shown.slice(0, most).map((entry) => look(join(folder, entry.name), entry.name, top)),
  );
  return {
    entries: seen.filter((entry) => entry !== null && entry !== 'unreadable').sort(byKindAndName),
    isCut: shown.length > most,
    hasUnreadable: seen.includes('unreadable'),
    real: folder,
  };
}

const missing = (): never => {
  throw new MediaError('not-found', 'There is no such folder');
};

/** Null for what is neither file nor folder, is not there, or lies outside of `top`. */
async function look(path: string, name: string, top: string): Promise<FolderEntry | 'unreadable' | null> {
  try {
    const real = await realpath(path);
    const way = relative(top, real);
    if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return null;
    const about = await stat(real);
    if (about.isDirectory()) return { name, isFolder: true, size: null };
    return about.isFile() ? { name, isFolder: false, size: about.size } : null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return GONE.has(code) ? null : 'unreadable';
  }
}

/** What leads nowhere, or was removed meanwhile. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const byKindAndName = (a: FolderEntry, b: FolderEntry): number =>
  Number(b.isFolder) - Number(a.isFolder) || collator.compare(a.name, b.name);
