import { readFile, stat } from 'node:fs/promises';
import { MediaError } from '../core/errors.ts';

/** Bytes of a list: the largest on offer have 30 MB. */
const MAX_LIST = 64 * 1024 * 1024;

/** The text of a list of channels; read again when its file has changed. */
export interface ChannelFile {
  /** @throws MediaError `not-found` for a file that cannot be read */
  read(): Promise<{ readonly text: string; readonly version: string }>;
}

/** @param what the list is called in messages */
export function openChannelFile(path: string, what = 'list of channels'): ChannelFile {
  let known: { text: string; version: string } | null = null;
  return {
    async read() {
      try {
        const { mtimeMs, size } = await stat(path);
        const version = `${mtimeMs}-${size}`;
        if (size > MAX_LIST) throw new MediaError('limit', `The ${what} has more than ${MAX_LIST} bytes`);
        if (known?.version !== version) known = { text: await readFile(path, 'utf8'), version };
        return known;
      } catch (error) {
        if (error instanceof MediaError) throw error;
        throw new MediaError('not-found', `The ${what} cannot be read`);
      }
    },
  };
}
