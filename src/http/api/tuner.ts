import { z } from 'zod';
import type { ApiRoute } from './route.ts';
import { text } from './texts.ts';

const TAG = 'Channels';

const LISTS = [
  ['tunerPlaylist', 'playlist.m3u', 'Channels as an M3U list', 'audio/x-mpegurl'],
  ['tunerGuide', 'guide.xml', 'Channels as XMLTV', 'application/xml'],
  ['tunerLineup', 'lineup.json', 'Channels as an HDHomeRun tuner has them', 'application/json'],
  ['tunerDiscovery', 'discover.json', 'What such a tuner says of itself', 'application/json'],
  ['tunerStatus', 'lineup_status.json', 'Whether it looks for channels: it does not', 'application/json'],
] as const;

const key = text('The key that the server printed at start, for servers that cannot send a password.');

export const TUNER_ROUTES: readonly ApiRoute[] = [
  ...LISTS.flatMap(([name, file, summary, type]): ApiRoute[] => {
    const common = {
      method: 'get',
      tag: TAG,
      summary,
      answers: { 200: { description: 'Told', type } },
    } as const;
    return [
      { ...common, name, path: `/tuner/${file}`, access: 'password' },
      {
        ...common,
        name: `${name}ByKey`,
        path: `/tuner/{key}/${file}`,
        params: z.object({ key }),
        access: 'open',
      },
    ];
  }),
  {
    name: 'watchChannel',
    method: 'get',
    path: '/tuner/stream/{ticket}',
    tag: TAG,
    summary: 'A channel as it comes, fetched once for all who watch it',
    params: z.object({ ticket: text('As a list gave it out.') }),
    answers: { 200: { description: 'Channel', type: 'video/mp2t' } },
    access: 'open',
  },
];
