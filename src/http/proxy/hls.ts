import { type Context, Hono } from 'hono';
import { MediaError } from '../../core/errors.ts';
import { rewriteAssetList, rewriteSteering } from '../../proxy/hls/json-lists.ts';
import { type PlaylistLink, readPlaylist } from '../../proxy/hls/playlist.ts';
import type { FetchedPlaylist } from '../../proxy/playlist-desk.ts';
import { readText } from '../../proxy/read-text.ts';
import type { Proxied, Ticket } from '../../proxy/ticket.ts';
import { guardSource, reachOf } from '../access.ts';
import { checked } from '../checked.ts';
import type { AppEnv } from '../deps.ts';
import { answerPlaylist } from '../playlist-body.ts';
import { passedAnswer } from './answer-headers.ts';
import { bindingOf, requireClient } from './compat-binding.ts';
import { requireCredentials } from './compat-errors.ts';
import { type Destination, readDestination } from './destination.ts';
import { withoutPicture } from './fake-picture.ts';
import { typeByName } from './media-types.ts';
import { readPlaylistWish, type Wished } from './playlist-wish.ts';
import { requireProxy } from './proxy-parts.ts';
import { guardRelayed, sendRelayed } from './send-relayed.ts';
import { askingOf } from './stream.ts';

/**
 * `/proxy/hls/manifest.m3u8?d=…`: a playlist whose addresses lead through this server: `/proxy/hls/<ticket>/<name>`,
 * where the ticket holds, sealed, what the name stands for.
 */
export function hlsProxyRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/manifest.m3u8', requireCredentials, checked('passPlaylist'), (c) => openManifest(c, './'));
  routes.get('/key_proxy/manifest.m3u8', requireCredentials, checked('passKeys'), (c) =>
    openManifest(c, '../'),
  );
  routes.get('/:file{segment\\.[a-z0-9]{2,6}}', requireCredentials, async (c) => {
    const destination = readDestination(c);
    return sendMedia(
      c,
      { ...ticketOf(c, destination, {}), answers: destination.mediaAnswers },
      c.req.param('file'),
    );
  });
  routes.get('/:ticket/:name', async (c) => {
    const ticket = await openTicket(c);
    const name = c.req.param('name');
    if (name === 'index.m3u8') return openPlaylist(c, { ticket, up: '../' });
    if (name === 'assets.json' || name === 'steering.json') return sendList(c, ticket, name);
    return sendMedia(c, ticket, name);
  });
  return routes;
}

/** @throws MediaError `unauthorized` for one that is not ours, is over, or is another client's */
async function openTicket(c: Context<AppEnv>): Promise<Ticket> {
  const ticket = await requireProxy(c).tickets.open(c.req.param('ticket') ?? '');
  requireClient(c, ticket.client);
  return ticket;
}

async function openManifest(c: Context<AppEnv>, up: './' | '../'): Promise<Response> {
  const destination = readDestination(c);
  const { playlist, reading } = readPlaylistWish(destination, up === '../' ? 'keys' : null);
  const ticket = ticketOf(c, destination, playlist);
  return openPlaylist(c, { ticket, reading, up, answers: destination.answers });
}

/** What the addresses of a destination's playlist have in common. */
function ticketOf(c: Context<AppEnv>, destination: Destination, playlist: Ticket['playlist']): Ticket {
  const { url, headers, mediaAnswers, removed, isTrusted } = destination;
  return {
    url,
    headers,
    answers: mediaAnswers,
    removed,
    playlist,
    variables: {},
    isTrusted,
    ...bindingOf(c),
  };
}

export interface PlaylistAnswer {
  readonly ticket: Ticket;
  /** What is changed in this playlist alone. */
  readonly reading?: Wished['reading'];
  /** The way from where it is answered to the folder of tickets. */
  readonly up: string;
  /** Headers of this answer alone. */
  readonly answers?: Readonly<Record<string, string>>;
}

/** Answers a playlist whose addresses lead here, or what is there in its place. */
export async function openPlaylist(c: Context<AppEnv>, asked: PlaylistAnswer): Promise<Response> {
  const { ticket, answers = {} } = asked;
  const { headers, isTrusted } = ticket;
  const url = withDirectives(c, ticket.url);
  const fetched = await requireProxy(c).playlists.fetch(
    { url, headers, ...reachOf(c, isTrusted) },
    c.req.raw.signal,
  );
  if (fetched.kind === 'playlist') {
    guardSource(c, fetched.playlist.access, isTrusted);
    const text = await rewritten(c, asked, fetched.playlist);
    for (const [name, value] of Object.entries({
      'accept-ranges': 'none',
      'content-disposition': 'inline',
      ...answers,
    }))
      c.header(name, value);
    return answerPlaylist(c, { text, cacheControl: 'no-cache' });
  }
  const { answer, head } = fetched;
  if (/^text\/|[/+](html|xml|json)\b/i.test(answer.header('content-type') ?? '')) {
    answer.close();
    throw new MediaError(
      'upstream',
      `${new URL(answer.url).host} gives a page where a playlist was expected`,
    );
  }
  const set = { ...ticket.answers, ...answers };
  const passed = passedAnswer(answer, { set, removed: ticket.removed });
  return sendRelayed(c, { answer, ...passed, isTrusted, head: head ? [head] : [] });
}

/** What a player says of how far it has come: Delivery Directives, RFC 8216bis, 6.2.5. */
function withDirectives(c: Context<AppEnv>, url: string): string {
  const directives = [...new URL(c.req.url).searchParams].filter(([name]) => name.startsWith('_HLS_'));
  if (directives.length === 0) return url;
  const text = directives
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  const [before = '', ...fragment] = url.split('#');
  return [`${before}${before.includes('?') ? '&' : '?'}${text}`, ...fragment].join('#');
}

