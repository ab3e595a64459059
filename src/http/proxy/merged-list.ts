import { type Context, Hono } from 'hono';
import { MediaError } from '../../core/errors.ts';
import { isHttpUrl } from '../../core/url.ts';
import { type M3uEntry, m3uEntries, writeEntry } from '../../proxy/m3u-entries.ts';
import { linesOf, relayedText } from '../../proxy/relayed-text.ts';
import { carriesKey, guardSource, reachOf } from '../access.ts';
import { checked } from '../checked.ts';
import type { AppEnv } from '../deps.ts';
import { queryPairs } from '../query.ts';
import { channelTicket, isPlaylistAddress } from '../tuner/channels.ts';
import { placeOf } from '../tuner/place.ts';
import { bindingOf } from './compat-binding.ts';
import { refuseWorkers, requireCredentials } from './compat-errors.ts';
import { typeByName } from './media-types.ts';
import { requireProxy } from './proxy-parts.ts';
import { sendText } from './send-text.ts';
import { plainUrl } from './written-url.ts';

/** Lists that are merged into one. */
const MAX_LISTS = 32;
/** Entries that are sorted, of all lists together, and characters of these lists: all of them are kept meanwhile. */
const MAX_SORTED = 100_000;
const MAX_SORTED_TEXT = 64 * 1024 * 1024;

interface WantedList {
  readonly url: string;
  readonly isSorted: boolean;
  /** Its addresses stay as they are. */
  readonly isBare: boolean;
}

/** `/playlist/playlist?d=<list>;sort:<list>;no_proxy:<list>`: M3U lists as one, whose addresses lead through this server. */
export function mergedListRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/playlist', refuseWorkers, requireCredentials, checked('mergeLists'), (c) => {
    const wanted = readWanted(c);
    return sendText(c, {
      parts: merged(c, wanted),
      type: 'application/vnd.apple.mpegurl',
      headers: { 'Content-Disposition': 'attachment; filename="playlist.m3u"' },
    });
  });
  return routes;
}

function readWanted(c: Context<AppEnv>): readonly WantedList[] {
  const given = new Map(queryPairs(c.req.url)).get('d') ?? '';
  const wanted = given.split(/;(?=\s*(?:sort:|no_proxy:|https?:|[\w+/-]+={0,2}(?:;|$)))/i).flatMap((text) => {
    const [, sort, bare, url = ''] = /^(sort:)?(no_proxy:)?(.*)$/is.exec(text.trim()) ?? [];
    return url === ''
      ? []
      : [{ url: plainUrl(url), isSorted: sort !== undefined, isBare: bare !== undefined }];
  });
  if (wanted.length === 0 || wanted.some(({ url }) => !isHttpUrl(url)))
    throw new MediaError(
      'bad-request',
      'd= must be http or https URLs of lists, with semicolons between them',
    );
  if (wanted.length > MAX_LISTS)
    throw new MediaError('bad-request', `More than ${MAX_LISTS} lists cannot be merged`);
  return wanted;
}

/** Lines of a list, or why there are none. */
type Part = string | { readonly place: number; readonly error: MediaError };

/** What is sorted comes first, as mediaflow-proxy has it. A list that cannot be had is told by a comment in its place. */
async function* merged(c: Context<AppEnv>, wanted: readonly WantedList[]): AsyncGenerator<string> {
  let waiting = HEAD;
  let failure: MediaError | null = null;
  for await (const part of partsOf(c, wanted)) {
    if (typeof part === 'string') {
      yield waiting + part;
      waiting = '';
      continue;
    }
    failure ??= part.error;
    waiting += `# The list ${part.place} of these cannot be had: ${part.error.message.replaceAll(/\s+/g, ' ')}\n`;
  }
  if (failure && waiting.startsWith(HEAD)) throw failure;
  yield waiting;
}

const HEAD = '#EXTM3U\n';

async function* partsOf(c: Context<AppEnv>, wanted: readonly WantedList[]): AsyncGenerator<Part> {
  const sorted: { readonly list: WantedList; readonly entry: M3uEntry }[] = [];
  for (const part of await all(readEach(c, wanted, 'sorted'))) {
    if ('error' in part) yield part;
    else sorted.push(...part.entries.map((entry) => ({ list: part.list, entry })));
  }
  sorted.sort((a, b) => (a.entry.name < b.entry.name ? -1 : a.entry.name > b.entry.name ? 1 : 0));
  for (const { list, entry } of sorted) yield await writeAll(c, list, [entry]);
  for await (const part of readEach(c, wanted, 'unsorted'))
    yield 'error' in part ? part : await writeAll(c, part.list, part.entries);
}

