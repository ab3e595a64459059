import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { RelayedAnswer } from '../../core/relay.ts';
import { type M3uEntry, m3uEntries, writeEntry } from '../../proxy/m3u-entries.ts';
import { isZipped, readText } from '../../proxy/read-text.ts';
import { linesOf, relayedText } from '../../proxy/relayed-text.ts';
import { reachOf } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { passedAnswer } from '../proxy/answer-headers.ts';
import { sealedAddress } from '../proxy/merged-list.ts';
import { requireProxy } from '../proxy/proxy-parts.ts';
import { guardRelayed, sendRelayed } from '../proxy/send-relayed.ts';
import { sendText } from '../proxy/send-text.ts';
import type { UpstreamAccount } from './account.ts';
import { serverInfo } from './own-provider.ts';
import { addressRewriter, type ProviderPlace, scriptUrl } from './provider-addresses.ts';

/** What is asked of a provider's script. */
export interface Script {
  readonly account: UpstreamAccount;
  readonly name: string;
  readonly fields: Iterable<readonly [string, string]>;
}

const WHOLE = { method: 'get', range: null, conditions: {} } as const;
const JSON_TYPE = 'application/json';

async function askScript(c: Context<AppEnv>, { account, name, fields }: Script): Promise<RelayedAnswer> {
  const { relay } = requireProxy(c);
  const url = scriptUrl(account, name, fields);
  const answer = await relay.relay(
    { url, headers: {}, ...reachOf(c, account.isTrusted) },
    WHOLE,
    c.req.raw.signal,
  );
  guardRelayed(c, answer, account.isTrusted);
  return answer;
}

/**
 * What the provider says of the account, with this server in its place: players take user name and address of what they
 * ask next from it.
 * @param now milliseconds since 1970
 */
export async function sendAccount(
  c: Context<AppEnv>,
  script: Script,
  { root, now }: Pick<ProviderPlace, 'root'> & { readonly now: number },
): Promise<Response> {
  const { account } = script;
  const answer = await askScript(c, script);
  const told = parsed(addressRewriter({ account, root })(await readText(answer, await answer.next())));
  const { url, port, https_port, server_protocol } = serverInfo(root, now);
  const user = objectIn(told, 'user_info');
  c.header('Cache-Control', 'no-store');
  return c.json({
    ...told,
    ...(user ? { user_info: { ...user, username: account.name } } : {}),
    server_info: { ...objectIn(told, 'server_info'), url, port, https_port, server_protocol },
  });
}

type Json = Readonly<Record<string, unknown>>;

function parsed(text: string): Json {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Json;
  } catch {
    // Told below, as what is JSON of another kind is.
  }
  throw noJson();
}

const objectIn = (json: Json, name: string): Json | null => {
  const value = json[name];
  return typeof value === 'object' && value !== null ? (value as Json) : null;
};

const noJson = () => new MediaError('upstream', 'The provider gives something that is no JSON');

/** A list of the provider, of any length, as it comes: addresses of streams lead here. */
export async function sendList(c: Context<AppEnv>, script: Script, root: string): Promise<Response> {
  const answer = await askScript(c, script);
  const rewrite = addressRewriter({ account: script.account, root });
  const parts = rewritten(relayedText(answer), rewrite);
  return sendText(c, { parts, type: JSON_TYPE });
}

/** Characters that may wait for a quotation mark, and that stay where none comes: an address may begin in them. */
const MAX_WAITING = 64 * 1024;
const MAX_ADDRESS = 4 * 1024;

/** A part at a time, cut at a quotation mark: no address goes over one. */
async function* rewritten(
  text: AsyncIterable<string>,
  rewrite: (text: string) => string,
): AsyncGenerator<string> {
  let rest = '';
  let isBegun = false;
  for await (const part of text) {
    if (!isBegun && /^\s*[^\s[{"ntf\d-]/.test(part)) throw noJson();
    isBegun ||= /\S/.test(part);
    const mark = part.lastIndexOf('"');
    const cut = mark < 0 ? 0 : rest.length + mark;
    rest += part;
    if (cut > 0) {
      yield rewrite(rest.slice(0, cut));
      rest = rest.slice(cut);
    } else if (rest.length > MAX_WAITING) {
      // What stays is rewritten again with what comes: addresses of ours are left alone.
      rest = rewrite(rest);
      yield rest.slice(0, -MAX_ADDRESS);
      rest = rest.slice(-MAX_ADDRESS);
    }
  }
  yield rewrite(rest);
}

/** The provider's channels and films as M3U: those at the provider at addresses of ours, others sealed. */
export async function sendM3u(c: Context<AppEnv>, script: Script, root: string): Promise<Response> {
  const { account } = script;
  const answer = await askScript(c, script);
  const rewrite = addressRewriter({ account, root });
  const guide = `${root}xmltv.php?username=${account.name}&password=${encodeURIComponent(account.password)}`;
  const address = async (entry: M3uEntry) => {
    const own = rewrite(entry.url);
    return own === entry.url ? sealedAddress(c, { entry, root, isTrusted: account.isTrusted }) : own;
  };
  async function* parts(): AsyncGenerator<string> {
    try {
      yield `#EXTM3U url-tvg="${guide}"\n`;
      for await (const entries of m3uEntries(linesOf(relayedText(answer)))) {
        const written = entries.map(async (entry) => rewrite(writeEntry(entry, await address(entry))));
        yield (await Promise.all(written)).join('');
      }
    } finally {
      answer.close();
    }
  }
  return sendText(c, { parts: parts(), type: 'audio/x-mpegurl; charset=utf-8' });
}

/** The provider's guide, as it comes. */
export async function sendProviderGuide(c: Context<AppEnv>, script: Script): Promise<Response> {
  const { account } = script;
  const answer = await askScript(c, script);
  const type = isZipped(answer) || /xml|gzip/i.test(answer.header('content-type') ?? '') ? {} : GUIDE_TYPE;
  const passed = passedAnswer(answer, { set: type, removed: ['content-disposition'] });
  return sendRelayed(c, { answer, ...passed, isTrusted: account.isTrusted });
}

const GUIDE_TYPE = { 'content-type': 'application/xml; charset=utf-8' } as const;
