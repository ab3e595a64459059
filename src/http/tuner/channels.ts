import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { Channel } from '../../proxy/channel-list.ts';
import type { Ticket } from '../../proxy/ticket.ts';
import { guideIdsOf } from '../../proxy/xmltv.ts';
import { allowOrigins, reachOf } from '../access.ts';
import type { AppEnv, ChannelLister } from '../deps.ts';
import { passedAnswer } from '../proxy/answer-headers.ts';
import { requireProxy } from '../proxy/proxy-parts.ts';
import { sendRelayed } from '../proxy/send-relayed.ts';

/** @throws MediaError `not-offered` */
export function requireChannels(c: Context<AppEnv>): ChannelLister {
  const { channels } = c.var.deps;
  if (channels) return channels;
  throw new MediaError('not-offered', 'This server has no channels. Start it with --channels FILE');
}

/** Whether it is a playlist, by its address. */
export const isPlaylistAddress = (url: string): boolean => /\.m3u8?$/i.test(new URL(url).pathname);

/** Whoever has the list may watch what stands in it, wherever that lies. */
export const channelTicket = ({ url, headers }: Pick<Ticket, 'url' | 'headers'>): Ticket => ({
  url,
  headers,
  answers: {},
  removed: [],
  playlist: {},
  variables: {},
  isTrusted: true,
  expires: null,
  client: null,
});

/** A channel of a list in M3U. */
export interface ListedChannel {
  readonly channel: Channel;
  /** Where it plays. */
  readonly url: string;
}

/** @param guide where what is on there is told */
export function writeChannelList(channels: readonly ListedChannel[], guide: string): string {
  const ids = guideIdsOf(channels.map(({ channel }) => channel));
  const lines = channels.map(({ channel, url }, i) => `${infoOf(channel, ids[i] ?? '')}\n${url}\n`);
  return `#EXTM3U x-tvg-url="${guide}"\n${lines.join('')}`;
}

function infoOf({ number, name, logo, group }: Channel, guideId: string): string {
  const attributes = [
    ['tvg-id', guideId],
    ['tvg-chno', number],
    ['tvg-name', name],
    ['tvg-logo', logo],
    ['group-title', group],
  ]
    .filter(([, value]) => value !== '')
    .map(([key, value = '']) => `${key}="${value.replaceAll('"', "'")}"`);
  return `#EXTINF:-1 ${attributes.join(' ')},${name}`;
}

/** A channel as it comes, fetched once for all who watch it. */
export async function sendLive(
  c: Context<AppEnv>,
  { url, headers, isTrusted }: Pick<Ticket, 'url' | 'headers' | 'isTrusted'>,
): Promise<Response> {
  const { live } = requireProxy(c);
  const reach = reachOf(c, isTrusted);
  // A channel is not opened for a look at it, unless it may be one that is not for who asks.
  if (c.req.method === 'HEAD' && reach.reach === undefined) {
    allowOrigins(c);
    return c.body(null, 200, { 'Content-Type': 'video/mp2t', 'Accept-Ranges': 'none' });
  }
  const answer = await live.open({ url, headers, ...reach }, c.req.raw.signal);
  const changes = {
    set: { 'cache-control': 'no-store', 'accept-ranges': 'none' },
    removed: ['etag', 'last-modified'],
    usualType: 'video/mp2t',
  };
  return sendRelayed(c, { answer, ...passedAnswer(answer, changes), isTrusted });
}
