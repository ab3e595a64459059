import { type Context, Hono } from 'hono';
import { readRange } from '../core/bytes.ts';
import type { Source } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import { isUrl } from '../core/url.ts';
import { titlePlaylist } from '../pipeline/title-playlist.ts';
import { versionOf } from '../pipeline/version.ts';
import type { MediaRequest } from '../proxy/token.ts';
import { guardSource, reachOf, requirePassword } from './access.ts';
import { checked } from './checked.ts';
import type { AppEnv } from './deps.ts';
import { disposition } from './disposition.ts';
import { BRIEFLY, keptBy } from './lifetimes.ts';
import { isLocal, openMedia, optionsOf, readMediaRequest, withTitle } from './media-request.ts';
import { answerPlaylist } from './playlist-body.ts';
import { guardHeaders, passedAnswer } from './proxy/answer-headers.ts';
import { requireClient } from './proxy/compat-binding.ts';
import { refuseWorkers } from './proxy/compat-errors.ts';
import { typeByContent, typeByName } from './proxy/media-types.ts';
import { sendRelayed } from './proxy/send-relayed.ts';
import { askingOf } from './proxy/stream.ts';
import { answerRanged } from './ranged-answer.ts';

/** Bytes that tell what a file is, a packet of a transport stream and the beginning of the next. */
const HEAD = 200;

/**
 * Bytes of whatever can be opened, as they are, any range of them: `/file?d=…`, and `/file/<token>/<name>`, which never
 * dies and asks for no password.
 */
export function fileRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.use(refuseWorkers);
  routes.get('/', requirePassword, checked('readFile'), async (c) => {
    const request = readMediaRequest(c, now());
    return sendFile(c, request, nameOf(request.url));
  });
  routes.get('/:token/:name', async (c) => {
    const request = await c.var.deps.tokens.open(c.req.param('token'));
    return sendFile(c, request, c.req.param('name'));
  });
  return routes;
}

/** `/hls/<token>/master.m3u8`: the playlist of `/hls/master.m3u8?d=…` at an address that lasts and asks for no password. */
export function lastingPlaylistRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/:token/master.m3u8', async (c) => {
    const request = await c.var.deps.tokens.open(c.req.param('token'));
    requireClient(c, request.client ?? null);
    const { title, renditions, access } = await openMedia(c, request, c.req.raw.signal);
    return answerPlaylist(c, {
      text: titlePlaylist(title, renditions, `${title.version}/`),
      cacheControl: keptBy(access, BRIEFLY),
    });
  });
  return routes;
}

/** Last part of the path of a URL, of `root:<name>/<path>`, or of what only a hook knows. */
function nameOf(url: string): string {
  if (isLocal(url) || !isUrl(url)) return url.split(/[/:]/).at(-1) ?? '';
  const name = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

async function sendFile(c: Context<AppEnv>, request: MediaRequest, name: string): Promise<Response> {
  requireClient(c, request.client ?? null);
  const { proxy } = c.var.deps;
  const isRemote = /^https?:/i.test(request.url);
  if (!isRemote || !proxy) return withTitle(c, request, () => sendRanged(c, request, name));
  const { url, headers, isTrusted } = request;
  const answer = await proxy.relay.relay(
    { url, headers, ...reachOf(c, isTrusted) },
    askingOf(c),
    c.req.raw.signal,
  );
  const usualType = typeByName(name) ?? typeByName(nameOf(answer.url));
  const changes = { set: namedBy(name), removed: [], usualType };
  return sendRelayed(c, { answer, ...passedAnswer(answer, changes), isTrusted });
}

async function contentType(c: Context<AppEnv>, source: Source): Promise<string> {
  const head = await readRange(source, { start: 0, end: HEAD }, c.req.raw.signal);
  return typeByContent(head) ?? 'application/octet-stream';
}

const namedBy = (name: string): Readonly<Record<string, string>> =>
  name === '' ? {} : { 'content-disposition': disposition('inline', name) };

async function sendRanged(c: Context<AppEnv>, request: MediaRequest, name: string): Promise<Response> {
  if (isLocal(request.url)) guardSource(c, 'local', request.isTrusted);
  const opened = await c.var.deps.openSource(request, reachOf(c, request.isTrusted));
  const { source } = opened;
  const version = await versionOf(source, optionsOf(request), c.req.raw.signal);
  guardSource(c, opened.access(), request.isTrusted);
  const type = typeByName(name) ?? typeByName(nameOf(request.url)) ?? (await contentType(c, source));
  if (source.size === null)
    throw new MediaError('not-offered', 'The length of this file is unknown: it cannot be sent in ranges');
  const headers = { 'Content-Type': type, ...guardHeaders(type), ...namedBy(name) };
  // What is written over in place, as downloads are, may keep its size and its beginning.
  const etag = `"${version}-${opened.modified?.()?.toString(36) ?? 'file'}"`;
  return answerRanged(c, {
    size: source.size,
    etag,
    headers,
    read: (range, signal) => source.read(range, signal),
  });
}
