import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { MediaError } from '../core/errors.ts';

/** The demo is always there under this name. */
const DEMO = 'demo';

/** What separates the parts of `root:<name>/<path>`, and of a list of roots. */
const MARKS = /[/\\:,=]/g;

/**
 * Each folder under its own name; a second one of a name gets a number.
 * @param taken names that are given away
 * @throws MediaError `bad-request` for what is no folder
 */
export async function servedFolders(
  folders: readonly string[],
  taken: Iterable<string>,
): Promise<ReadonlyMap<string, string>> {
  const names = new Set([DEMO, ...taken]);
  const roots = new Map<string, string>();
  for (const folder of folders) {
    const path = resolve(folder);
    if (!(await isFolder(path))) throw new MediaError('bad-request', `There is no folder ${folder}`);
    const name = basename(path).replaceAll(MARKS, '_') || 'files';
    let unique = name;
    for (let i = 2; names.has(unique); i++) unique = `${name}-${i}`;
    names.add(unique);
    roots.set(unique, path);
  }
  return roots;
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => null))?.isDirectory() ?? false;
