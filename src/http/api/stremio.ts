import { z } from 'zod';
import type { ApiRoute } from './route.ts';
import { text, wholeNumber } from './texts.ts';

const TAG = 'Stremio';

const film = {
  mediaURL: text('The film.').optional(),
  from: text('The same, for clients that call it so.').optional(),
} as const;

const subtitles = {
  d: text('The file with subtitles; percent-encoded.').optional(),
  from: text('The same, for players of Stremio.').optional(),
  url: text('The same.').optional(),
  subsUrl: text('The same.').optional(),
  offset: text('Milliseconds by which all is shown later; earlier with a minus.').optional(),
  fps: text('Pictures a second of the film, for files that count pictures and do not say it.').optional(),
  charset: text('How the file is written, where that is not guessed rightly: `windows-874`.').optional(),
} as const;

const SUBTITLE_HEADERS = { h_: 'Headers that the file is asked for with.' } as const;

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
      name: 'readScriptForPlayer',
      path: '/hlsv2/{id}/source/subtitle/{file}',
      parts: {
        id: text('Stands for nothing.'),
        file: z
          .string()
          .regex(/^[0-9]+\.ass$/)
          .meta({ examples: ['3.ass'] }),
      },
      summary: 'The script of a track of ASS, for a player that draws it',
      query: z.object(film),
      answers: {
        200: { description: 'Script', type: 'text/x-ssa' },
        501: { description: 'It would take too long to gather' },
      },
      access: 'password',
    },
    {
      name: 'readFontForPlayer',
      path: '/hlsv2/{film}/source/attachment/{id}',
      parts: {
        film: text('Stands for nothing.'),
        id: z
          .string()
          .regex(/^[0-9]+$/)
          .meta({ examples: ['4'] }),
      },
      summary: 'A font that is attached to a film',
      query: z.object(film),
      answers: {
        200: { description: 'Font', type: 'application/octet-stream' },
        501: { description: 'It is no font' },
      },
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
        ['vtt', 'text/vtt', 'WebVTT'],
        ['srt', 'application/x-subrip', 'SubRip'],
      ] as const
    ).map(([form, type, description]) => ({
      name: `convertTo${description}`,
      path: `/subtitles.${form}`,
      summary: `A file with subtitles, of any format and charset, packed or not, as ${description}`,
      query: z.object(subtitles),
      prefixes: SUBTITLE_HEADERS,
      answers: { 200: { description, type }, 304: { description: 'Unchanged' } },
      access: 'password' as const,
    })),
    {
      name: 'readSubtitles',
      path: '/subtitlesTracks',
      summary: 'What a file with subtitles shows, as data',
      query: z.object(subtitles),
      prefixes: SUBTITLE_HEADERS,
      answers: {
        200: { description: 'Texts and their times, or an error', type: JSON_TYPE, schema: anything },
      },
      access: 'password',
    },
    {
      name: 'listTracks',
      path: '/tracks/{url}',
      parts: { url: text('The film, percent-encoded.') },
      summary: 'Tracks of a film, for televisions that do not tell them',
      answers: { 200: { description: 'Tracks', type: JSON_TYPE, schema: z.array(anything) } },
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
        'subtitleSignature',
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
