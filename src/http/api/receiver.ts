import { z } from 'zod';
import { MEDIA_PREFIXES, mediaQuery } from './media.ts';
import type { ApiRoute } from './route.ts';

const answer = z.object({
  path: z.string().meta({ description: 'Of the playlist, below the root of this server.' }),
  place: z.url().nullable().meta({ description: 'That root, as the public URL says it; null without one.' }),
  expires: z.int().meta({ description: 'Seconds since 1970.' }),
});

export const RECEIVER_ROUTES: readonly ApiRoute[] = [
  {
    name: 'openReceiver',
    method: 'get',
    path: '/receiver',
    tag: 'Media',
    summary: 'An address of a media file for a device that plays it for a page of this server',
    description:
      'Good for twelve hours, and without key, password or origin: for Chromecast, Apple TV and their like.',
    query: mediaQuery,
    prefixes: MEDIA_PREFIXES,
    answers: { 200: { description: 'Address', type: 'application/json', schema: answer } },
    access: 'password',
  },
];
