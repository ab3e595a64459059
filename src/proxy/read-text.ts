import { MediaError } from '../core/errors.ts';
import type { RelayedAnswer } from '../core/relay.ts';

/** Bytes of a playlist: a day of two-second segments with long addresses has 10 MB. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Some servers zip what is text, whatever they are asked for. */
export const isZipped = (answer: RelayedAnswer): boolean =>
  /^(x-)?gzip$|^deflate$/i.test(answer.header('content-encoding')?.trim() ?? '');

/**
 * A text that is passed on.
 * @param head what was read of it before
 * @throws MediaError `limit` for one that is too long
 */
export async function readText(answer: RelayedAnswer, head: Uint8Array | null): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (let chunk = head; chunk; chunk = await answer.next()) {
    parts.push(new Uint8Array(chunk));
    length += chunk.length;
    if (length > MAX_BYTES) throw tooLong(answer);
  }
  const blob = new Blob(parts);
  if (!isZipped(answer)) return new TextDecoder().decode(await blob.arrayBuffer());
  const isDeflate = /deflate/i.test(answer.header('content-encoding') ?? '');
  return unzipped(blob.stream().pipeThrough(new DecompressionStream(isDeflate ? 'deflate' : 'gzip')), answer);
}

/** What it unpacks to may be a thousand times as long. */
async function unzipped(stream: ReadableStream<Uint8Array>, answer: RelayedAnswer): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MAX_BYTES) throw tooLong(answer);
    }
  } catch (error) {
    if (error instanceof MediaError) throw error;
    throw new MediaError('upstream', 'The upstream sends a text that is not zipped as it says');
  }
  return text + decoder.decode();
}

function tooLong(answer: RelayedAnswer): MediaError {
  answer.close();
  return new MediaError('limit', `A text of more than ${MAX_BYTES} bytes`);
}
