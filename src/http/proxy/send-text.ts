import type { Context } from 'hono';
import type { AppEnv } from '../deps.ts';
import { startingWith } from '../starting-with.ts';
import { guardHeaders } from './answer-headers.ts';

export interface TextInParts {
  readonly parts: AsyncGenerator<string>;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a text as it is made. What is wrong with its beginning is told by the status. */
export async function sendText(c: Context<AppEnv>, text: TextInParts): Promise<Response> {
  const { parts, type, headers = {} } = text;
  const first = await parts.next();
  const { deps, cors } = c.var;
  const all = {
    'Content-Type': type,
    'Cache-Control': 'no-cache',
    ...guardHeaders(type),
    ...headers,
    ...cors,
  };
  if (c.req.method === 'HEAD') {
    await parts.return(undefined);
    return c.body(null, 200, all);
  }
  const encoder = new TextEncoder();
  const chunks = startingWith(first.done ? [] : [first.value], parts);
  return deps.sendChunks(c, {
    headers: all,
    chunks: encoded(chunks, encoder),
    onBroken: (err) => {
      if (!c.req.raw.signal.aborted) deps.log.warn({ err }, 'list broken off');
    },
  });
}

async function* encoded(
  parts: AsyncIterable<string>,
  encoder: TextEncoder,
): AsyncGenerator<readonly Uint8Array[]> {
  for await (const part of parts) yield [encoder.encode(part)];
}
