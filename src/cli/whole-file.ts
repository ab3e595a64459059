import { type FileHandle, open, rename, rm } from 'node:fs/promises';

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
    write: (buffers) => writeAll(file, buffers),
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

/** Most buffers of one call: IOV_MAX of Linux. */
const AT_ONCE = 1024;

/** A write may take fewer bytes than it was given. */
async function writeAll(file: FileHandle, buffers: readonly Uint8Array[]): Promise<void> {
  let rest = buffers.filter(({ length }) => length > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest.slice(0, AT_ONCE));
    rest = behind(rest, bytesWritten);
  }
}

function behind(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  const rest: Uint8Array[] = [];
  for (const buffer of buffers) {
    if (left < buffer.length) rest.push(buffer.subarray(left));
    left = Math.max(0, left - buffer.length);
  }
  return rest;
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
