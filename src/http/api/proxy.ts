import { z } from 'zod';
import type { ApiAnswer, ApiRoute } from './route.ts';
import { seconds, text, wholeNumber, words } from './texts.ts';

const TAG = 'Proxy';

const YES_OR_NO = '1|true|yes|on|t|y|0|false|no|off|f|n';

const yesOrNo = (about: string) =>
  z
    .string()
    .regex(new RegExp(`^(${YES_OR_NO})$`, 'i'), 'must be true or false')
    .meta({ description: about });

const destination = {
  d: text('The URL: percent-encoded, or in base64.').optional(),
  url: text('The same, for clients that call it so.').optional(),
  x_headers: text('Names of the upstream’s headers that are not passed on, with commas.').optional(),
} as const;

const prefixes = {
  h_: 'Header of the request upstream',
  r_: 'Header of this answer',
  rp_: 'Header of this answer, and of those with media that a playlist leads to',
} as const;

const streamQuery = z.object({
  ...destination,
  transcode: yesOrNo('Sends it as fragmented MP4 of H.264 and AAC.').optional(),
  start: seconds('Where that begins.').optional(),
  transformer: text('`ts_stream`: takes a picture away that a transport stream hides behind.').optional(),
});

const playlistQuery = z.object({
  ...destination,
  max_res: yesOrNo('Keeps the largest pictures only.').optional(),
  resolution: words('\\d{2,4}p', {
    reason: 'must be lines with a p, as in 720p',
    about: 'Keeps pictures of these lines only, or the nearest.',
  }).optional(),
  skip: z
    .string()
    .regex(/^(\s*\d+(\.\d+)?\s*-\s*\d+(\.\d+)?\s*(,|$))+$/, 'must be seconds, as in 0-112,280-300')
    .meta({ description: 'Seconds that are left out.', examples: ['0-112,280-300'] })
    .optional(),
  start_offset: z
    .string()
    .regex(/^-?\d{1,7}(\.\d{1,6})?$/, 'must be seconds, as in 12.5 or -18')
    .meta({ description: 'Where players begin, from the end where negative.' })
    .optional(),
  key_url: text('Where keys are fetched from instead: a server, or a whole URL.').optional(),
  key_only_proxy: yesOrNo('Media are fetched from upstream by the player itself.').optional(),
  no_proxy: yesOrNo('Nothing leads through this server.').optional(),
  force_playlist_proxy: yesOrNo('With `no_proxy`: playlists do.').optional(),
});

const PLAYLIST: ApiAnswer = { description: 'Playlist', type: 'application/vnd.apple.mpegurl' };
const FILM: ApiAnswer = { description: 'Film', type: 'video/mp4' };
const BYTES: Readonly<Record<string, ApiAnswer>> = {
  200: { description: 'All of it', type: '*/*' },
  206: { description: 'The range that was asked for', type: '*/*' },
  304: { description: 'Unchanged' },
  416: { description: 'Behind the end' },
};

/** Errors there are as mediaflow-proxy writes them. */
const failure: ApiAnswer = {
  description: 'Refused, or not to be had',
  type: 'application/json',
  schema: z.object({ detail: z.string(), code: z.string() }),
};

const get = (
  route: Pick<ApiRoute, 'name' | 'path' | 'summary' | 'answers'> & Partial<ApiRoute>,
): ApiRoute => ({
  method: 'get',
  tag: TAG,
  access: 'password',
  ...route,
  answers: { ...route.answers, default: failure },
});

const guide = get({
  name: 'passGuide',
  path: '/proxy/epg',
  summary: 'A programme guide as it is, kept for a while',
  query: z.object({
    d: destination.d,
    url: destination.url,
    cache_ttl: wholeNumber('Seconds for which it is new; 3600 unless given, 0: it is not kept.').optional(),
  }),
  prefixes,
  answers: { 200: { description: 'Guide', type: 'application/xml' } },
});

const named = get({
  name: 'passNamed',
  path: '/proxy/stream/{filename}',
  summary: 'The same, called as the path says',
  params: z.object({ filename: text('What a player shows, or takes the kind of file from.') }),
  query: streamQuery,
  prefixes,
  answers: BYTES,
});

const opened = (name: string, path: string, summary: string): ApiRoute =>
  get({ name, path, summary, query: playlistQuery, prefixes, answers: { 200: PLAYLIST } });

/** What a list of ours leads to: by its own address, or by `d=`. */
const film = z.object({
  ...destination,
  media: text('As a list gave it out: stands for `d=` and the password.').optional(),
  version: text('Of the film.').optional(),
});

export const PROXY_ROUTES: readonly ApiRoute[] = [
  get({
    name: 'pass',
    path: '/proxy/stream',
    summary: 'The bytes behind a URL as they are, any range of them',
    query: streamQuery,
    prefixes,
    answers: BYTES,
  }),
  named,
  guide,
  get({
    name: 'mergeLists',
    path: '/playlist/playlist',
    summary: 'M3U lists as one, whose addresses lead through this server',
    query: z.object({
      d: text(
        'URLs of the lists, with semicolons between them; `sort:` in front of one sorts it, `no_proxy:` leaves its addresses as they are.',
      ),
    }),
    answers: { 200: PLAYLIST },
  }),
  opened(
    'passPlaylist',
    '/proxy/hls/manifest.m3u8',
    'An HLS playlist whose addresses lead through this server',
  ),
  opened('passKeys', '/proxy/hls/key_proxy/manifest.m3u8', 'The same for its keys only'),
  get({
    name: 'passSegment',
    path: '/proxy/hls/{file}',
    summary: 'A segment, with the type that its bytes have',
    params: z.object({
      file: z
        .string()
        .regex(/^segment\.[a-z0-9]{2,4}$/)
        .meta({ examples: ['segment.ts'] }),
    }),
    query: z.object(destination),
    prefixes,
    answers: BYTES,
  }),
  get({
    name: 'passSealed',
    path: '/proxy/hls/{ticket}/{name}',
    summary: 'What a playlist of this server leads to',
    params: z.object({
      ticket: text('What it stands for, encrypted.'),
      name: text('Its kind and extension.'),
    }),
    answers: BYTES,
    access: 'open',
  }),
  get({
    name: 'listFilm',
    path: '/proxy/transcode/playlist.m3u8',
    summary: 'A film as H.264 and AAC in one stream',
    query: z.object(destination),
    prefixes,
    answers: { 200: PLAYLIST },
  }),
  get({
    name: 'initFilm',
    path: '/proxy/transcode/init.mp4',
    summary: 'Its initialization segment',
    query: film,
    prefixes,
    answers: { 200: FILM },
  }),
  get({
    name: 'readFilm',
    path: '/proxy/transcode/segment.m4s',
    summary: 'One of its segments',
    query: z.object({
      ...film.shape,
      start_ms: z
        .string()
        .regex(/^\d{1,12}(\.\d{1,6})?$/, 'must be milliseconds')
        .meta({ description: 'Where it begins: within a millisecond of what the list says.' }),
      end_ms: text('Not used.').optional(),
      seg: wholeNumber('Not used.').optional(),
    }),
    prefixes,
    answers: { 200: FILM },
  }),
];
