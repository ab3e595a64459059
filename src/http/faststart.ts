import { type Context, Hono } from 'hono';
import { LRUCache } from 'lru-cache';
import { MediaError } from '../core/errors.ts';
import { type Faststart, openFaststart } from '../pipeline/faststart.ts';
import type { OpenedSource } from '../pipeline/library.ts';
import { versionOf } from '../pipeline/version.ts';
import type { MediaRequest } from '../proxy/token.ts';
import { guardSource, reachOf, requirePassword } from './access.ts';
import { checked } from './checked.ts';
import type { AppEnv } from './deps.ts';
import { isLocal, optionsOf, readMediaRequest, titleKey } from './media-request.ts';
import { answerRanged } from './ranged-answer.ts';

/** Files that were laid out: a movie box of a long film has 10 MB. */
const MAX_FILES = 8;
/** A link that was replaced upstream is noticed at the latest then. */
const FILE_AGE = 3600 * 1000;

interface OpenFile {
  readonly file: Faststart;
  readonly opened: OpenedSource;
  readonly etag: string;
}

/** `/faststart.mp4?d=…`: an MP4 file as it is, with its movie box in front; any range of it. */
export function faststartRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const files = new LRUCache<string, OpenFile>({ max: MAX_FILES, ttl: FILE_AGE });
  routes.get('/', requirePassword, checked('faststart'), async (c) => {
    const request = readMediaRequest(c, now());
    const open = await openFile(c, request, files);
    guardSource(c, open.opened.access(), request.isTrusted);
    const { file, etag } = open;
    return answerRanged(c, {
      size: file.size,
      etag,
      headers: { 'Content-Type': 'video/mp4' },
      read: (range, signal) => file.read(range, signal),
      onBroken(error) {
        if (error instanceof MediaError && error.code === 'changed') files.delete(titleKey(request));
      },
    });
  });
  return routes;
}

async function openFile(
  c: Context<AppEnv>,
  request: MediaRequest,
  files: LRUCache<string, OpenFile>,
): Promise<OpenFile> {
  if (isLocal(request.url)) guardSource(c, 'local', request.isTrusted);
  const known = files.get(titleKey(request));
  if (known && (await known.opened.isCurrent())) return known;
  const opened = await c.var.deps.openSource(request, reachOf(c, request.isTrusted));
  const { signal } = c.req.raw;
  const file = await openFaststart(opened.source, signal);
  const version = await versionOf(opened.source, optionsOf(request), signal);
  const open = { file, opened, etag: `"${version}-faststart"` };
  files.set(titleKey(request), open);
  return open;
}
