import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.ts';

/** A proxy on 127.0.0.1 that notes what it is asked for. Every name leads to this machine. */
export interface TestProxy {
  readonly port: number;
  /** What was asked for, in order: `CONNECT host:port`, `GET http://…`, `socks name host:port`, `socks address …`. */
  readonly asked: readonly string[];
  /** The headers of HTTP requests, one text each. */
  readonly heads: readonly string[];
  connections(): number;
  close(): Promise<void>;
}

export interface ProxyOptions {
  /** `user:password` that it wants. */
  readonly credentials?: string;
  /** Speaks TLS with its clients. */
  readonly tls?: true;
  /** Status of a CONNECT, or reply of SOCKS, in place of a tunnel. */
  readonly refusal?: number;
  /** What it says at once, whatever it is asked, if anything; then nothing more. */
  readonly nonsense?: string;
}

interface Notes {
  readonly asked: string[];
  readonly heads: string[];
}

/** CONNECT, and requests in absolute form. */
export const startHttpProxy = (options: ProxyOptions = {}): Promise<TestProxy> =>
  startProxy(options, (socket, notes) => speakHttp(socket, notes, options));

/** SOCKS 5, with user and password where it wants them. */
export const startSocksProxy = (options: ProxyOptions = {}): Promise<TestProxy> =>
  startProxy(options, (socket, notes) => speakSocks(socket, notes, options));

async function startProxy(
  { tls, nonsense }: ProxyOptions,
  speak: (socket: Socket, notes: Notes) => Promise<void>,
): Promise<TestProxy> {
  const notes: Notes = { asked: [], heads: [] };
  const sockets = new Set<Socket>();
  let connections = 0;
  const onSocket = (socket: Socket) => {
    connections++;
    sockets.add(socket.setNoDelay());
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    if (nonsense !== undefined) socket.write(nonsense);
    else speak(socket, notes).catch(() => socket.destroy());
  };
  const server: Server = tls
    ? createTlsServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, onSocket)
    : createServer(onSocket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    ...notes,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function speakHttp(socket: Socket, notes: Notes, options: ProxyOptions): Promise<void> {
  const head = await headOf(socket);
  const [method = '', target = ''] = head.split(' ', 2);
  notes.asked.push(`${method} ${target}`);
  notes.heads.push(head);
  const { credentials, refusal } = options;
  const wanted = credentials && `basic ${Buffer.from(credentials).toString('base64')}`.toLowerCase();
  if (wanted && !head.toLowerCase().includes(`proxy-authorization: ${wanted}\r\n`))
    return answer(socket, 'HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n');
  if (refusal !== undefined) return answer(socket, `HTTP/1.1 ${refusal} No\r\nContent-Length: 0\r\n\r\n`);
  const url = new URL(method === 'CONNECT' ? `http://${target}/` : target);
  const upstream = connect(Number(url.port) || 80, '127.0.0.1');
  if (method === 'CONNECT') socket.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n');
  else
    upstream.write(
      head.replace(target, url.pathname + url.search).replace(/proxy-authorization:.*\r\n/i, ''),
    );
  join(socket, upstream);
}

function answer(socket: Socket, text: string): void {
  socket.end(text);
}

async function speakSocks(
  socket: Socket,
  notes: Notes,
  { credentials, refusal }: ProxyOptions,
): Promise<void> {
  const [, count = 0] = await take(socket, 2);
  const methods = await take(socket, count);
  const method = credentials ? 2 : 0;
  if (!methods.includes(method)) return void socket.end(Buffer.from([5, 255]));
  socket.write(Buffer.from([5, method]));
  if (credentials) {
    await take(socket, 1);
    const given = `${await takeCounted(socket)}:${await takeCounted(socket)}`;
    socket.write(Buffer.from([1, given === credentials ? 0 : 1]));
    if (given !== credentials) return void socket.end();
  }
  const [, , , type] = await take(socket, 4);
  const kind = type === 3 ? 'name' : 'address';
  const host =
    type === 3 ? await takeCounted(socket) : [...(await take(socket, type === 4 ? 16 : 4))].join('.');
  const port = (await take(socket, 2)).readUInt16BE();
  notes.asked.push(`socks ${kind} ${host}:${port}`);
  if (refusal !== undefined) return void socket.end(Buffer.from([5, refusal, 0, 1, 0, 0, 0, 0, 0, 0]));
  const upstream = connect(port, '127.0.0.1');
  await once(upstream, 'connect');
  // Its own address as a name, in two pieces: clients must not count on a length.
  socket.write(Buffer.from([5, 0, 0, 3, 5]));
  socket.write(Buffer.from('proxy\x00\x01'));
  join(socket, upstream);
}

function join(a: Socket, b: Socket): void {
  a.pipe(b).pipe(a);
  a.on('close', () => b.destroy());
  b.on('close', () => a.destroy()).on('error', () => a.destroy());
}

/** Up to the blank line; what follows stays to be read. */
async function headOf(socket: Socket): Promise<string> {
  let head = '';
  while (!head.endsWith('\r\n\r\n')) head += (await take(socket, 1)).toString('latin1');
  return head;
}

const takeCounted = async (socket: Socket): Promise<string> => {
  const [length = 0] = await take(socket, 1);
  return length === 0 ? '' : (await take(socket, length)).toString();
};

async function take(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(length);
    if (bytes) return bytes;
    if (socket.readableEnded || socket.destroyed) throw new Error('The client left');
    await once(socket, 'readable');
  }
}
