import { type Context, Hono } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { Channel } from '../../proxy/channel-list.ts';
import type { Ticket } from '../../proxy/ticket.ts';
import { reachOf } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { requireLeave } from '../path-key.ts';
import { passedAnswer } from '../proxy/answer-headers.ts';
import { requireProxy } from '../proxy/proxy-parts.ts';
import { sendRelayed } from '../proxy/send-relayed.ts';
import { placeOf } from './place.ts';
import { xmltv } from './xmltv.ts';

/** Streams at a time that a tuner says it has: servers ask for no more of them. */
const TUNERS = 8;

/**
 * The channels of a list for media servers: as an M3U list with a guide, and as an HDHomeRun tuner has them; below
 * `/tuner/`, and below `/tuner/<key>/` for servers that cannot send a password. Addresses of channels never expire.
 */
export function tunerRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/stream/:ticket{[\\w-]{40,}\\.ts}', sendChannel);
  const leave = requireLeave('/tuner/<key>/');
  for (const prefix of ['', '/:key{[\\w-]{20,39}}']) {
    routes.get(`${prefix}/playlist.m3u`, leave, async (c) => {
      const lines = (await linesOf(c)).map(({ channel, url }) => `${infoOf(channel)}\n${url}\n`);
      return text(c, `#EXTM3U x-tvg-url="${hereOf(c)}guide.xml"\n${lines.join('')}`, 'audio/x-mpegurl');
    });
    routes.get(`${prefix}/lineup.json`, leave, async (c) =>
      c.json(
        (await linesOf(c)).map(({ channel: { number, name }, url }) => ({
          GuideNumber: number,
          GuideName: name,
          URL: url,
        })),
      ),
    );
    routes.get(`${prefix}/guide.xml`, leave, async (c) => text(c, xmltv(await listOf(c)), 'application/xml'));
    routes.get(`${prefix}/discover.json`, leave, (c) => c.json(discovery(hereOf(c))));
    routes.get(`${prefix}/lineup_status.json`, leave, (c) =>
      c.json({ ScanInProgress: 0, ScanPossible: 0, Source: 'Cable', SourceList: ['Cable'] }),
    );
  }
  return routes;
}

async function listOf(c: Context<AppEnv>): Promise<readonly Channel[]> {
  const { channels } = c.var.deps;
  if (!channels)
    throw new MediaError('not-offered', 'This server has no channels. Start it with --channels FILE');
  return channels.list(c.req.raw.signal);
}

interface Line {
  readonly channel: Channel;
  /** Where it plays, as other machines reach it. */
  readonly url: string;
}

async function linesOf(c: Context<AppEnv>): Promise<readonly Line[]> {
  const { tickets } = requireProxy(c);
  const root = placeOf(c);
  const lines = (await listOf(c)).map(async (channel) => {
    const { url, headers } = channel;
    const ticket = await tickets.seal({ ...BARE, url, headers });
    const isPlaylist = /\.m3u8?$/i.test(new URL(url).pathname);
    return {
      channel,
      url: `${root}${isPlaylist ? `proxy/hls/${ticket}/index.m3u8` : `tuner/stream/${ticket}.ts`}`,
    };
  });
  return Promise.all(lines);
}

/** Whoever has the list may watch what stands in it, wherever that lies. */
const BARE: Omit<Ticket, 'url' | 'headers'> = {
  answers: {},
  removed: [],
  playlist: {},
  variables: {},
  isTrusted: true,
  expires: null,
  client: null,
};

/** The folder that a request asks in, as other machines reach it. */
function hereOf(c: Context<AppEnv>): string {
  const key = c.req.param('key');
  return `${placeOf(c)}tuner/${key === undefined ? '' : `${key}/`}`;
}

function infoOf({ number, name, guideId, logo, group }: Channel): string {
  const attributes = [
    ['tvg-id', guideId || number],
    ['tvg-chno', number],
    ['tvg-name', name],
    ['tvg-logo', logo],
    ['group-title', group],
  ]
    .filter(([, value]) => value !== '')
    .map(([key, value = '']) => `${key}="${value.replaceAll('"', "'")}"`);
  return `#EXTINF:-1 ${attributes.join(' ')},${name}`;
}

const discovery = (here: string) => ({
  FriendlyName: 'Sluice',
  Manufacturer: 'Sluice',
  ModelNumber: 'HDTC-2US',
  FirmwareName: 'hdhomeruntc_atsc',
  FirmwareVersion: '20150826',
  DeviceID: '5105CE00',
  DeviceAuth: '',
  TunerCount: TUNERS,
  BaseURL: here.replace(/\/$/, ''),
  LineupURL: `${here}lineup.json`,
});

function text(c: Context<AppEnv>, body: string, type: string): Response {
  c.header('Cache-Control', 'no-cache');
  return c.body(body, 200, { 'Content-Type': `${type}; charset=utf-8` });
}

/** `/tuner/stream/<ticket>.ts`: a channel as it comes, fetched once for all who watch it. */
async function sendChannel(c: Context<AppEnv>): Promise<Response> {
  const { tickets, live } = requireProxy(c);
  const ticket = await tickets.open((c.req.param('ticket') ?? '').replace(/\.ts$/, ''));
  const { url, headers, isTrusted } = ticket;
  if (c.req.method === 'HEAD')
    return c.body(null, 200, { 'Content-Type': 'video/mp2t', 'Accept-Ranges': 'none' });
  const answer = await live.open({ url, headers, ...reachOf(c, isTrusted) }, c.req.raw.signal);
  const changes = {
    set: { 'cache-control': 'no-store', 'accept-ranges': 'none' },
    removed: ['etag', 'last-modified'],
    usualType: 'video/mp2t',
  };
  return sendRelayed(c, { answer, ...passedAnswer(answer, changes), isTrusted });
}
