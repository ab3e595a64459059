import type { Context } from 'hono';
import type { RelayedAnswer } from '../../core/relay.ts';
import { guardSource } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import type { PassedAnswer } from './answer-headers.ts';

/** A body that is passed on, and what its answer says. */
export interface Relayed extends PassedAnswer {
  readonly answer: RelayedAnswer;
  /** Bytes that were read of it before. */
  readonly head?: readonly Uint8Array[];
  readonly isTrusted: boolean;
}

/** @throws MediaError `unauthorized` for a page that may not read it; its transfer is over then */
export function guardRelayed(c: Context<AppEnv>, answer: RelayedAnswer, isTrusted: boolean): void {
  try {
    guardSource(c, answer.access, isTrusted);
  } catch (error) {
    answer.close();
    throw error;
  }
}

/** Sends an upstream's body as it comes, no faster than the client takes it. */
export async function sendRelayed(c: Context<AppEnv>, relayed: Relayed): Promise<Response> {
  const { answer, status, headers, head = [], isTrusted } = relayed;
  guardRelayed(c, answer, isTrusted);
  const hasBody = c.req.method !== 'HEAD' && (status === 200 || status === 206);
  if (!hasBody) {
    answer.close();
    return c.body(null, status, headers);
  }
  const { deps, cors } = c.var;
  return deps.sendChunks(c, {
    status,
    headers: { ...headers, ...cors },
    chunks: bodyOf(answer, head),
    onBroken: (err) => {
      if (!c.req.raw.signal.aborted) deps.log.warn({ err }, 'transfer broken off');
    },
  });
}

/** By hand: a generator would put two promises between each chunk and the socket. */
function bodyOf(answer: RelayedAnswer, head: readonly Uint8Array[]): AsyncIterable<readonly Uint8Array[]> {
  let isBegun = head.length === 0;
  const iterator: AsyncIterator<readonly Uint8Array[]> = {
    async next() {
      if (!isBegun) {
        isBegun = true;
        return { done: false, value: head };
      }
      const chunk = await answer.next();
      return chunk ? { done: false, value: [chunk] } : { done: true, value: undefined };
    },
    async return() {
      answer.close();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
