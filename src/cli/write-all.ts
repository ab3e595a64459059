import { writev } from 'node:fs';
import { promisify } from 'node:util';

const writeSome = promisify(writev);

/** Most buffers of one call: IOV_MAX of Linux. */
const AT_ONCE = 1024;
/** Milliseconds after which a pipe that was full is tried again. */
const PATIENCE = 5;

/**
 * Writes buffers behind each other where the descriptor stands; they are not joined. A write may take fewer bytes than
 * it was given, and a pipe that does not wait none at all.
 */
export async function writeAll(descriptor: number, buffers: readonly Uint8Array[]): Promise<void> {
  let rest: readonly Uint8Array[] = buffers.filter(({ length }) => length > 0);
  while (rest.length > 0) rest = behind(rest, await write(descriptor, rest.slice(0, AT_ONCE)));
}

async function write(descriptor: number, buffers: Uint8Array[]): Promise<number> {
  try {
    return (await writeSome(descriptor, buffers)).bytesWritten;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') throw error;
    await new Promise((resolve) => setTimeout(resolve, PATIENCE));
    return 0;
  }
}

function behind(buffers: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  const rest: Uint8Array[] = [];
  for (const buffer of buffers) {
    if (left < buffer.length) rest.push(buffer.subarray(left));
    left = Math.max(0, left - buffer.length);
  }
  return rest;
}
