import type { IncomingMessage, ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { concat } from '../core/bytes.ts';
import type { AppEnv, SendChunks } from './deps.ts';

/**
 * Writes lists of buffers straight to Node's response: no web stream, no joining. Waits when the client does, so
 * that its speed is the upstream's.
 */
export const sendChunksOnNode: SendChunks = async (c, { status = 200, headers, chunks, onBroken }) => {
  const { outgoing } = c.env as { outgoing: ServerResponse };
  outgoing.writeHead(status, headers);
  const promise = new LengthPromise(headers);
  try {
    for await (const buffers of chunks) {
      if (outgoing.destroyed) break;
      promise.count(buffers);
      if (!writeAll(outgoing, buffers)) await drained(outgoing);
    }
    if (!outgoing.destroyed) promise.end();
    outgoing.end();
  } catch (error) {
    // The status is gone: what is left is to break the transfer, so that nobody takes it for whole.
    onBroken(error);
    outgoing.destroy();
  }
  return RESPONSE_ALREADY_SENT;
};

/**
 * Bytes that were announced. What is behind them on the connection would be taken for the next answer, and a proxy would
 * give it to somebody else; where some are missing the next answer would be taken for them.
 */
class LengthPromise {
  readonly #length: number | null;
  #sent = 0;

  constructor(headers: Readonly<Record<string, string>>) {
    const name = Object.keys(headers).find((one) => one.toLowerCase() === 'content-length');
    this.#length = name === undefined ? null : Number(headers[name]);
  }

  /** @throws Error for more than was announced */
  count(buffers: readonly Uint8Array[]): void {
    for (const { length } of buffers) this.#sent += length;
    if (this.#length !== null && this.#sent > this.#length) throw this.#broken();
  }

  /** @throws Error for less */
  end(): void {
    if (this.#length !== null && this.#sent !== this.#length) throw this.#broken();
  }

  #broken(): Error {
    return new Error(`${this.#length} bytes were announced, and there are ${this.#sent} or more`);
  }
}

/** The address that the request came from. */
export const clientOnNode = (c: Context<AppEnv>): string =>
  (c.env as { readonly incoming?: IncomingMessage } | undefined)?.incoming?.socket.remoteAddress ?? '';

/** Several buffers as one write to the socket. Gives false when the client is behind. */
function writeAll(outgoing: ServerResponse, buffers: readonly Uint8Array[]): boolean {
  outgoing.cork();
  let isReady = true;
  for (const buffer of withSmallJoined(buffers)) isReady = outgoing.write(buffer);
  outgoing.uncork();
  return isReady;
}

/** A write costs as much as the copy of so many bytes. */
const SMALL = 8192;

/** Frames of sound, which lie behind each other by the dozen, are one buffer. */
function* withSmallJoined(buffers: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  for (const buffer of buffers) {
    if (buffer.length < SMALL) small.push(buffer);
    else {
      if (small.length > 0) yield joined(small);
      small = [];
      yield buffer;
    }
  }
  if (small.length > 0) yield joined(small);
}

const joined = (buffers: readonly Uint8Array[]): Uint8Array =>
  buffers.length === 1 && buffers[0] ? buffers[0] : concat(buffers);

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('drain', done);
      outgoing.off('close', done);
      resolve();
    };
    outgoing.on('drain', done);
    outgoing.on('close', done);
    if (outgoing.destroyed) done();
  });
}
