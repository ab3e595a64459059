import { readFile, stat } from 'node:fs/promises';
import type { ShelvedRoot } from './films/shelf.ts';
import { listFolder } from './sources/folder-list.ts';
import { resolveRoot } from './sources/roots.ts';

/** Bytes of a description: those of large series have 100 kB. */
const MAX_TEXT = 1024 * 1024;

/** Entries of a folder: one of films has no more, but one of pictures may. */
const MAX_ENTRIES = 100_000;

/** A served folder whose films are looked for. */
export function shelvedRoot(roots: ReadonlyMap<string, string>, name: string): ShelvedRoot {
  return {
    name,
    list: (path) => listFolder(roots, name, path, MAX_ENTRIES),
    async readText(path) {
      try {
        const file = await resolveRoot(roots, name, path);
        const about = await stat(file);
        return about.isFile() && about.size <= MAX_TEXT ? await readFile(file, 'utf8') : null;
      } catch {
        return null;
      }
    },
  };
}
