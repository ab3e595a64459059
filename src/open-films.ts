import { openChannelFile } from './channels/channel-file.ts';
import type { Config } from './config.ts';
import { createFilmShelf, type FilmShelf } from './films/shelf.ts';
import { shelvedRoot } from './shelved-root.ts';

/** Films of the served folders and of a list; null where there are neither. */
export function openFilms({ roots, filmList }: Config): FilmShelf | null {
  if (roots.size === 0 && filmList === null) return null;
  const file = filmList === null ? null : openChannelFile(filmList, 'list of films');
  return createFilmShelf({
    roots: [...roots.keys()].map((name) => shelvedRoot(roots, name)),
    list: file && (() => file.read()),
    now: Date.now,
  });
}
