import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIMITS } from '../core/limits.ts';

export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/**
 * Answers a request; where its body was not read to its end, closes the connection behind it. What its sender has under
 * way is read and dropped before: a closed socket that gets bytes tells the sender so, and takes the answer from it.
 * @param isAwaited the sender waits for leave to send (RFC 9110, 10.1.1), which it is not given
 */
export async function answerUnread(
  { incoming, outgoing }: Exchange,
  response: Response,
  isAwaited: boolean,
): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const isRead = incoming.readableEnded;
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'content-length': body.length,
    ...(isRead ? {} : { connection: 'close' }),
  });
  outgoing.write(body);
  if (!isRead && !isAwaited) await dropRest(incoming);
  outgoing.end();
}

function dropRest(incoming: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let dropped = 0;
    const done = () => {
      clearTimeout(timer);
      incoming.off('data', onData).off('end', done).off('close', done).off('error', done);
      resolve();
    };
    const onData = (chunk: Buffer) => {
      dropped += chunk.length;
      if (dropped > LIMITS.uploadDrop) done();
    };
    const timer = setTimeout(done, LIMITS.uploadDropTime);
    incoming.on('data', onData).on('end', done).on('close', done).on('error', done);
    if (incoming.destroyed) done();
    else incoming.resume();
  });
}