async function rewritten(
  c: Context<AppEnv>,
  { ticket, reading, up }: PlaylistAnswer,
  { text, url }: FetchedPlaylist,
): Promise<string> {
  const playlist = readPlaylist(text, {
    url,
    variables: ticket.variables,
    ...reading,
    ...readingOf(ticket),
  });
  const addresses = await sealLinks(c, ticket, playlist.links);
  const follow = follower(ticket);
  requireProxy(c).ahead.note({
    requests: playlist.segments.map((segment) => (segment.hasRange ? null : follow(segment.url))),
    first: Number(/^#EXT-X-MEDIA-SEQUENCE:\s*(\d{1,15})/m.exec(text)?.[1] ?? 0),
  });
  return playlist.write((link) => {
    const address = addresses.get(link);
    return address === undefined ? null : `${up}${address}`;
  });
}

/** What a playlist's own part of the wish changes in it. */
function readingOf({ playlist: { skip, startOffset, keyUrl } }: Ticket) {
  return {
    ...(skip ? { skip } : {}),
    ...(startOffset === undefined ? {} : { startOffset }),
    ...(keyUrl === undefined ? {} : { keyUrl }),
  };
}

/** Addresses of what is proxied, relative to the folder of tickets. */
async function sealLinks(
  c: Context<AppEnv>,
  ticket: Ticket,
  links: readonly PlaylistLink[],
): Promise<ReadonlyMap<PlaylistLink, string>> {
  const { tickets } = requireProxy(c);
  const follow = follower(ticket);
  const proxied = links.filter(({ kind }) => isProxied(kind, ticket.playlist.proxied));
  const sealed = proxied.map(async (link) => {
    const { variables = {} } = link;
    const own =
      link.kind === 'playlist' ? { playlist: ticket.playlist, variables } : { playlist: {}, variables: {} };
    return [
      link,
      `${await tickets.seal({ ...ticket, ...follow(link.url), ...own })}/${nameOf(link)}`,
    ] as const;
  });
  return new Map(await Promise.all(sealed));
}

/** Names of headers by which servers know who asks. */
const CREDENTIALS = /^(cookie|.*(auth|token|secret|session|api-?key).*)$/;

/**
 * Where links of a playlist lead, and what is sent there: what identifies the caller goes to the server that it was given
 * for, and to no other.
 */
function follower({ url: home, headers }: Ticket): (link: string) => Pick<Ticket, 'url' | 'headers'> {
  const from = new URL(home);
  const user = /^[a-z]+:\/\/([^/?#@]*)@/i.exec(home)?.[1];
  const others = Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.test(name)));
  return (link) => {
    const to = new URL(link);
    const isHome = from.hostname === to.hostname && (from.origin === to.origin || to.protocol === 'https:');
    if (!isHome) return { url: link, headers: others };
    const isBare = to.username === '' && to.password === '';
    return { url: user && isBare ? link.replace('://', `://${user}@`) : link, headers };
  };
}

function isProxied(kind: PlaylistLink['kind'], proxied: Proxied | undefined): boolean {
  if (proxied === undefined) return true;
  if (proxied === 'nothing') return false;
  return kind === 'playlist' || (kind === 'key' && proxied === 'keys');
}

/** Players go by the extension of an address, whatever its answer says. */
function nameOf({ kind, extension }: PlaylistLink): string {
  if (kind === 'playlist') return 'index.m3u8';
  if (kind === 'assets' || kind === 'steering') return `${kind}.json`;
  return kind === 'key' || kind === 'bytes' ? `${kind}.${extension}` : `segment.${extension}`;
}

async function sendMedia(c: Context<AppEnv>, ticket: Ticket, name: string): Promise<Response> {
  const { relay, segments, ahead } = requireProxy(c);
  const { url, headers, answers, removed, isTrusted } = ticket;
  const request = { url, headers, ...reachOf(c, isTrusted) };
  const isSegment = name.startsWith('segment.');
  const asking = askingOf(c);
  // Keys are asked for anew: some servers give each viewer his own.
  const answer = await (isSegment ? segments : relay).relay(request, asking, c.req.raw.signal);
  const passed = passedAnswer(answer, { set: answers, removed, usualType: typeByName(name) });
  const relayed = { answer, ...passed, isTrusted };
  if (!isSegment || asking.method === 'head') return sendRelayed(c, relayed);
  guardRelayed(c, answer, isTrusted);
  ahead.sending(request);
  return sendRelayed(c, await withoutPicture(relayed));
}

/** JSON that leads to more: lists of interstitials, and where else a stream is to be had. */
async function sendList(c: Context<AppEnv>, ticket: Ticket, name: string): Promise<Response> {
  const { relay } = requireProxy(c);
  const reach = reachOf(c, ticket.isTrusted);
  const request = { url: withDirectives(c, ticket.url), headers: ticket.headers, ...reach };
  const answer = await relay.relay(request, { method: 'get', range: null, conditions: {} }, c.req.raw.signal);
  guardRelayed(c, answer, ticket.isTrusted);
  const json = await readText(answer, await answer.next());
  const addresses = new Map<string, string>();
  const rewrite = (address: (link: PlaylistLink) => string) =>
    name === 'assets.json'
      ? rewriteAssetList(json, answer.url, address)
      : rewriteSteering(json, answer.url, address).text;
  const links: PlaylistLink[] = [];
  rewrite((link) => {
    links.push(link);
    return link.url;
  });
  for (const [link, address] of await sealLinks(c, { ...ticket, playlist: {} }, links))
    addresses.set(link.url, address);
  c.header('Cache-Control', 'no-cache');
  return c.body(
    rewrite((link) => `../${addresses.get(link.url)}`),
    200,
    { 'Content-Type': 'application/json' },
  );
}
