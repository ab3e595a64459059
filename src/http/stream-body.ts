import { concat } from '../core/bytes.ts';
import type { SendChunks } from './deps.ts';

/**
 * The body as a web stream, for platforms that have nothing below it: the next list is made when the client has
 * taken the last one.
 */
export const sendChunksAsStream: SendChunks = async (_, { status = 200, headers, chunks, onBroken }) =>
  new Response(streamOf(chunks, onBroken), { status, headers });

function streamOf(
  chunks: AsyncIterable<readonly Uint8Array[]>,
  onBroken: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const lists = chunks[Symbol.asyncIterator]();
  let isLeft = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await lists.next();
          if (isLeft) return;
          if (done) controller.close();
          // A stream of bytes would take the buffers away from the cache that they are views of.
          else for (const buffer of joined(value)) controller.enqueue(buffer);
        } catch (error) {
          if (isLeft) return;
          // The status is gone: what is left is to break the transfer, so that nobody takes it for whole.
          onBroken(error);
          controller.error(error);
        }
      },
      async cancel() {
        isLeft = true;
        await lists.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Buffers smaller than this are joined: each one that is passed on costs as much as copying some hundred kilobytes. */
const SMALL = 64 * 1024;
/** Bytes that are joined at most. */
const JOINED = 256 * 1024;

/** The same bytes in fewer buffers; large ones stay as they are. */
function* joined(buffers: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let length = 0;
  for (const buffer of buffers) {
    if (small.length > 0 && (buffer.length >= SMALL || length + buffer.length > JOINED)) {
      yield concat(small);
      small = [];
      length = 0;
    }
    if (buffer.length >= SMALL) yield buffer;
    else {
      small.push(buffer);
      length += buffer.length;
    }
  }
  if (small.length > 0) yield concat(small);
}