interface ReadEntries {
  readonly entries: readonly M3uEntry[];
  /** Characters that were read for them. */
  readonly length: number;
}

type Entries = Exclude<Part, string> | (ReadEntries & { readonly list: WantedList });

/** @throws MediaError `limit` */
async function all(parts: AsyncIterable<Entries>): Promise<readonly Entries[]> {
  const found: Entries[] = [];
  let count = 0;
  let length = 0;
  for await (const part of parts) {
    found.push(part);
    if ('error' in part) continue;
    count += part.entries.length;
    length += part.length;
    if (count > MAX_SORTED)
      throw new MediaError('limit', `More than ${MAX_SORTED} addresses cannot be sorted`);
    if (length > MAX_SORTED_TEXT)
      throw new MediaError('limit', `Lists of more than ${MAX_SORTED_TEXT} characters cannot be sorted`);
  }
  return found;
}

async function* readEach(
  c: Context<AppEnv>,
  wanted: readonly WantedList[],
  which: 'sorted' | 'unsorted',
): AsyncGenerator<Entries> {
  for (const [i, list] of wanted.entries()) {
    if (list.isSorted !== (which === 'sorted')) continue;
    try {
      for await (const read of entriesOf(c, list)) yield { list, ...read };
    } catch (error) {
      c.req.raw.signal.throwIfAborted();
      if (!(error instanceof MediaError)) throw error;
      yield { place: i + 1, error };
    }
  }
}

async function* entriesOf(c: Context<AppEnv>, { url }: WantedList): AsyncGenerator<ReadEntries> {
  const isTrusted = carriesKey(c);
  const { relay } = requireProxy(c);
  const asking = { method: 'get', range: null, conditions: {} } as const;
  const answer = await relay.relay({ url, headers: {}, ...reachOf(c, isTrusted) }, asking, c.req.raw.signal);
  try {
    guardSource(c, answer.access, isTrusted);
    yield* withLengths(linesOf(relayedText(answer)));
  } finally {
    answer.close();
  }
}

async function* withLengths(lines: AsyncIterable<readonly string[]>): AsyncGenerator<ReadEntries> {
  let length = 0;
  async function* counted(): AsyncGenerator<readonly string[]> {
    for await (const batch of lines) {
      for (const line of batch) length += line.length;
      yield batch;
    }
  }
  for await (const entries of m3uEntries(counted())) {
    yield { entries, length };
    length = 0;
  }
}

async function writeAll(
  c: Context<AppEnv>,
  { isBare }: WantedList,
  entries: readonly M3uEntry[],
): Promise<string> {
  const root = placeOf(c, '/playlist/');
  const isTrusted = carriesKey(c);
  const written = entries.map(async (entry) =>
    isBare
      ? `${entry.lines.join('\n')}\n`
      : writeEntry(entry, await sealedAddress(c, { entry, root, isTrusted })),
  );
  return (await Promise.all(written)).join('');
}

export interface Sealing {
  readonly entry: Pick<M3uEntry, 'url' | 'headers'>;
  /** Of this server, with a slash at its end. */
  readonly root: string;
  readonly isTrusted: boolean;
}

/** An address of ours that an entry of a list plays at: a channel, a file with ranges, else what turns out to be a playlist. */
export async function sealedAddress(
  c: Context<AppEnv>,
  { entry, root, isTrusted }: Sealing,
): Promise<string> {
  const { pathname } = new URL(entry.url);
  const ticket = await requireProxy(c).tickets.seal({
    ...channelTicket(entry),
    isTrusted,
    ...bindingOf(c),
  });
  if (/\.ts$/i.test(pathname)) return `${root}tuner/stream/${ticket}.ts`;
  const extension = /\.([a-z\d]{2,5})$/i.exec(pathname)?.[1]?.toLowerCase() ?? '';
  const isFile = !isPlaylistAddress(entry.url) && typeByName(`a.${extension}`) !== null;
  return `${root}proxy/hls/${ticket}/${isFile ? `bytes.${extension}` : 'index.m3u8'}`;
}
