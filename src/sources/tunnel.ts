import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { UpstreamProxy } from '../core/upstreams.ts';
import { timeoutError } from './http-transport.ts';
import { type Endpoint, shakeHands } from './proxy-handshake.ts';

/** Makes connections as undici's pools want them. */
export type Connect = buildConnector.connector;

export interface TunnelOptions {
  readonly proxy: UpstreamProxy;
  /** Of `connectTo`. */
  readonly toProxy: Connect;
  /** TLS with the far end, over a socket that is connected. */
  readonly secure: Connect;
  /** How the far end is named to the proxy: what it gives is what the proxy connects to. */
  readonly nameOf: (host: string) => Promise<string>;
  /** Milliseconds for name resolution, TCP and what the proxy has to say. */
  readonly timeout: number;
}

/** Connects through a proxy. */
export function tunnel({ proxy, toProxy, secure, nameOf, timeout }: TunnelOptions): Connect {
  const open = async (end: Omit<Endpoint, 'shown'>, shown: string): Promise<Socket> => {
    const host = await nameOf(end.host);
    const socket = await connected(toProxy);
    socket.on('error', () => {}); // between its listeners one must not end the process
    const timer = setTimeout(
      () => socket.destroy(timeoutError(shown, `the proxy said nothing within ${timeout} ms`)),
      timeout,
    );
    try {
      await shakeHands(socket, proxy, { host, port: end.port, shown });
      return socket;
    } catch (error) {
      socket.destroy();
      throw socket.errored ?? error;
    } finally {
      clearTimeout(timer);
    }
  };
  return (options, callback) => {
    const { hostname, host = hostname, protocol } = options;
    const port = Number(options.port) || (protocol === 'https:' ? 443 : 80);
    open({ host: hostname, port }, host).then(
      (httpSocket) => {
        if (protocol === 'https:') secure({ ...options, httpSocket }, callback);
        else callback(null, httpSocket);
      },
      (error: Error) => callback(error, null),
    );
  };
}

/**
 * Connects to the proxy, TLS with it included, whoever is asked for: of a request that the proxy passes on undici would
 * take the far end's name for the proxy's.
 */
export function connectTo({ kind, host, port }: UpstreamProxy, connect: Connect): Connect {
  const end = { hostname: host, host, protocol: kind === 'https' ? 'https:' : 'http:', port: String(port) };
  return (_options, callback) => connect(end, callback);
}

const connected = (connect: Connect): Promise<Socket> =>
  new Promise((resolve, reject) => {
    connect({ hostname: '', protocol: '', port: '' }, (error, socket) => {
      if (error) reject(error);
      else resolve(socket);
    });
  });
