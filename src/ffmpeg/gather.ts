import { concat } from '../core/bytes.ts';
import { MediaError } from '../core/errors.ts';

/**
 * All that a program gives.
 * @throws MediaError `not-offered` where it gives more than that many bytes; what `chunks` throws
 */
export async function gather(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new MediaError('not-offered', 'FFmpeg writes without end');
    all.push(chunk);
  }
  return concat(all);
}

/** Bytes of a list or a description: the longest lists have 100 000, files of hundreds of streams more. */
const MAX_TEXT = 1 << 20;

/** The same as text. @throws as `gather` */
export const gatherText = async (chunks: AsyncIterable<Uint8Array>): Promise<string> =>
  new TextDecoder().decode(await gather(chunks, MAX_TEXT));
