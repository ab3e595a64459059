import { open, rename, rm } from 'node:fs/promises';
import { writeAll } from './write-all.ts';

/** A file that appears under its name when it is whole, and not at all otherwise. */
export interface WholeFile {
  /** Where it lies until then. */
  readonly partial: string;
  /** Appends; the buffers are not joined. */
  write(buffers: readonly Uint8Array[]): Promise<void>;
  /** Writes over what was written. */
  patch(position: number, bytes: Uint8Array): Promise<void>;
  /** Gives it its name. */
  finish(): Promise<void>;
  /** Removes it unless it was finished. */
  discard(): Promise<void>;
}

/** Written beside its place under a name of its own, which nothing else has. */
export async function createWholeFile(path: string): Promise<WholeFile> {
  const partial = `${path}.${process.pid}.part`;
  const file = await open(partial, 'w');
  let isOpen = true;
  const close = async () => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  return {
    partial,
    write: (buffers) => writeAll(file.fd, buffers),
    async patch(position, bytes) {
      for (let at = 0; at < bytes.length; )
        at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
    },
    async finish() {
      await close();
      await rename(partial, path);
    },
    async discard() {
      await close();
      await rm(partial, { force: true });
    },
  };
}

/** Writes a file whole or not at all; `chunks` are taken one by one. @returns bytes written */
export async function writeWholeFile(
  path: string,
  chunks: AsyncIterable<readonly Uint8Array[]> | Iterable<readonly Uint8Array[]>,
): Promise<number> {
  const file = await createWholeFile(path);
  let bytes = 0;
  try {
    for await (const buffers of chunks) {
      await file.write(buffers);
      bytes += buffers.reduce((sum, { length }) => sum + length, 0);
    }
    await file.finish();
    return bytes;
  } finally {
    await file.discard();
  }
}
