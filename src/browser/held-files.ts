import { MediaError } from '../core/errors.ts';
import { askPages } from './ask-pages.ts';
import type { Clients } from './worker-scope.ts';

/** Files by id. The worker forgets them when it is stopped: the pages that were given them have them still. */
export interface HeldFiles {
  hold(id: string, file: File): void;
  /** @throws MediaError `not-found` when no open page has it */
  find(id: string): Promise<File>;
}

/** Each is no more than a handle, but nobody watches so many films at once. */
const MAX_HELD = 64;

export function createHeldFiles(clients: Clients): HeldFiles {
  const held = new Map<string, File>();
  const hold = (id: string, file: File) => {
    held.delete(id);
    held.set(id, file);
    for (const oldest of held.keys()) if (held.size > MAX_HELD) held.delete(oldest);
  };
  return {
    hold,
    async find(id) {
      const file = held.get(id) ?? (await askPages<File>(clients, { kind: 'file', id }));
      if (!file)
        throw new MediaError(
          'not-found',
          'The page that this file was given to is closed. Choose the file again',
        );
      hold(id, file);
      return file;
    },
  };
}
