import type { Context } from 'hono';
import { plainRequest } from '../../proxy/token.ts';
import { reachOf } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { passedAnswer } from '../proxy/answer-headers.ts';
import { flag } from '../proxy/destination.ts';
import { openPlaylist } from '../proxy/hls.ts';
import { typeByName } from '../proxy/media-types.ts';
import { requireProxy } from '../proxy/proxy-parts.ts';
import { sendRelayed } from '../proxy/send-relayed.ts';
import { askingOf } from '../proxy/stream.ts';
import { sendTranscoded } from '../proxy/transcode.ts';
import { queryFields } from '../query.ts';
import { channelTicket, isPlaylistAddress, sendLive } from '../tuner/channels.ts';
import type { UpstreamAccount } from './account.ts';
import { channelsOf } from './own-answers.ts';
import { channelOf, type Numbering } from './own-provider.ts';

/** What a path asks for. */
export interface AskedStream {
  /** Last part of the path, which tells what it is. */
  readonly file: string;
  /** The way to the root of this server: relative, so that prefixes stay. */
  readonly up: string;
}

/** It lies at a provider. */
export interface ProviderStream extends AskedStream {
  readonly account: UpstreamAccount;
  readonly url: string;
}

const isPlaylistName = (file: string): boolean => /\.m3u8?$/i.test(file);

const folderOf = ({ up }: AskedStream): string => `${up}proxy/hls/`;

const ticketOf = ({ account, url }: ProviderStream) => ({
  ...channelTicket({ url, headers: {} }),
  isTrusted: account.isTrusted,
});

/** A channel of the provider, fetched once for all who watch it, or as a playlist that leads here. */
export function sendProviderChannel(c: Context<AppEnv>, stream: ProviderStream): Promise<Response> {
  const ticket = ticketOf(stream);
  return isPlaylistName(stream.file)
    ? openPlaylist(c, { ticket, up: folderOf(stream) })
    : sendLive(c, ticket);
}

/** A film of the provider as it is, any range of it; `transcode=` as fragmented MP4, `hls=` as a playlist. */
export async function sendProviderFilm(c: Context<AppEnv>, stream: ProviderStream): Promise<Response> {
  const { account, url, file, up } = stream;
  const { isTrusted } = account;
  const fields = queryFields(c.req.url);
  const destination = { url, headers: {}, answers: {}, mediaAnswers: {}, removed: [], isTrusted, fields };
  if (flag(destination, 'transcode')) return sendTranscoded(c, destination);
  if (flag(destination, 'hls')) return sendToHls(c, { url, headers: {}, isTrusted }, up);
  if (isPlaylistName(file)) return openPlaylist(c, { ticket: ticketOf(stream), up: folderOf(stream) });
  const request = { url, headers: {}, ...reachOf(c, isTrusted) };
  const answer = await requireProxy(c).relay.relay(request, askingOf(c), c.req.raw.signal);
  const passed = passedAnswer(answer, { set: {}, removed: [], usualType: typeByName(file) });
  return sendRelayed(c, { answer, ...passed, isTrusted });
}

/** A channel of this server's list. One in HLS is a playlist, whatever it is asked for as. */
export async function sendOwnChannel(
  c: Context<AppEnv>,
  asked: AskedStream,
  numbering: Numbering,
): Promise<Response> {
  const { channel } = channelOf(await channelsOf(c, numbering), asked.file.split('.')[0]);
  const ticket = channelTicket(channel);
  if (isPlaylistAddress(channel.url)) return openPlaylist(c, { ticket, up: folderOf(asked) });
  return isPlaylistName(asked.file) ? sendToHls(c, ticket, asked.up) : sendLive(c, ticket);
}

interface Title {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isTrusted: boolean;
}

/** To the playlist that is made of it here. */
async function sendToHls(c: Context<AppEnv>, title: Title, up: string): Promise<Response> {
  const { url, headers, isTrusted } = title;
  const token = await c.var.deps.tokens.seal(plainRequest({ url, headers, isTrusted }));
  c.header('Cache-Control', 'no-store');
  return c.redirect(`${up}hls/${token}/master.m3u8`);
}
