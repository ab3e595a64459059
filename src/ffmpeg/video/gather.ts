import { concat } from '../../core/bytes.ts';
import { MediaError } from '../../core/errors.ts';
import { type ChildRun, runChild } from '../child.ts';

/**
 * All that a program gives.
 * @throws MediaError `not-offered` where it gives more than that many bytes, and as `runChild`
 */
export async function gather(run: ChildRun, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of runChild(run)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new MediaError('not-offered', 'FFmpeg writes without end');
    chunks.push(chunk);
  }
  return concat(chunks);
}
