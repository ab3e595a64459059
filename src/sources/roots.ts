import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { MediaError } from '../core/errors.ts';

/**
 * The real path of `root:<name>/<path>`, which lies inside the folder given for `name`, symbolic links included.
 * @param path relative, with slashes, not percent-encoded
 * @throws MediaError `bad-request` for a path that tries to leave, `not-found` for one that is not there or leads out
 */
export async function resolveRoot(
  roots: ReadonlyMap<string, string>,
  name: string,
  path: string,
): Promise<string> {
  const root = roots.get(name);
  if (root === undefined)
    throw new MediaError(
      'not-found',
      `There is no root "${name.slice(0, 80)}". Folders are given with --root name=folder`,
    );
  const parts = path.split(/[/\\]/);
  if (path.includes('\0') || isAbsolute(path) || parts[0] === '' || parts.includes('..'))
    throw new MediaError('bad-request', 'The path must lie inside its root: no "..", no leading slash');
  const realRoot = await real(root, name);
  const file = await real(resolve(realRoot, path), name);
  if (!isInside(realRoot, file)) throw missing(name); // as if it were not there: what lies outside is nobody's business
  return file;
}

function isInside(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function real(path: string, name: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    throw missing(name);
  }
}

const missing = (name: string): MediaError =>
  new MediaError('not-found', `There is no such file in root "${name}"`);
