import { Buffer } from 'node:buffer';
import { isIPv4, isIPv6, type Socket } from 'node:net';
import type { UpstreamProxy } from '../core/upstreams.ts';
import { connectionError } from './http-transport.ts';

/** The far end of a tunnel. */
export interface Endpoint {
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** As the URL writes both: for messages. */
  readonly shown: string;
}

/** An answer of a proxy is short; this is a head with every header line that servers accept. */
const MAX_ANSWER = 16 * 1024;

/**
 * Asks a proxy on a fresh connection for a way to another host: what the socket carries afterwards is that host's.
 * @throws MediaError `upstream` when it refuses
 */
export const shakeHands = (socket: Socket, proxy: UpstreamProxy, target: Endpoint): Promise<void> =>
  proxy.kind === 'http' || proxy.kind === 'https'
    ? connectByHttp(socket, proxy, target)
    : connectBySocks(socket, proxy, target);

/** CONNECT: RFC 9110, 9.3.6. */
async function connectByHttp(socket: Socket, proxy: UpstreamProxy, target: Endpoint): Promise<void> {
  const { host, port, shown } = target;
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const authorization = proxyAuthorization(proxy);
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    ...(authorization === null ? [] : [`Proxy-Authorization: ${authorization}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const head = await readAnswer(socket, shown, (bytes) => {
    const end = bytes.indexOf('\r\n\r\n');
    return end < 0 ? null : end + 4;
  });
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1'))?.[1]);
  if (Number.isNaN(status)) throw lasting(shown, 'the proxy does not speak HTTP');
  if (status === 407) throw refusedCredentials(shown);
  if (status >= 500) throw connectionError(shown, `the proxy found no way (${status})`);
  if (status < 200 || status >= 300) throw lasting(shown, `the proxy refused the way (${status})`);
}

/** Value of a Proxy-Authorization header; null without credentials. RFC 7617, UTF-8. */
export const proxyAuthorization = ({ credentials }: UpstreamProxy): string | null =>
  credentials && `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;

/** Addresses of a SOCKS request: their type and how many bytes they have. RFC 1928, 5. */
const V4 = 1;
const NAME = 3;
const V6 = 4;

/** Methods of authentication. RFC 1928, 3. */
const OPEN = 0;
const PASSWORD = 2;

/** SOCKS 5: RFC 1928, with user and password by RFC 1929. */
async function connectBySocks(
  socket: Socket,
  { credentials }: UpstreamProxy,
  target: Endpoint,
): Promise<void> {
  const { shown } = target;
  const methods = credentials ? [OPEN, PASSWORD] : [OPEN];
  socket.write(Buffer.from([5, methods.length, ...methods]));
  const [version, method] = await readAnswer(socket, shown, atLeast(2));
  if (version !== 5) throw lasting(shown, 'the proxy does not speak SOCKS 5');
  if (method === PASSWORD && credentials) {
    socket.write(Buffer.concat([Buffer.from([1]), counted(credentials.user), counted(credentials.password)]));
    const [, status] = await readAnswer(socket, shown, atLeast(2));
    if (status !== 0) throw refusedCredentials(shown);
  } else if (method !== OPEN) throw refusedCredentials(shown);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), socksAddress(target)]));
  const [, reply = 1] = await readAnswer(socket, shown, socksReplyLength);
  if (reply === 0) return;
  const { text, isLasting } = SOCKS_REPLIES[reply] ?? { text: `reply ${reply}`, isLasting: true };
  const error = isLasting ? lasting : connectionError;
  throw error(shown, `the proxy found no way (${text})`);
}

/** RFC 1928, 6. */
const SOCKS_REPLIES: Readonly<Record<number, { readonly text: string; readonly isLasting: boolean }>> = {
  1: { text: 'general failure', isLasting: false },
  2: { text: 'not allowed by its rules', isLasting: true },
  3: { text: 'network unreachable', isLasting: false },
  4: { text: 'host unreachable', isLasting: false },
  5: { text: 'connection refused', isLasting: false },
  6: { text: 'time to live expired', isLasting: false },
  7: { text: 'command not supported', isLasting: true },
  8: { text: 'type of address not supported', isLasting: true },
};

function socksAddress({ host, port }: Endpoint): Buffer {
  const end = Buffer.from([port >> 8, port & 0xff]);
  if (isIPv4(host)) return Buffer.concat([Buffer.from([V4, ...host.split('.').map(Number)]), end]);
  if (isIPv6(host)) return Buffer.concat([Buffer.from([V6, ...v6Bytes(host)]), end]);
  return Buffer.concat([Buffer.from([NAME]), counted(host), end]);
}

/** The URL parser writes any IPv6 address in groups, with one gap at most. */
function v6Bytes(text: string): number[] {
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const after = groups(tail ?? '');
  const gap = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...gap, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}

/** A length of one byte, then the text. */
function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Null while the bytes do not tell yet. */
function socksReplyLength(bytes: Buffer): number | null {
  const [, , , type, first] = bytes;
  if (bytes.length >= 2 && bytes[1] !== 0) return bytes.length; // some send no address with a refusal
  if (type === undefined || first === undefined) return null;
  const length = 6 + (type === V4 ? 4 : type === V6 ? 16 : 1 + first);
  return bytes.length < length ? null : length;
}

const atLeast =
  (length: number) =>
  (bytes: Buffer): number | null =>
    bytes.length < length ? null : length;

/** @param measure length of the answer, null while it is not complete; what came behind it stays to be read */
function readAnswer(
  socket: Socket,
  shown: string,
  measure: (bytes: Buffer) => number | null,
): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      socket.off('data', onData).off('close', onClose).pause();
      act();
    };
    const onClose = () => settle(() => reject(connectionError(shown, 'the proxy cut the connection')));
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const length = measure(bytes);
      if (length === null && bytes.length > MAX_ANSWER)
        settle(() => reject(lasting(shown, 'the proxy answers without end')));
      if (length === null) return;
      settle(() => resolve(bytes.subarray(0, length)));
      if (bytes.length > length) socket.unshift(bytes.subarray(length));
    };
    if (socket.destroyed) return onClose();
    socket.on('data', onData).on('close', onClose).resume();
  });
}

/** Another attempt meets it again. */
const lasting = (shown: string, what: string) =>
  connectionError(shown, what, Object.assign(new Error(what), { code: 'ERR_INVALID_PROXY' }));

/** @param shown host that was asked for */
export const refusedCredentials = (shown: string) =>
  lasting(shown, 'the proxy of its upstream route wants a user and password, or other ones');
