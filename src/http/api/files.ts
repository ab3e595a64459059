import { z } from 'zod';
import { MEDIA_PREFIXES, mediaQuery } from './media.ts';
import type { ApiRoute } from './route.ts';
import { text } from './texts.ts';

const TAG = 'Media';
const BYTES = 'application/octet-stream';

const place = z.object({
  token: text('The media and how they are asked for, encrypted: as `sluice library` writes it.'),
  name: text('Of the file, for people and programs.'),
});

const ANSWERS = {
  200: { description: 'The whole file', type: BYTES },
  206: { description: 'The range that was asked for', type: BYTES },
  304: { description: 'Unchanged' },
  416: { description: 'The range lies behind the end' },
} as const;

/** Media at addresses that last, and as they are. */
export const FILE_ROUTES: readonly ApiRoute[] = [
  {
    name: 'readFile',
    method: 'get',
    path: '/file',
    tag: TAG,
    summary: 'A media file as it is, any range of it',
    query: mediaQuery,
    prefixes: MEDIA_PREFIXES,
    answers: ANSWERS,
    access: 'password',
  },
  {
    name: 'readNamedFile',
    method: 'get',
    path: '/file/{token}/{name}',
    tag: TAG,
    summary: 'The same at an address that lasts',
    params: place,
    answers: ANSWERS,
    access: 'open',
  },
  {
    name: 'openLastingMaster',
    method: 'get',
    path: '/hls/{token}/master.m3u8',
    tag: TAG,
    summary: 'HLS of a media file at an address that lasts',
    params: place.pick({ token: true }),
    answers: { 200: { description: 'Playlist', type: 'application/vnd.apple.mpegurl' } },
    access: 'open',
  },
  {
    name: 'remuxNamed',
    method: 'get',
    path: '/remux.mp4/{token}/{name}',
    tag: TAG,
    summary: 'A media file as one fragmented MP4 at an address that lasts',
    params: place,
    answers: { 200: { description: 'Film; ranges are not served', type: 'video/mp4' } },
    access: 'open',
  },
];
