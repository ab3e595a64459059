import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Source } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';

/** One buffer, not cleared before it is read into: its first pages would be touched twice. */
const BUFFER = 1024 * 1024;
/** What is read first, so that the first bytes are there soon. */
const FIRST = 256 * 1024;

interface Version {
  readonly size: number;
  readonly modified: number;
}

export interface LocalFileSource extends Source {
  /** Whether the file is still the one of the first read; true before that. */
  isCurrent(): Promise<boolean>;
  /** When it was written last, in milliseconds since 1970; null before the first read. */
  readonly modified: number | null;
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

  /** What was written over while it was read is two files in one; one that only grew has its beginning still. */
  async function requireSame(file: FileHandle): Promise<void> {
    const { size, mtimeMs } = await file.stat();
    if (first === null || size > first.size) return;
    if (size === first.size && mtimeMs === first.modified) return;
    throw new MediaError('changed', 'The file was written over while it was read. Open it again');
  }

  return {
    get size() {
      return first?.size ?? null;
    },
    get modified() {
      return first?.modified ?? null;
    },
    async isCurrent() {
      const now = await stat(path).catch(() => null);
      return first === null || (now?.size === first.size && now.mtimeMs === first.modified);
    },
    async *read(range, signal) {
      signal.throwIfAborted();
      const file = await openChecked();
      try {
        const end = Math.min(range.end, first?.size ?? 0);
        let length = FIRST;
        for (let position = range.start; position < end; length = BUFFER) {
          signal.throwIfAborted();
          const buffer = Buffer.allocUnsafeSlow(Math.min(length, end - position));
          const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
          if (bytesRead === 0) throw new MediaError('changed', 'The file has become shorter. Open it again');
          signal.throwIfAborted();
          position += bytesRead;
          if (position >= end) await requireSame(file);
          yield new Uint8Array(buffer.buffer, 0, bytesRead);
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
