import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export const BOUNDARY = 'a-boundary';

export type Body = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly method?: string;
}

/** An answer as it comes over a socket that goes on sending. */
export interface Exchange {
  readonly socket: Socket;
  /** Status and header lines. */
  head(): Promise<string>;
  /** In the place of `head`: it, and the body once as much of it is here as `Content-Length` tells, or the connection is closed. */
  answer(): Promise<{ readonly status: number; readonly head: string; readonly body: Buffer }>;
  /** Bytes of the body that the socket took, its own buffer included. */
  sent(): number;
  /** Resolves when all is sent, or the connection is closed. */
  readonly done: Promise<void>;
}

/**
 * Sends a body, one piece at a time as the server takes them, until it is at its end or the server closes: in chunks, or
 * as it is where a `Content-Length` is given.
 */
export async function sendBody(url: string, path: string, options: SendOptions = {}): Promise<Exchange> {
  const { host, hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const { method = 'POST', body = [], headers = {} } = options;
  const isChunked = !('Content-Length' in headers);
  const framing = isChunked ? { 'Transfer-Encoding': 'chunked' } : {};
  const lines = Object.entries({ Host: host, ...framing, ...headers });
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n`);
  const received = new Received(socket);
  let sent = 0;
  const send = async () => {
    for await (const piece of body) {
      const bytes = Buffer.from(piece);
      if (socket.destroyed || socket.writableEnded) return;
      sent += bytes.length;
      if (isChunked) socket.write(`${bytes.length.toString(16)}\r\n`);
      const isTaken = socket.write(bytes);
      if (isChunked) socket.write('\r\n');
      if (!isTaken) await drained(socket);
    }
    if (isChunked && !socket.destroyed) socket.write('0\r\n\r\n');
  };
  return {
    socket,
    head: () => received.head(),
    answer: () => received.answer(),
    sent: () => sent,
    done: send(),
  };
}

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
    if (socket.destroyed) done();
  });

class Received {
  readonly #parts: Buffer[] = [];
  #length = 0;
  #isClosed = false;
  #look: () => void = () => undefined;

  constructor(socket: Socket) {
    socket.on('close', () => {
      this.#isClosed = true;
      this.#look();
    });
    socket.on('data', (chunk: Buffer) => {
      this.#parts.push(chunk);
      this.#length += chunk.length;
      this.#look();
    });
  }

  async head(): Promise<string> {
    await this.#until(() => this.#joined().includes('\r\n\r\n'));
    return this.#joined().subarray(0, this.#joined().indexOf('\r\n\r\n')).toString();
  }

  async answer() {
    const head = await this.head();
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? Number.POSITIVE_INFINITY);
    const start = head.length + 4;
    await this.#until(() => this.#length >= start + length);
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
    return { status, head, body: this.#joined().subarray(start) };
  }

  #joined(): Buffer {
    const bytes = Buffer.concat(this.#parts);
    this.#parts.splice(0, this.#parts.length, bytes);
    return bytes;
  }

  #until(isThere: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (!this.#isClosed && !isThere()) return;
        this.#look = () => undefined;
        resolve();
      };
      this.#look();
    });
  }
}

export const formType = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };

/** Head of a part, behind its boundary. */
export const partHead = (disposition: string, ...lines: readonly string[]): string =>
  `--${BOUNDARY}\r\n${[`Content-Disposition: form-data; ${disposition}`, ...lines].join('\r\n')}\r\n\r\n`;

export const FILE = 'name="file"; filename="film.mkv"';

/** A form with one file, as a browser sends it. */
export function* formOf(file: Iterable<Uint8Array>, disposition = FILE): Generator<Uint8Array | string> {
  yield partHead(disposition);
  yield* file;
  yield `\r\n--${BOUNDARY}--\r\n`;
}

export function* inPieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** As many bytes as no limit lets through: 256 MB. */
export function* endlessBytes(): Generator<Uint8Array> {
  const piece = new Uint8Array(65_536).fill(7);
  for (let i = 0; i < 4096; i++) yield piece;
}

/** The same again and again, up to 256 MB: more than any limit lets through. */
export function* endless(text: string): Generator<string> {
  const piece = text.repeat(Math.ceil(65_536 / text.length));
  for (let sent = 0; sent < 2 ** 28; sent += piece.length) yield piece;
}
