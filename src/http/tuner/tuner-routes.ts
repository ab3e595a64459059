import { type Context, Hono } from 'hono';
import type { AppEnv } from '../deps.ts';
import { requireLeave } from '../path-key.ts';
import { requireProxy } from '../proxy/proxy-parts.ts';
import {
  channelTicket,
  isPlaylistAddress,
  type ListedChannel,
  requireChannels,
  sendLive,
  writeChannelList,
} from './channels.ts';
import { placeOf } from './place.ts';
import { sendGuide } from './send-guide.ts';

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
      const list = writeChannelList(await linesOf(c), `${hereOf(c)}guide.xml`);
      return text(c, list, 'audio/x-mpegurl');
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
    routes.get(`${prefix}/guide.xml`, leave, sendGuide);
    routes.get(`${prefix}/discover.json`, leave, (c) => c.json(discovery(hereOf(c))));
    routes.get(`${prefix}/lineup_status.json`, leave, (c) =>
      c.json({ ScanInProgress: 0, ScanPossible: 0, Source: 'Cable', SourceList: ['Cable'] }),
    );
  }
  return routes;
}

async function linesOf(c: Context<AppEnv>): Promise<readonly ListedChannel[]> {
  const { tickets } = requireProxy(c);
  const root = placeOf(c);
  const channels = await requireChannels(c).list(c.req.raw.signal);
  const lines = channels.map(async (channel) => {
    const ticket = await tickets.seal(channelTicket(channel));
    const place = isPlaylistAddress(channel.url)
      ? `proxy/hls/${ticket}/index.m3u8`
      : `tuner/stream/${ticket}.ts`;
    return { channel, url: `${root}${place}` };
  });
  return Promise.all(lines);
}

/** The folder that a request asks in, as other machines reach it. */
function hereOf(c: Context<AppEnv>): string {
  const key = c.req.param('key');
  return `${placeOf(c)}tuner/${key === undefined ? '' : `${key}/`}`;
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

/** `/tuner/stream/<ticket>.ts` */
async function sendChannel(c: Context<AppEnv>): Promise<Response> {
  const { tickets } = requireProxy(c);
  return sendLive(c, await tickets.open((c.req.param('ticket') ?? '').replace(/\.ts$/, '')));
}
