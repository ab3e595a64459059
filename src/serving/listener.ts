import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { MediaError } from '../core/errors.ts';
import type { AppEnv } from '../http/deps.ts';
import { answerError } from '../http/errors.ts';

/** Answers one request of Node's. Resolves when that is done; never rejects. */
export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

/** What frameworks add to Node's request. */
interface Framed {
  /** Express and Connect: the address as it was asked for, where `url` has lost the place of a router. */
  readonly originalUrl?: string;
  /** What a parser made of the body. */
  readonly body?: unknown;
}

/**
 * An app as a listener in another server.
 * @param prefix path that it lies below, as clients ask for it: `/media`; empty for the root
 */
export function listenerBelow(app: Hono<AppEnv>, prefix: string): NodeListener {
  const place = prefix.replace(/\/+$/, '');
  // Classes of the host's process are its own.
  const listen = getRequestListener(place === '' ? app.fetch : below(app, place).fetch, {
    overrideGlobalObjects: false,
  });
  return async (incoming, outgoing) => {
    const { originalUrl, body } = incoming as Framed;
    if (originalUrl !== undefined) incoming.url = originalUrl;
    if (incoming.readableEnded && body !== undefined) giveBack(incoming, body);
    await listen(incoming, outgoing);
  };
}

function below(app: Hono<AppEnv>, place: string): Hono<AppEnv> {
  const host = new Hono<AppEnv>().route(place, app);
  host.notFound((c) => answerError(new MediaError('not-found', 'There is nothing at this address'), c));
  return host;
}

/** A body that a parser of the host has read is nowhere else: JSON is what hosts parse for every route. */
function giveBack(incoming: IncomingMessage, body: unknown): void {
  const bytes = bytesOf(body, incoming.headers['content-type'] ?? '');
  if (bytes) Object.assign(incoming, { rawBody: bytes });
}

/** Null where they cannot be had again: a film that was read as text is another one. */
function bytesOf(body: unknown, type: string): Buffer | null {
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === 'string') return /^text\/|[/+]json\b|urlencoded/i.test(type) ? Buffer.from(body) : null;
  return Buffer.from(/urlencoded/i.test(type) ? formOf(body) : JSON.stringify(body));
}

function formOf(body: unknown): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body ?? {}))
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, String(one));
  return form.toString();
}
