import { type Context, Hono } from 'hono';
import { readRange } from '../core/bytes.ts';
import type { Source } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import type { RelayAsking } from '../core/relay.ts';
import { isUrl } from '../core/url.ts';
import { titlePlaylist } from '../pipeline/title-playlist.ts';
import { versionOf } from '../pipeline/version.ts';
import type { MediaRequest } from '../proxy/token.ts';
import { guardSource, reachOf, requirePassword } from './access.ts';
import { checked } from './checked.ts';
import type { AppEnv, ProxyParts } from './deps.ts';
import { disposition } from './disposition.ts';
import { isAddress } from './hooks/names.ts';
import { BRIEFLY, keptBy } from './lifetimes.ts';
import { isBucket, isLocal, openMedia, optionsOf, readMediaRequest, withTitle } from './media-request.ts';
import { answerPlaylist } from './playlist-body.ts';
import { guardHeaders, passedAnswer } from './proxy/answer-headers.ts';
import { requireClient } from './proxy/compat-binding.ts';
import { refuseWorkers } from './proxy/compat-errors.ts';
import { typeByContent, typeByName } from './proxy/media-types.ts';
import { sendRelayed } from './proxy/send-relayed.ts';
import { askingOf } from './proxy/stream.ts';
import { answerRanged } from './ranged-answer.ts';

/** Bytes that tell what a file is: two packets of a transport stream and the beginning of a third. */
const HEAD = 400;

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
  const ranged = () => withTitle(c, request, () => sendRanged(c, request, name));
  const { proxy } = c.var.deps;
  if (!proxy || isLocal(request.url) || isBucket(request.url)) return settled(ranged);
  const passed = () => passOn(c, { request, name, proxy });
  // What a name stands for its hook says to who asks, and that may lie here.
  return isAddress(request.url) ? passed() : passed().catch(insteadOfRefusal(ranged));
}

/** Looks at a file that is written to meanwhile, as downloads are: each finds another one. */
const LOOKS = 4;

/** The answer for a file that stayed the same until its first bytes were read: nothing is sent before that. */
async function settled(answer: () => Promise<Response>): Promise<Response> {
  for (let looks = 1; ; looks++) {
    try {
      return await answer();
    } catch (error) {
      const isChanging = error instanceof MediaError && error.code === 'changed';
      if (!isChanging || looks === LOOKS) throw error;
    }
  }
}

const insteadOfRefusal =
  (answer: () => Promise<Response>) =>
  (error: unknown): Promise<Response> => {
    if (error instanceof MediaError && error.code === 'not-offered') return answer();
    throw error;
  };

interface Passing {
  readonly request: MediaRequest;
  readonly name: string;
  readonly proxy: ProxyParts;
}

async function passOn(c: Context<AppEnv>, { request, name, proxy }: Passing): Promise<Response> {
  const { url, headers, isTrusted } = request;
  const answer = await proxy.relay.relay(
    { url, headers, ...reachOf(c, isTrusted) },
    rangedAsking(askingOf(c)),
    c.req.raw.signal,
  );
  const usualType = typeByName(name) ?? typeByName(nameOf(answer.url));
  const changes = { set: namedBy(name), removed: [], usualType };
  return sendRelayed(c, { answer, ...passedAnswer(answer, changes), isTrusted });
}

/** To HEAD a range means nothing: RFC 9110, 14.2. */
const rangedAsking = (asking: RelayAsking): RelayAsking =>
  asking.method === 'head' ? { ...asking, range: null } : asking;

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
