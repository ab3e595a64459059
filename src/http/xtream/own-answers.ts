import type { Context } from 'hono';
import type { AppEnv, Programme } from '../deps.ts';
import { isPlaylistAddress, requireChannels, writeChannelList } from '../tuner/channels.ts';
import type { OwnAccount } from './account.ts';
import {
  channelOf,
  type Listing,
  liveCategories,
  liveStreams,
  type NumberedChannel,
  type Numbering,
  serverInfo,
  shortGuide,
  userInfo,
  wholeGuide,
} from './own-provider.ts';

/** What is asked of the account of this server's own channels. */
export interface OwnQuestion {
  readonly account: OwnAccount;
  readonly fields: ReadonlyMap<string, string>;
  /** The root of this server, with a slash at its end. */
  readonly root: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly numbering: Numbering;
}

type Answer = (c: Context<AppEnv>, question: OwnQuestion) => Promise<object>;

/** By `action=`; what a provider has besides is empty here: films, series. */
const ACTIONS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  [
    '',
    async (_, { account, root, now }) => ({
      user_info: userInfo(account),
      server_info: serverInfo(root, now),
    }),
  ],
  ['get_live_categories', async (c, { numbering }) => liveCategories(await channelsOf(c, numbering))],
  [
    'get_live_streams',
    async (c, { fields, numbering }) =>
      liveStreams(await channelsOf(c, numbering), fields.get('category_id')),
  ],
  [
    'get_short_epg',
    async (c, question) => shortGuide(await listingOf(c, question), question.fields.get('limit')),
  ],
  ['get_simple_data_table', async (c, question) => wholeGuide(await listingOf(c, question))],
]);

export async function answerOwnAction(c: Context<AppEnv>, question: OwnQuestion): Promise<Response> {
  const answer = ACTIONS.get(question.fields.get('action') ?? '');
  const json = answer ? await answer(c, question) : [];
  c.header('Cache-Control', 'no-store');
  return c.json(json);
}

/** @throws MediaError as the list does */
export async function channelsOf(
  c: Context<AppEnv>,
  numbering: Numbering,
): Promise<readonly NumberedChannel[]> {
  return numbering(await requireChannels(c).list(c.req.raw.signal));
}

async function listingOf(c: Context<AppEnv>, { fields, now, numbering }: OwnQuestion): Promise<Listing> {
  const channel = channelOf(await channelsOf(c, numbering), fields.get('stream_id'));
  const edition = await c.var.deps.guide?.edition(c.req.raw.signal);
  const programmes: readonly Programme[] = edition?.programmes(channel.channel) ?? [];
  return { channel, programmes, now };
}

/** The channels as M3U, at addresses of the account. */
export async function sendOwnList(
  c: Context<AppEnv>,
  { account: { name, password }, root, numbering }: Pick<OwnQuestion, 'account' | 'root' | 'numbering'>,
): Promise<Response> {
  const [user, secret] = [encodeURIComponent(name), encodeURIComponent(password)];
  const lines = (await channelsOf(c, numbering)).map(({ channel, id }) => ({
    channel,
    url: `${root}live/${user}/${secret}/${id}.${isPlaylistAddress(channel.url) ? 'm3u8' : 'ts'}`,
  }));
  const text = writeChannelList(lines, `${root}xmltv.php?username=${user}&password=${secret}`);
  c.header('Cache-Control', 'no-store');
  return c.body(text, 200, { 'Content-Type': 'audio/x-mpegurl; charset=utf-8' });
}
