import type { SendChunks } from './deps.ts';

/**
 * The body as a web stream, for platforms that have nothing below it: the next list is made when the client has
 * taken the last one.
 */
export const sendChunksAsStream: SendChunks = async (_, { headers, chunks, onBroken }) =>
  new Response(streamOf(chunks, onBroken), { status: 200, headers });

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
          else for (const buffer of value) controller.enqueue(buffer);
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
