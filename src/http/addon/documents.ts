import type { CatalogItem, Video } from '../../films/catalog.ts';

/** Genres that a menu has room for. */
const MAX_GENRES = 100;

const TYPES = ['movie', 'series'] as const;
/** What an addon says that it has none of, so that nobody asks it. */
const OWN_IDS = 'sluice:';

/** What Stremio installs: https://github.com/Stremio/stremio-addon-sdk, docs/api/responses/manifest.md. */
export function manifestOf(items: readonly CatalogItem[]) {
  const types = TYPES.filter((type) => items.length === 0 || items.some((item) => item.type === type));
  return {
    id: 'org.sluice.films',
    version: '1.0.0',
    name: 'Sluice',
    description: 'Films and series of your own server, in a form that every player takes.',
    types,
    resources: [
      'catalog',
      { name: 'meta', types, idPrefixes: [OWN_IDS] },
      // Films that are known by IMDb's ids have their pages from elsewhere.
      { name: 'stream', types, idPrefixes: [OWN_IDS, 'tt'] },
    ],
    catalogs: types.map((type) => ({
      type,
      id: `sluice-${type}`,
      name: 'Sluice',
      extra: [
        { name: 'genre', isRequired: false, options: genresOf(items.filter((item) => item.type === type)) },
        { name: 'search', isRequired: false },
        { name: 'skip', isRequired: false },
      ],
    })),
    behaviorHints: { configurable: false, configurationRequired: false },
  };
}

const genresOf = (items: readonly CatalogItem[]): string[] =>
  [...new Set(items.flatMap(({ groups }) => groups))].sort().slice(0, MAX_GENRES);

/** One of a catalogue. */
export function previewOf({ id, type, title, year, groups, poster }: CatalogItem) {
  return {
    id,
    type,
    name: title,
    ...(poster === '' ? {} : { poster }),
    posterShape: 'poster',
    ...(year === null ? {} : { releaseInfo: String(year) }),
    genres: groups,
  };
}

/** All that is known of one. */
export function metaOf(item: CatalogItem) {
  const { type, videos, id } = item;
  if (type === 'series') return { ...previewOf(item), videos: videos.map((video) => episodeOf(item, video)) };
  return { ...previewOf(item), behaviorHints: { defaultVideoId: id } };
}

function episodeOf({ year }: CatalogItem, { id, title, season, episode }: Video) {
  // When it was shown first nobody here knows, but for the year that the series began in.
  return {
    id,
    title,
    season,
    episode,
    ...(year === null ? {} : { released: `${year}-01-01T00:00:00.000Z` }),
  };
}
