import { z } from 'zod';
import type { ApiRoute } from './route.ts';
import { text, wholeNumber } from './texts.ts';

const TAG = 'HLS';

const place = {
  token: text('What the master playlist gave out: the media and how they are asked for, encrypted.'),
  version: text('Of the file.'),
  rendition: text('`v0`, `a1`, `a1-copy`, `s3` …'),
} as const;

const CHANGED = {
  410: { description: 'The file has changed; the master playlist has to be read again' },
} as const;

/** Addresses that playlists lead to. */
export const HLS_ROUTES: readonly ApiRoute[] = [
  {
    name: 'readRendition',
    method: 'get',
    path: '/hls/{token}/{version}/{rendition}/index.m3u8',
    tag: TAG,
    summary: 'The playlist of one rendition',
    params: z.object(place),
    query: z.object({
      _HLS_msn: wholeNumber('Of a list that grows: waits for the segment of that number.').optional(),
    }),
    answers: { 200: { description: 'Playlist', type: 'application/vnd.apple.mpegurl' }, ...CHANGED },
    access: 'open',
  },
  {
    name: 'readInit',
    method: 'get',
    path: '/hls/{token}/{version}/{rendition}/init.mp4',
    tag: TAG,
    summary: 'The initialization segment of one rendition',
    params: z.object(place),
    answers: {
      200: { description: 'Segment', type: 'video/mp4' },
      304: { description: 'Unchanged' },
      ...CHANGED,
    },
    access: 'open',
  },
  {
    name: 'readSegment',
    method: 'get',
    path: '/hls/{token}/{version}/{rendition}/{file}',
    tag: TAG,
    summary: 'One segment of one rendition',
    description: 'Of subtitles (`s3`) WebVTT, `<n>.vtt`; of pictures and sound fragmented MP4, `<n>.m4s`.',
    params: z.object({
      ...place,
      file: z
        .string()
        .regex(/^(0|[1-9][0-9]*)\.(m4s|vtt)$/)
        .meta({ examples: ['0.m4s', '0.vtt'] }),
    }),
    answers: {
      200: { description: 'Segment', type: 'video/mp4' },
      304: { description: 'Unchanged' },
      ...CHANGED,
    },
    access: 'open',
  },
];
