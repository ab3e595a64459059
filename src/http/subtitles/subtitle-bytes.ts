import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import { GrowingBytes } from '../../core/growing-bytes.ts';
import type { RelayedAnswer } from '../../core/relay.ts';
import type { Access } from '../../pipeline/library.ts';
import type { MediaRequest } from '../../proxy/token.ts';
import { guardSource, reachOf } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { isLocal } from '../media-request.ts';
import { guardRelayed } from '../proxy/send-relayed.ts';

/** Bytes of a file with subtitles, packed or not: scripts with fonts in them have some 10 MB. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface SubtitleBytes {
  readonly bytes: Uint8Array;
  readonly access: Access;
}

/**
 * The whole file, for a client that may read it.
 * @throws MediaError `limit` for one that is too long, `unauthorized`, and what its place says
 */
export async function readSubtitleBytes(c: Context<AppEnv>, media: MediaRequest): Promise<SubtitleBytes> {
  const { proxy } = c.var.deps;
  return proxy && /^https?:/i.test(media.url) ? readRelayed(c, media) : readOpened(c, media);
}

async function readRelayed(c: Context<AppEnv>, media: MediaRequest): Promise<SubtitleBytes> {
  const { url, headers, isTrusted } = media;
  const { signal } = c.req.raw;
  const asking = { method: 'get', range: null, conditions: {} } as const;
  const answer = await c.var.deps.proxy?.relay.relay(
    { url, headers, ...reachOf(c, isTrusted) },
    asking,
    signal,
  );
  if (!answer) throw new MediaError('not-offered', 'This server passes nothing on');
  guardRelayed(c, answer, isTrusted);
  try {
    return { bytes: await gather(bodyOf(answer)), access: answer.access };
  } finally {
    answer.close();
  }
}

async function readOpened(c: Context<AppEnv>, media: MediaRequest): Promise<SubtitleBytes> {
  const { url, isTrusted } = media;
  if (isLocal(url)) guardSource(c, 'local', isTrusted);
  const opened = await c.var.deps.openSource(media, reachOf(c, isTrusted));
  const range = { start: 0, end: MAX_BYTES + 1 };
  const bytes = await gather(opened.source.read(range, c.req.raw.signal));
  guardSource(c, opened.access(), isTrusted);
  return { bytes, access: opened.access() };
}

async function* bodyOf(answer: RelayedAnswer): AsyncGenerator<Uint8Array> {
  for (let chunk = await answer.next(); chunk; chunk = await answer.next()) yield chunk;
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const gathered = new GrowingBytes(
    MAX_BYTES,
    () => new MediaError('limit', `A file with subtitles of more than ${MAX_BYTES} bytes`),
  );
  for await (const chunk of chunks) gathered.add(chunk);
  return gathered.bytes;
}
