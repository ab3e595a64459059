import type { Writable } from 'node:stream';

/** Writes text to standard output and waits where its reader is behind. */
export const print = (text: string): Promise<void> =>
  writeTo(process.stdout, [new TextEncoder().encode(text)]);

/** Writes buffers that are never joined; waits where the reader is behind. Rejects when the stream fails. */
export async function writeTo(stream: Writable, buffers: readonly Uint8Array[]): Promise<void> {
  stream.cork();
  let isReady = true;
  for (const buffer of buffers) isReady = stream.write(buffer);
  stream.uncork();
  if (!isReady) await drained(stream);
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => {
      stream.off('drain', onDrain);
      stream.off('error', onError);
      done();
    };
    const onDrain = () => settle(resolve);
    const onError = (error: Error) => settle(() => reject(error));
    stream.once('drain', onDrain);
    stream.once('error', onError);
  });
}

/** One line about the work, not its result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Columns that are as wide as their widest cell, two spaces between them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
