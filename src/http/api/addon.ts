import { z } from 'zod';
import type { ApiRoute } from './route.ts';
import { text } from './texts.ts';

const TAG = 'Stremio';
const anything = z.looseObject({});

const parts = {
  type: text('`movie` or `series`.'),
  id: text('With `.json` behind it.'),
  extra: text('`genre=…&search=…&skip=100.json`.'),
} as const;
const key = text('The key that the server printed at start: Stremio cannot send a password.');

const DOCUMENTS = [
  ['addonManifest', 'manifest.json', 'What an addon of Stremio offers', []],
  ['addonCatalog', 'catalog/{type}/{id}', 'Films or series, a hundred at most', ['type', 'id']],
  [
    'addonCatalogPage',
    'catalog/{type}/{id}/{extra}',
    'A page of them, or those that are looked for',
    ['type', 'id', 'extra'],
  ],
  ['addonMeta', 'meta/{type}/{id}', 'A film, or a series with its episodes', ['type', 'id']],
  ['addonStream', 'stream/{type}/{id}', 'Where a film or an episode plays', ['type', 'id']],
] as const;

/** Without the key of a list alone, with it of the served folders besides. */
export const ADDON_ROUTES: readonly ApiRoute[] = DOCUMENTS.flatMap(
  ([name, path, summary, names]): ApiRoute[] => {
    const own = Object.fromEntries(names.map((part) => [part, parts[part]]));
    const common = {
      method: 'get',
      tag: TAG,
      summary,
      answers: { 200: { description: 'Told', type: 'application/json', schema: anything } },
    } as const;
    return [
      { ...common, name, path: `/addon/${path}`, params: z.object(own), access: 'password' },
      {
        ...common,
        name: `${name}ByKey`,
        path: `/addon/{key}/${path}`,
        params: z.object({ key, ...own }),
        access: 'open',
      },
    ];
  },
);
