import { type FileHandle, open } from 'node:fs/promises';
import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Share } from './quota.ts';

/**
 * Writes a file that is not there yet, for its owner alone, and waits until it is on the disk. Gives its length.
 * @throws MediaError `limit` when its share or the disk is full, and those of the chunks
 */
export async function writeFile(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  share: Share,
): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  try {
    let bytes = 0;
    for await (const list of gathered(chunks)) {
      bytes += lengthOf(list);
      share.grow(bytes);
      await writeAll(file, list);
    }
    await file.sync();
    return bytes;
  } catch (error) {
    throw isDiskFull(error)
      ? new MediaError('limit', 'The disk for uploads is full', { cause: error })
      : error;
  } finally {
    await file.close();
  }
}

const lengthOf = (list: readonly Uint8Array[]): number => list.reduce((sum, { length }) => sum + length, 0);

/** Chunks in lists that are worth a write. */
async function* gathered(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array[]> {
  let list: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    list.push(chunk);
    bytes += chunk.length;
    if (bytes < LIMITS.uploadWrite) continue;
    yield list;
    list = [];
    bytes = 0;
  }
  if (bytes > 0) yield list;
}

/** A write may take less than all: on a full disk, or when a signal comes. */
async function writeAll(file: FileHandle, list: readonly Uint8Array[]): Promise<void> {
  let rest = list;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest);
    rest = behind(rest, bytesWritten);
  }
}

function behind(list: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  return list.flatMap((chunk) => {
    const passed = Math.min(left, chunk.length);
    left -= passed;
    return passed < chunk.length ? [chunk.subarray(passed)] : [];
  });
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
