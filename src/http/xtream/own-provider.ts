import { MediaError } from '../../core/errors.ts';
import type { Channel } from '../../proxy/channel-list.ts';
import { guideIdsOf } from '../../proxy/xmltv.ts';
import type { Programme } from '../deps.ts';
import type { OwnAccount } from './account.ts';

/** Streams at a time that such an account says it has. */
const CONNECTIONS = 8;
/** Programmes that are told where nobody says how many. */
const SHORT_LIST = 4;

/** A channel as players of that kind know it. */
export interface NumberedChannel {
  readonly channel: Channel;
  /** Stays as long as its address does, wherever it stands in the list. */
  readonly id: number;
  readonly guideId: string;
}

export type Numbering = (channels: readonly Channel[]) => readonly NumberedChannel[];

/** Each list is numbered once, as long as it lasts. */
export function createNumbering(): Numbering {
  const known = new WeakMap<readonly Channel[], readonly NumberedChannel[]>();
  return (channels) => {
    const list = known.get(channels) ?? numbered(channels);
    known.set(channels, list);
    return list;
  };
}

/** Two that are alike go different ways. */
export function numbered(channels: readonly Channel[]): readonly NumberedChannel[] {
  const guideIds = guideIdsOf(channels);
  const taken = new Set<number>();
  /** Where to look on, by the number of an address: one may stand there thousands of times. */
  const next = new Map<number, number>();
  return channels.map((channel, i) => {
    const first = hashOf(channel.url);
    let id = next.get(first) ?? first;
    while (taken.has(id)) id = following(id);
    taken.add(id);
    next.set(first, following(id));
    return { channel, id, guideId: guideIds[i] ?? '' };
  });
}

const following = (id: number): number => (id % 0x7fffffff) + 1;

/** FNV-1a, 31 bits: players keep it as a positive number. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 1 || 1;
}

/** @throws MediaError `not-found` */
export function channelOf(channels: readonly NumberedChannel[], id: string | undefined): NumberedChannel {
  const found = channels.find((each) => String(each.id) === id);
  if (found) return found;
  throw new MediaError('not-found', 'There is no channel of this number');
}

export const userInfo = ({ name, password }: OwnAccount) => ({
  username: name,
  password,
  message: '',
  auth: 1,
  status: 'Active',
  exp_date: null,
  is_trial: '0',
  active_cons: '0',
  created_at: '0',
  max_connections: String(CONNECTIONS),
  allowed_output_formats: ['m3u8', 'ts'],
});

/**
 * @param place the root of this server
 * @param now milliseconds since 1970
 */
export function serverInfo(place: string, now: number) {
  const { protocol, hostname, port } = new URL(place);
  const isSecure = protocol === 'https:';
  return {
    url: hostname,
    port: isSecure ? '80' : port || '80',
    https_port: isSecure ? port || '443' : '443',
    server_protocol: isSecure ? 'https' : 'http',
    rtmp_port: '0',
    timezone: 'UTC',
    timestamp_now: Math.floor(now / 1000),
    time_now: textOf(now),
  };
}

/** Names of the groups, in the order in which they come; channels without one are in the last. */
function groupsOf(channels: readonly NumberedChannel[]): readonly string[] {
  const names = new Set(channels.map(({ channel }) => channel.group));
  return [...names].filter((name) => name !== '').concat(names.has('') ? [''] : []);
}

export const liveCategories = (channels: readonly NumberedChannel[]) =>
  groupsOf(channels).map((name, i) => ({
    category_id: String(i + 1),
    category_name: name || 'Channels',
    parent_id: 0,
  }));

/** @param category id of one; absent: all */
export function liveStreams(channels: readonly NumberedChannel[], category: string | undefined) {
  const ids = new Map(groupsOf(channels).map((name, i) => [name, i + 1]));
  const streams = channels.map(({ channel, id, guideId }, i) => {
    const group = ids.get(channel.group) ?? 0;
    return {
      num: i + 1,
      name: channel.name,
      stream_type: 'live',
      stream_id: id,
      stream_icon: channel.logo,
      epg_channel_id: guideId,
      added: '0',
      is_adult: '0',
      category_id: String(group),
      category_ids: [group],
      custom_sid: '',
      tv_archive: 0,
      direct_source: '',
      tv_archive_duration: 0,
    };
  });
  return streams.filter(({ category_id }) => !category || category === category_id);
}

export interface Listing {
  readonly channel: NumberedChannel;
  readonly programmes: readonly Programme[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What is on, and what comes next. @param limit as it was asked for */
export function shortGuide(listing: Listing, limit: string | undefined) {
  const count = /^[1-9]\d{0,3}$/.test(limit ?? '') ? Number(limit) : SHORT_LIST;
  const coming = listing.programmes.filter(({ stop }) => stop > listing.now);
  return { epg_listings: coming.slice(0, count).map((programme) => told(listing, programme)) };
}

/** All of it. */
export const wholeGuide = (listing: Listing) => ({
  epg_listings: listing.programmes.map((programme) => ({
    ...told(listing, programme),
    now_playing: programme.start <= listing.now && listing.now < programme.stop ? 1 : 0,
    has_archive: 0,
  })),
});

/** Texts are in base64 there. */
function told({ channel }: Listing, { start, stop, title, description }: Programme) {
  const begin = Math.floor(start / 1000);
  return {
    id: String(begin),
    epg_id: String(channel.id),
    title: base64(title),
    lang: '',
    start: textOf(start),
    end: textOf(stop),
    description: base64(description),
    channel_id: channel.guideId,
    start_timestamp: String(begin),
    stop_timestamp: String(Math.floor(stop / 1000)),
  };
}

/** RFC 4648, 4. */
const base64 = (text: string): string =>
  btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));

/** `2026-11-22 20:30:00`, in UTC. */
const textOf = (time: number): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ');
