import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** The environment's PATH, and the ending that programs have on this system. */
export interface SearchPath {
  readonly path: string;
  readonly ending: '' | '.exe';
}

/** Where the program lies: a path as it is, or a name looked for as a shell would; null where there is none. */
export async function findProgram(name: string, { path, ending }: SearchPath): Promise<string | null> {
  const isPath = isAbsolute(name) || name.includes('/');
  const places = isPath
    ? [name]
    : path
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, name + ending));
  for (const place of places) if (await isProgram(place)) return place;
  return null;
}

const isProgram = (place: string): Promise<boolean> =>
  access(place, constants.X_OK).then(
    () => true,
    () => false,
  );
