import { z } from 'zod';
import type { ApiRoute } from './route.ts';
import { text, wholeNumber } from './texts.ts';

const TAG = 'Stremio';

const film = {
  mediaURL: text('The film.').optional(),
  from: text('The same, for clients that call it so.').optional(),
} as const;

const abilities = {
  videoCodecs: text('What the player decodes, as FFmpeg names it; repeated, or with commas.').optional(),
  audioCodecs: text('The same of sound.').optional(),
  maxAudioChannels: wholeNumber('That it plays.').optional(),
  maxWidth: wholeNumber('Of pictures, in samples.').optional(),
  forceTranscoding: text('`1`: nothing is copied.').optional(),
} as const;

const JSON_TYPE = 'application/json';
const anything = z.looseObject({});

/** What is the same at the root and below `/stremio/{key}`. */
const ROUTES: readonly (Omit<ApiRoute, 'method' | 'tag' | 'params'> & { readonly parts?: z.ZodRawShape })[] =
  [
    {
      name: 'probeForPlayer',
      path: '/hlsv2/probe',
      summary: 'What a film is, for a player that decides whether it takes it as it is',
      query: z.object(film),
      answers: { 200: { description: 'Container and tracks', type: JSON_TYPE, schema: anything } },
      access: 'password',
    },
    {
      name: 'openForPlayer',
      path: '/hlsv2/{id}/master.m3u8',
      parts: { id: text('Stands for nothing.') },
      summary: 'HLS of a film in the forms that a player takes',
      query: z.object({ ...film, ...abilities }),
      answers: { 200: { description: 'Playlist', type: 'application/vnd.apple.mpegurl' } },
      access: 'password',
    },
    {
      name: 'endForPlayer',
      path: '/hlsv2/{id}/destroy',
      parts: { id: text('Stands for nothing.') },
      summary: 'Ends nothing: a film lives as long as it is asked for',
      answers: { 200: { description: 'Nothing', type: JSON_TYPE, schema: anything } },
      access: 'open',
    },
    {
      name: 'hashFilm',
      path: '/opensubHash',
      summary: 'The hash by which OpenSubtitles knows a film',
      query: z.object({ videoUrl: text('The film.').optional(), from: film.from }),
      answers: { 200: { description: 'Hash and size, or an error', type: JSON_TYPE, schema: anything } },
      access: 'password',
    },
    ...(
      [
        'settings',
        'network-info',
        'device-info',
        'hwaccel-profiler',
        'casting',
        'heartbeat',
        'status',
        'hlsv2/status',
      ] as const
    ).map((path) => ({
      name: `stremio ${path}`.replaceAll(/[ /-](\w)/g, (_, letter: string) => letter.toUpperCase()),
      path: `/${path}`,
      summary: 'What players ask of the server itself',
      answers: { 200: { description: 'The same always', type: JSON_TYPE } },
      access: 'open' as const,
    })),
  ];

const key = text('The key that the server printed at start, for players that cannot send a password.');

export const STREMIO_ROUTES: readonly ApiRoute[] = ROUTES.flatMap(({ parts = {}, ...route }): ApiRoute[] => [
  {
    ...route,
    method: 'get',
    tag: TAG,
    ...(Object.keys(parts).length > 0 ? { params: z.object(parts) } : {}),
  },
  {
    ...route,
    name: `${route.name}ByKey`,
    path: `/stremio/{key}${route.path}`,
    method: 'get',
    tag: TAG,
    params: z.object({ key, ...parts }),
    access: 'open',
  },
]);
