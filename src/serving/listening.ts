import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { createAdaptorServer } from '@hono/node-server';
import { MediaError } from '../core/errors.ts';
import type { CertificateFiles } from './certificate.ts';

const FIRST_PORT = 8080;
const LAST_PORT = 8099;

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch'];

export interface ServerOptions {
  /** Null: http. */
  readonly tls: CertificateFiles | null;
  /** Path that requests may stand below, without a slash at its end; empty: none. */
  readonly prefix: string;
}

/** A server that does not listen yet. @throws MediaError `bad-request` for certificates that cannot be */
export async function openServer(fetch: Fetch, { tls, prefix }: ServerOptions): Promise<Server> {
  const server = await createServer(fetch, tls);
  if (prefix !== '') putBelow(server, prefix);
  return server;
}

async function createServer(fetch: Fetch, tls: CertificateFiles | null): Promise<Server> {
  if (!tls) return createAdaptorServer({ fetch }) as Server;
  const [{ readCertificate }, { createServer }] = await Promise.all([
    import('./certificate.ts'),
    import('node:https'),
  ]);
  const serverOptions = await readCertificate(tls);
  return createAdaptorServer({ fetch, createServer, serverOptions }) as Server;
}

/** Connections that are there keep what they began with. @throws MediaError as `openServer` */
export async function renewCertificate(server: Server, tls: CertificateFiles): Promise<void> {
  const { readCertificate } = await import('./certificate.ts');
  if ('setSecureContext' in server) (server as TlsServer).setSecureContext(await readCertificate(tls));
}

/**
 * Takes the prefix off: a proxy in front may do that or leave it to this server. What stands there without the slash is
 * sent on to the address with it, which links of pages are relative to.
 */
function putBelow(server: Server, prefix: string): void {
  const listeners = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { url = '/' } = incoming;
    // What mediaflow-proxy encrypts goes before any path.
    const token = /^\/_token_[\w=-]+(?=\/)/.exec(url)?.[0] ?? '';
    const path = url.slice(token.length);
    const rest = path.slice(prefix.length);
    if (token === '' && path.startsWith(prefix) && /^($|\?)/.test(rest)) {
      outgoing.writeHead(308, { Location: `${prefix}/${rest}` }).end();
      return;
    }
    if (path.startsWith(`${prefix}/`)) incoming.url = token + rest;
    for (const listener of listeners) listener.call(server, incoming, outgoing);
  });
}

export interface Place {
  /** Given and busy is an error; null: the next free one is taken. */
  readonly port: number | null;
  readonly host: string;
}

/** @throws MediaError `busy` for a port that is taken, `bad-request` for a host that is not this machine's */
export async function listen(server: Server, { port: given, host }: Place): Promise<void> {
  if (given !== null) return listenOn(server, given, host);
  for (let port = FIRST_PORT; ; port++) {
    try {
      return await listenOn(server, port, host);
    } catch (error) {
      if (!(error instanceof MediaError) || error.code !== 'busy' || port >= LAST_PORT) throw error;
    }
  }
}

async function listenOn(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EADDRINUSE')
      throw new MediaError('busy', `Port ${port} is in use; give another one with --port`);
    if (code === 'EACCES') throw new MediaError('busy', `Port ${port} may not be used by this user`);
    throw code === null ? error : new MediaError('bad-request', `Cannot listen at ${host} (${code})`);
  }
}

/** An address that can be clicked: every interface is shown as this machine. */
export const shownHost = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
