import type { Context } from 'hono';
import { XMLTV_TAIL, xmltvHead } from '../../proxy/xmltv.ts';
import { isNamedIn } from '../conditional.ts';
import type { AppEnv, GuideEdition } from '../deps.ts';
import { answerText, takesGzip } from '../playlist-body.ts';
import { requireChannels } from './channels.ts';

const TYPE = 'application/xml; charset=utf-8';
const CACHE = 'no-cache';

/** The channels as XMLTV, and what is on there as far as somebody's guide tells. */
export async function sendGuide(c: Context<AppEnv>): Promise<Response> {
  const { guide } = c.var.deps;
  const { signal } = c.req.raw;
  const channels = requireChannels(c);
  if (guide) return sendEdition(c, await guide.edition(signal));
  const text = `${xmltvHead(await channels.list(signal))}${XMLTV_TAIL}`;
  return answerText(c, { text, type: TYPE, cacheControl: CACHE });
}

/** It is kept with gzip: who does not take that gets it unpacked. */
async function sendEdition(
  c: Context<AppEnv>,
  { etag, zippedBytes, chunks }: GuideEdition,
): Promise<Response> {
  const form = takesGzip(c.req.header('accept-encoding')) ? 'gzip' : 'plain';
  const headers = {
    'Content-Type': TYPE,
    'Cache-Control': CACHE,
    Vary: 'Accept-Encoding',
    ETag: `W/${etag}`,
    ...(form === 'gzip' ? { 'Content-Encoding': 'gzip', 'Content-Length': String(zippedBytes) } : {}),
  };
  if (isNamedIn(c.req.header('if-none-match'), etag))
    return c.body(null, 304, { ETag: `W/${etag}`, 'Cache-Control': CACHE, Vary: 'Accept-Encoding' });
  if (c.req.method === 'HEAD') return c.body(null, 200, headers);
  const { deps, cors } = c.var;
  return deps.sendChunks(c, {
    headers: { ...headers, ...cors },
    chunks: chunks(form),
    onBroken: (err) => {
      if (!c.req.raw.signal.aborted) deps.log.warn({ err }, 'guide broken off');
    },
  });
}
