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
  const listen = getRequestListener(place === '' ? app.fetch : below(app, place).fetch);
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
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  Object.assign(incoming, { rawBody: bytes });
}
