import { MediaError } from '../core/errors.ts';
import type { RelayedAnswer } from '../core/relay.ts';
import { isZipped } from './read-text.ts';

/** Characters of one line: addresses with tokens have a few thousand. */
const MAX_LINE = 64 * 1024;

/** A text of any length that is passed on, as it comes. The transfer is over when its reader is. */
export async function* relayedText(answer: RelayedAnswer): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of isZipped(answer) ? unzipped(answer) : bytesOf(answer))
      yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } finally {
    answer.close();
  }
}

async function* bytesOf(answer: RelayedAnswer): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let chunk = await answer.next(); chunk; chunk = await answer.next()) yield new Uint8Array(chunk);
}

async function* unzipped(answer: RelayedAnswer): AsyncGenerator<Uint8Array> {
  const isDeflate = /deflate/i.test(answer.header('content-encoding') ?? '');
  const bytes = bytesOf(answer);
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await bytes.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  try {
    yield* stream.pipeThrough(new DecompressionStream(isDeflate ? 'deflate' : 'gzip'));
  } catch (error) {
    if (error instanceof MediaError) throw error;
    throw new MediaError('upstream', 'The upstream sends a text that is not zipped as it says');
  }
}

/** Its lines, without their ends. @throws MediaError `limit` for one that is too long */
export async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const part of text) {
    rest += part;
    // A line in tiny pieces is not looked through again at each of them.
    const lines = part.includes('\n') ? rest.split(/\r\n|\n/) : [rest];
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) throw new MediaError('limit', 'The upstream sends a line without an end');
    if (lines.length > 0) yield lines;
  }
  if (rest !== '') yield [rest];
}
