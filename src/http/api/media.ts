import { z } from 'zod';
import { isUrl } from '../../core/url.ts';
import { SOUNDS } from '../../pipeline/movie/movie.ts';
import { SEEKS } from '../../pipeline/movie/place.ts';
import { MAX_URL } from '../media-request.ts';
import type { ApiRoute } from './route.ts';
import { oneOf, seconds, text, wholeNumber, words } from './texts.ts';
import { titleDescription } from './title.ts';

const isReadable = (url: string): boolean => !/^https?:/i.test(url) || isUrl(url);

const WHAT_IT_IS =
  'must be an http or https URL, root:<name>/<path> of a served folder, or upload:<id>, percent-encoded';

const mediaUrl = z
  .string('is missing: add ?d=<URL of the file>, percent-encoded')
  .trim()
  .max(MAX_URL, `must be no longer than ${MAX_URL} characters`)
  .regex(/^([Hh][Tt][Tt][Pp][Ss]?:\/\/|root:|upload:|r2:)/, WHAT_IT_IS)
  .refine(isReadable, WHAT_IT_IS)
  .meta({
    description:
      'The media: an http or https URL, `root:<name>/<path>` of a served folder, or `upload:<id>`; percent-encoded.',
    examples: ['https://example.org/film.mkv', 'root:demo/demo.mkv'],
  });

/** Which tracks, and in which form. */
const selection = {
  video: words('\\d+|copy|h264|avc|hevc|h265|av1', {
    reason: 'takes the index of a track, copy, h264, hevc or av1',
    about: 'Index of the video track, and forms of it by their codecs: `1`, `h264`, `1,copy`.',
  }),
  audio: text('Indexes or languages of the audio tracks, with commas, or `none`; all of them without it.'),
  subtitles: text('Indexes or languages of the subtitles, with commas, or `none`; all of them without it.'),
  program: wholeNumber('Number of the program of a transport stream; the first with pictures without it.'),
  recovery: text('`hidden`: without messages about recovery points, for players that begin there and fail.'),
  maxheight: wholeNumber('Lines that video has at most.'),
  maxbitrate: wholeNumber('Bits a second that video has at most.'),
} as const;

/** Every field but `d` may be left out. */
export const selectionQuery = z.object(selection).partial();

export const mediaQuery = z.object({
  d: mediaUrl,
  ...selectionQuery.shape,
  expires: wholeNumber('Seconds from now after which the addresses that are given out are dead.').optional(),
  key: text(
    'The key that the server printed at start: opens local and private media to other sites.',
  ).optional(),
});

export const movieQuery = z.object({
  ...mediaQuery.shape,
  start: seconds('Where it begins.').optional(),
  duration: seconds('How much of it is sent.').optional(),
  seek: oneOf(SEEKS, 'The key picture before or after `start`, or that very picture.').optional(),
  sound: oneOf(SOUNDS, 'Whether sound that few players take becomes AAC, or stays as it is.').optional(),
});

export const MEDIA_PREFIXES = {
  h_: 'Headers that the media are asked for with: `h_referer=https://example.org/`.',
} as const;
const TAG = 'Media';
const MOVIE_TYPE = 'video/mp4';

export const MEDIA_ROUTES: readonly ApiRoute[] = [
  {
    name: 'openMaster',
    method: 'get',
    path: '/hls/master.m3u8',
    tag: TAG,
    summary: 'HLS of a media file',
    description: 'A multivariant playlist with fMP4 renditions; the addresses in it need no password.',
    query: mediaQuery,
    prefixes: MEDIA_PREFIXES,
    answers: { 200: { description: 'Playlist', type: 'application/vnd.apple.mpegurl' } },
    access: 'password',
  },
  {
    name: 'probe',
    method: 'get',
    path: '/probe',
    tag: TAG,
    summary: 'What a media file is, what is done with each track, and why',
    query: mediaQuery,
    prefixes: MEDIA_PREFIXES,
    answers: { 200: { description: 'Description', type: 'application/json', schema: titleDescription } },
    access: 'password',
  },
  {
    name: 'remux',
    method: 'get',
    path: '/remux.mp4',
    tag: TAG,
    summary: 'A media file as one fragmented MP4, made while it is sent',
    query: movieQuery,
    prefixes: MEDIA_PREFIXES,
    answers: { 200: { description: 'Film; ranges are not served', type: MOVIE_TYPE } },
    access: 'password',
  },
  {
    name: 'faststart',
    method: 'get',
    path: '/faststart.mp4',
    tag: TAG,
    summary: 'An MP4 file as it is, with its index in front',
    query: mediaQuery,
    prefixes: MEDIA_PREFIXES,
    answers: {
      200: { description: 'The whole file', type: MOVIE_TYPE },
      206: { description: 'The range that was asked for', type: MOVIE_TYPE },
      304: { description: 'Unchanged' },
      416: { description: 'The range lies behind the end' },
    },
    access: 'password',
  },
];
