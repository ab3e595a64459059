import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import { isHttpUrl } from '../../core/url.ts';
import type { Ticket } from '../../proxy/ticket.ts';
import { reachOf } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { isTrusted } from '../path-key.ts';
import { checkedAnswerHeaders, passedAnswer } from '../proxy/answer-headers.ts';
import { openPlaylist } from '../proxy/hls.ts';
import { typeByName } from '../proxy/media-types.ts';
import { requireProxy } from '../proxy/proxy-parts.ts';
import { sendRelayed } from '../proxy/send-relayed.ts';
import { askingOf } from '../proxy/stream.ts';

/** What a segment of the path says of a request: `d=<origin>&h=<Name>:<value>&r=<Name>:<value>`, form-encoded. */
interface PathOptions {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<string, string>>;
}

/** `/proxy/<options>/<path>?<query>`: path and query are the upstream's, so that what is relative there stays here. */
export async function passByPath(c: Context<AppEnv>, root: string): Promise<Response> {
  const { options, rest } = partsOf(new URL(c.req.url).pathname);
  const { headers, answers } = readOptions(options);
  const url = urlInPath(c.req.url);
  if (/\.m3u8?$/i.test(rest)) return passPlaylist(c, { url, headers, answers }, root);
  const answer = await requireProxy(c).relay.relay(
    { url, headers, ...reachOf(c, isTrusted(c)) },
    askingOf(c),
    c.req.raw.signal,
  );
  const changes = { set: answers, removed: [], usualType: typeByName(rest) };
  return sendRelayed(c, { answer, ...passedAnswer(answer, changes), isTrusted: isTrusted(c) });
}

/** The upstream's address in that of a request. @throws MediaError `bad-request` */
export function urlInPath(address: string): string {
  const { options, rest } = partsOf(new URL(address).pathname);
  return `${readOptions(options).origin}${rest}${queryOf(address)}`;
}

/** Its addresses are sealed, as in any playlist that is passed on: they may lead to other servers. */
function passPlaylist(
  c: Context<AppEnv>,
  { url, headers, answers }: Pick<Ticket, 'url' | 'headers' | 'answers'>,
  root: string,
): Promise<Response> {
  const up = `${root}${'../'.repeat(depthOf(new URL(c.req.url).pathname))}proxy/hls/`;
  const rest = { removed: [], playlist: {}, variables: {}, expires: null, client: null };
  const ticket = { url, headers, answers, ...rest, isTrusted: isTrusted(c) };
  return openPlaylist(c, { ticket, up, answers });
}

/** Folders between `/proxy/<options>` and the last name. */
const depthOf = (pathname: string): number => partsOf(pathname).rest.split('/').length - 1;

function placeOf({ protocol, username, password, host }: URL): string {
  const user = username === '' && password === '' ? '' : `${username}:${password}@`;
  return `${protocol}//${user}${host}`;
}

/** As it was written: a signature may cover it. */
const queryOf = (url: string): string => (url.includes('?') ? url.slice(url.indexOf('?')) : '');

function partsOf(pathname: string): { readonly options: string; readonly rest: string } {
  const match = /\/proxy\/([^/]*d=[^/]*)(\/.*)?$/.exec(pathname);
  return { options: match?.[1] ?? '', rest: match?.[2] ?? '/' };
}

/** @throws MediaError `bad-request` */
function readOptions(text: string): PathOptions {
  const fields = [...new URLSearchParams(text)];
  const given = fields.find(([name]) => name === 'd')?.[1] ?? '';
  if (!isHttpUrl(given))
    throw new MediaError('bad-request', 'The options in the path name no server: d=https://…');
  const pairs = (name: string) =>
    fields
      .filter(([one]) => one === name)
      .map(([, value]): [string, string] => {
        const at = value.indexOf(':');
        return [value.slice(0, Math.max(0, at)).trim().toLowerCase(), value.slice(at + 1).trim()];
      });
  return {
    origin: placeOf(new URL(given)),
    headers: Object.fromEntries(pairs('h').filter(([name]) => name !== '')),
    answers: checkedAnswerHeaders(pairs('r').filter(([name]) => name !== '')),
  };
}
