import { z } from 'zod';
import type { ApiAnswer, ApiRoute } from './route.ts';
import { text } from './texts.ts';

const TAG = 'Xtream';

const user = text(
  'base64 of `<URL of the provider>:<user>[:<password of this server>]`, or any other name for the channels of this server.',
);
const password = text(
  'Of the account with the provider; for the channels of this server its own, or its key.',
);

const login = z.object({ username: user, password });

const JSON_ANSWER: ApiAnswer = { description: 'Told', type: 'application/json' };
const BYTES: ApiRoute['answers'] = {
  200: { description: 'All of it', type: '*/*' },
  206: { description: 'The range that was asked for', type: '*/*' },
  302: { description: 'To the playlist that is made of it here' },
};

/** Errors there are as mediaflow-proxy writes them. */
const failure: ApiAnswer = {
  description: 'Refused, or not to be had',
  type: 'application/json',
  schema: z.object({ detail: z.string(), code: z.string() }),
};

const get = ({
  answers,
  ...route
}: Pick<ApiRoute, 'name' | 'path' | 'summary' | 'answers'> & Partial<ApiRoute>): ApiRoute => ({
  method: 'get',
  tag: TAG,
  access: 'open',
  ...route,
  answers: { ...answers, default: failure },
});

const named = { user, password, file: text('Number of the stream, and the extension of what is wanted.') };

const stream = (name: string, path: string, summary: string): ApiRoute => {
  const others = [...path.matchAll(/\{(\w+)\}/g)].map(([, part = '']) => [part, z.string()] as const);
  const params = z.object({
    ...Object.fromEntries(others.filter(([part]) => !(part in named))),
    ...pick(path),
  });
  return get({ name, path, summary, params, answers: BYTES });
};

/** Of what most paths have, what this one has. */
const pick = (path: string): z.core.$ZodShape =>
  Object.fromEntries(Object.entries(named).filter(([part]) => path.includes(`{${part}}`)));

const filmQuery = z.object({
  transcode: text('`true`: fragmented MP4 of H.264 and AAC.').optional(),
  start: text('Seconds at which that begins.').optional(),
  hls: text('`true`: a playlist that is made of it here.').optional(),
});

export const XTREAM_ROUTES: readonly ApiRoute[] = [
  get({
    name: 'askAccount',
    path: '/player_api.php',
    summary: 'Account, lists and guides of a provider, or of the channels of this server',
    query: login.extend({ action: text('What is asked for; absent: the account.').optional() }),
    answers: { 200: JSON_ANSWER },
  }),
  {
    ...get({
      name: 'postAccount',
      path: '/player_api.php',
      summary: 'The same by a form, as some players ask',
      answers: { 200: JSON_ANSWER },
    }),
    method: 'post',
    body: { type: 'application/x-www-form-urlencoded', schema: login },
  },
  get({
    name: 'askPanel',
    path: '/panel_api.php',
    summary: 'The same at once, of a provider',
    query: login,
    answers: { 200: JSON_ANSWER },
  }),
  get({
    name: 'accountPlaylist',
    path: '/get.php',
    summary: 'All streams of an account as an M3U list',
    query: login,
    answers: { 200: { description: 'List', type: 'audio/x-mpegurl' } },
  }),
  get({
    name: 'accountGuide',
    path: '/xmltv.php',
    summary: 'What is on, as XMLTV',
    query: login,
    answers: { 200: { description: 'Guide', type: 'application/xml' } },
  }),
  stream('accountChannel', '/live/{user}/{password}/{file}', 'A channel of an account'),
  stream('accountChannelShort', '/{user}/{password}/{file}', 'The same, at its short address'),
  { ...stream('accountFilm', '/movie/{user}/{password}/{file}', 'A film of a provider'), query: filmQuery },
  {
    ...stream('accountEpisode', '/series/{user}/{password}/{file}', 'An episode of a provider'),
    query: filmQuery,
  },
  stream(
    'accountTimeshift',
    '/timeshift/{user}/{password}/{duration}/{start}/{file}',
    'What was on, from the archive of a provider',
  ),
  get({
    name: 'accountTimeshiftScript',
    path: '/streaming/timeshift.php',
    summary: 'The same, at its other address',
    query: login,
    answers: BYTES,
  }),
  stream(
    'accountRecording',
    '/hlsr/{token}/{user}/{password}/{channel}/{start}/{end}/index.m3u8',
    'The same in HLS',
  ),
];
