import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the upstream saw of one request. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly range: string | undefined;
  /** When the connection it came over was closed (performance.now()), null while it is open. */
  closedAt: number | null;
  /** Bytes of its body so far, where the handler counts them. */
  sent: number;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, seen: SeenRequest) => void;

export interface Upstream {
  readonly url: string;
  readonly port: number;
  readonly requests: SeenRequest[];
  /** TCP connections accepted so far. */
  connections(): number;
  /** The Range headers in order of arrival. */
  ranges(): (string | undefined)[];
  /** Replaces how requests are answered from now on. */
  answer(handler: Handler): void;
  close(): Promise<void>;
}

/** An HTTP server on 127.0.0.1 that notes what is asked of it. */
export async function startUpstream(handler: Handler): Promise<Upstream> {
  const requests: SeenRequest[] = [];
  const served = new Map<Socket, SeenRequest[]>();
  let accepted = 0;
  let current = handler;
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    const seen: SeenRequest = { method, path, headers, range: headers.range, closedAt: null, sent: 0 };
    requests.push(seen);
    served.get(request.socket)?.push(seen);
    current(request, response, seen);
  });
  server.on('connection', (socket) => {
    accepted++;
    served.set(socket, []);
    socket.on('close', () => {
      for (const seen of served.get(socket) ?? []) seen.closedAt = performance.now();
      served.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => accepted,
    ranges: () => requests.map((request) => request.range),
    answer(next) {
      current = next;
    },
    async close() {
      for (const socket of served.keys()) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface FileOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** How Content-Range writes the total. */
  readonly total?: 'known' | '*';
}

/** The half-open range that a Range header asks for, clipped to `size`; null without one, `beyond` for a 416. */
export function askedRange(header: string | undefined, size: number) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size : Math.min(size, Number(match[2]) + 1);
  return start < end ? { start, end } : 'beyond';
}

/** Answers byte ranges of `bytes` as a static file server does. */
export function file(bytes: Uint8Array, { headers = {}, total = 'known' }: FileOptions = {}): Handler {
  return (request, response) => {
    const range = askedRange(request.headers.range, bytes.length);
    const size = total === 'known' ? String(bytes.length) : '*';
    if (range === 'beyond') {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: bytes.length };
    const part = range ? { 'content-range': `bytes ${start}-${end - 1}/${size}` } : {};
    response.writeHead(range ? 206 : 200, { 'content-length': String(end - start), ...part, ...headers });
    response.end(bytes.subarray(start, end));
  };
}

/** As `file`, but the connection is cut after `length` bytes of each body. */
export function cutAfter(
  bytes: Uint8Array,
  length: number,
  headers: Readonly<Record<string, string>> = {},
): Handler {
  return (request, response) => {
    const range = askedRange(request.headers.range, bytes.length);
    if (range === null || range === 'beyond') throw new Error('A range was expected');
    const { start, end } = range;
    response.writeHead(206, {
      'content-length': String(end - start),
      'content-range': `bytes ${start}-${end - 1}/${bytes.length}`,
      ...headers,
    });
    const part = bytes.subarray(start, Math.min(end, start + length));
    if (part.length === end - start) response.end(part);
    else response.write(part, () => setTimeout(() => response.destroy(), 5));
  };
}

/** Bytes that tell their place: no two stretches of more than a few bytes are equal. */
export function patternBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** As `file`, but each connection brings at most `rate` bytes a second; nothing is sent ahead of that. */
export const paced = (bytes: Uint8Array, rate: number): Handler => pacing(bytes, () => rate);

/** As `file`, but all its connections together bring at most `rate` bytes a second. */
export const sharedLine = (bytes: Uint8Array, rate: number): Handler =>
  pacing(bytes, (connections) => rate / connections);

function pacing(bytes: Uint8Array, rateOf: (connections: number) => number): Handler {
  let connections = 0;
  return (request, response, seen) => {
    const range = askedRange(request.headers.range, bytes.length);
    if (range === null || range === 'beyond') throw new Error('A range was expected');
    const { start, end } = range;
    response.writeHead(206, {
      'content-length': String(end - start),
      'content-range': `bytes ${start}-${end - 1}/${bytes.length}`,
      etag: '"paced"',
    });
    connections++;
    let position = start;
    let due = start;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      due += ((now - last) / 1000) * rateOf(connections);
      last = now;
      const next = Math.min(end, Math.floor(due));
      if (next > position) response.write(bytes.subarray(position, next));
      seen.sent += next - position;
      position = next;
      if (position === end) response.end();
    }, 10);
    response.on('close', () => {
      clearInterval(timer);
      connections--;
    });
  };
}

/** Answers the requests by these handlers in turn, the last one for all that follow. */
export function inTurn(...handlers: Handler[]): Handler {
  let turn = 0;
  return (request, response, seen) =>
    handlers[Math.min(turn++, handlers.length - 1)]?.(request, response, seen);
}

/** Answers the requests by these handlers in turn, over and over. */
export function endlessly(...handlers: Handler[]): Handler {
  let turn = 0;
  return (request, response, seen) => handlers[turn++ % handlers.length]?.(request, response, seen);
}

/** As `file`, but each body stops after `length` bytes while the connection stays open. */
export function stallAfter(
  bytes: Uint8Array,
  length: number,
  headers: Readonly<Record<string, string>> = {},
): Handler {
  return (request, response) => {
    const range = askedRange(request.headers.range, bytes.length);
    if (range === null || range === 'beyond') throw new Error('A range was expected');
    const { start, end } = range;
    const content = { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` };
    response.writeHead(206, { 'content-length': String(end - start), ...content, ...headers });
    response.write(bytes.subarray(start, Math.min(end, start + length)));
    if (end - start <= length) response.end();
  };
}

/** As `file`, but its Content-Range tells another place. */
export function misplaced(bytes: Uint8Array, by: number): Handler {
  return (request, response) => {
    const range = askedRange(request.headers.range, bytes.length);
    if (range === null || range === 'beyond') throw new Error('A range was expected');
    const { start, end } = range;
    const content = { 'content-range': `bytes ${start + by}-${end - 1 + by}/${bytes.length + by}` };
    response.writeHead(206, content).end(bytes.subarray(start, end));
  };
}

/** Redirects to links that are each good for `uses` answers of `handler`, then 403. */
export function expiring(handler: Handler, uses: number): Handler {
  const left = new Map<string, number>();
  return (request, response, seen) => {
    const { url = '' } = request;
    if (!url.includes('?link=')) {
      const link = `${url}?link=${left.size}`;
      left.set(link, uses);
      response.writeHead(302, { location: link }).end();
      return;
    }
    const rest = left.get(url) ?? 0;
    left.set(url, rest - 1);
    if (rest > 0) handler(request, response, seen);
    else response.writeHead(403).end();
  };
}
