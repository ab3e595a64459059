import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Source } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';

/** One buffer; the pieces read into it are views that follow each other in memory. */
const BUFFER = 1024 * 1024;
/** One positional read: the first bytes are there soon, and the thread pool is asked a few times per MB only. */
const PIECE = 256 * 1024;

interface Version {
  readonly size: number;
  readonly modified: number;
}

export interface LocalFileSource extends Source {
  /** Whether the file is still the one of the first read; true before that. */
  isCurrent(): Promise<boolean>;
}

/**
 * A file on this machine. It is opened by the first read and closed after each one, so nothing has to be closed.
 * Reads throw MediaError `not-found`, or `changed` when it is no longer the file of the first read.
 */
export function localFileSource(path: string): LocalFileSource {
  let first: Version | null = null;

  async function openChecked(): Promise<FileHandle> {
    try {
      if (!(await stat(path)).isFile()) throw new MediaError('not-found', 'That is not a file'); // opening a FIFO waits
      const file = await open(path, 'r');
      return await checked(file);
    } catch (error) {
      throw error instanceof MediaError ? error : notFound(error);
    }
  }

  async function checked(file: FileHandle): Promise<FileHandle> {
    try {
      const { size, mtimeMs } = await file.stat();
      first ??= { size, modified: mtimeMs };
      if (first.size !== size || first.modified !== mtimeMs)
        throw new MediaError('changed', 'The file has changed since it was opened. Open it again');
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  return {
    get size() {
      return first?.size ?? null;
    },
    async isCurrent() {
      const now = await stat(path).catch(() => null);
      return first === null || (now?.size === first.size && now.mtimeMs === first.modified);
    },
    async *read(range, signal) {
      signal.throwIfAborted();
      const file = await openChecked();
      try {
        let position = range.start;
        const end = Math.min(range.end, first?.size ?? 0);
        while (position < end) {
          const buffer = new Uint8Array(Math.min(BUFFER, end - position));
          for (let at = 0; at < buffer.length; ) {
            signal.throwIfAborted();
            const length = Math.min(PIECE, buffer.length - at);
            const { bytesRead } = await file.read(buffer, at, length, position);
            if (bytesRead === 0)
              throw new MediaError('changed', 'The file has become shorter. Open it again');
            signal.throwIfAborted();
            yield buffer.subarray(at, at + bytesRead);
            at += bytesRead;
            position += bytesRead;
          }
        }
      } finally {
        await file.close();
      }
    },
  };
}

function notFound(error: unknown): MediaError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return new MediaError('not-found', `The file cannot be opened (${code})`, { cause: error });
}
