import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { MediaError } from '../core/errors.ts';
import { filmOfList } from '../films/film.ts';
import { MAX_FILMS, parseFilmList } from '../films/film-list.ts';
import { type RootFilms, readFolder } from '../films/shelf.ts';
import { shelvedRoot } from '../shelved-root.ts';

/** Bytes of a list: the largest on offer have 30 MB. */
const MAX_LIST = 64 * 1024 * 1024;

type Roots = ReadonlyMap<string, string>;

/**
 * The films of a folder that lies in one of the roots, or of a list; `-` is a list from standard input. With what was
 * not read to its end.
 * @throws MediaError `not-found`, and `bad-request` for what the server does not serve
 */
export async function filmsOf(target: string, roots: Roots, signal: AbortSignal): Promise<RootFilms> {
  if (target === '-') return listedFilms(await readInput(process.stdin), roots);
  const about = await stat(target).catch(() => null);
  if (!about) throw new MediaError('not-found', `There is no folder or list ${target}`);
  if (about.isDirectory()) return folderFilms(target, roots, signal);
  if (about.size > MAX_LIST) throw new MediaError('limit', `${target} has more than ${MAX_LIST} bytes`);
  return listedFilms(await readFile(target, 'utf8'), roots);
}

async function folderFilms(folder: string, roots: Roots, signal: AbortSignal): Promise<RootFilms> {
  const { name, path } = await rootOf(folder, roots);
  const { films, missed } = await readFolder(shelvedRoot(roots, name), path, signal);
  return { films, missed: missed.map((way) => `root:${name}/${way}`) };
}

/** The root that holds a folder, and the way from there, with slashes. */
async function rootOf(
  folder: string,
  roots: Roots,
): Promise<{ readonly name: string; readonly path: string }> {
  const real = await realpath(folder);
  for (const [name, root] of roots) {
    const way = relative(await realpath(root).catch(() => root), real);
    const isInside = way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
    if (isInside) return { name, path: way.split(sep).join('/') };
  }
  const example = `--root films=${/\s/.test(real) ? `"${real}"` : real}`;
  throw new MediaError(
    'bad-request',
    `${folder} lies in no folder that the server serves: add ${example}, here and to sluice serve`,
  );
}

function listedFilms(text: string, roots: Roots): RootFilms {
  const films = parseFilmList(text).map(filmOfList);
  const names = films.flatMap(({ url }) => /^root:([^/]+)/.exec(url)?.[1] ?? []);
  const unknown = names.find((name) => !roots.has(name));
  if (unknown !== undefined)
    throw new MediaError(
      'bad-request',
      `The list names root:${unknown}/…: add --root ${unknown}=FOLDER, here and to sluice serve`,
    );
  return { films, missed: films.length < MAX_FILMS ? [] : ['what the list has more'] };
}

async function readInput(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_LIST) throw new MediaError('limit', `The list has more than ${MAX_LIST} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
