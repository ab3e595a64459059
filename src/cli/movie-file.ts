import { openFaststart } from '../pipeline/faststart.ts';
import type { TitleFile } from '../pipeline/movie/movie.ts';
import { localFileSource } from '../sources/local-file.ts';
import { createWholeFile, writeWholeFile } from './whole-file.ts';

/**
 * Writes a movie whole or not at all, its movie box in front. Where there was too little room for that it is copied
 * once more.
 * @param chunks those of the movie, perhaps counted
 * @returns bytes written
 */
export async function writeMovieFile(
  path: string,
  movie: Pick<TitleFile, 'ending'>,
  chunks: AsyncIterable<readonly Uint8Array[]>,
  signal: AbortSignal,
): Promise<number> {
  const file = await createWholeFile(path);
  let bytes = 0;
  try {
    for await (const buffers of chunks) {
      await file.write(buffers);
      for (const { length } of buffers) bytes += length;
    }
    const { patches, isFront } = movie.ending();
    for (const { position, bytes: patch } of patches) await file.patch(position, patch);
    if (!isFront) return await copyFront(file.partial, path, signal);
    await file.finish();
    return bytes;
  } finally {
    await file.discard();
  }
}

async function copyFront(from: string, to: string, signal: AbortSignal): Promise<number> {
  const file = await openFaststart(localFileSource(from), signal);
  const lists = async function* () {
    for await (const chunk of file.read({ start: 0, end: file.size }, signal)) yield [chunk];
  };
  return writeWholeFile(to, lists());
}
