import { type Context, Hono } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { CatalogItem } from '../../films/catalog.ts';
import { guardSource } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { isTrusted, requireLeave } from '../path-key.ts';
import { createGrouping, pageOf, readAsking } from './catalogs.ts';
import { manifestOf, metaOf, previewOf } from './documents.ts';
import { streamsOf } from './streams.ts';

/** The way to a page of a catalogue; what it is asked for by stands behind it. */
const CATALOG = 'catalog/:type{(?:movie|series)}';

/**
 * An addon of Stremio: films of a list below `/addon/`, and those of the served folders besides below `/addon/<key>/`.
 * Stremio sends neither password nor headers.
 */
export function addonRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const groupings = { all: createGrouping(), listed: createGrouping() };
  const leave = requireLeave('/addon/<key>/');
  const itemsOf = async (c: Context<AppEnv>): Promise<readonly CatalogItem[]> => {
    const { local, listed } = await requireFilms(c).films();
    return isTrusted(c) ? groupings.all({ local, listed }) : groupings.listed({ local: NONE, listed });
  };
  for (const prefix of ['', '/:key{[\\w-]{20,39}}']) {
    routes.get(`${prefix}/manifest.json`, leave, async (c) => answer(c, manifestOf(await itemsOf(c))));
    routes.get(`${prefix}/${CATALOG}/:id{[^/]+\\.json}`, leave, async (c) =>
      answer(c, catalogPage(c, await itemsOf(c), '')),
    );
    routes.get(`${prefix}/${CATALOG}/:id/:extra{[^/]+\\.json}`, leave, async (c) =>
      answer(c, catalogPage(c, await itemsOf(c), lastPart(c))),
    );
    routes.get(`${prefix}/meta/:type/:id{[^/]+\\.json}`, leave, async (c) => {
      const item = itemsOfType(c, await itemsOf(c)).find(({ id }) => id === idOf(c));
      if (!item) throw new MediaError('not-found', 'There is no such film');
      return answer(c, { meta: metaOf(item) });
    });
    routes.get(`${prefix}/stream/:type/:id{[^/]+\\.json}`, leave, async (c) => {
      const videos = itemsOfType(c, await itemsOf(c)).flatMap((item) => item.videos);
      const video = videos.find(({ id }) => id === idOf(c));
      return answer(c, { streams: video ? await streamsOf(c, video) : [] });
    });
  }
  return routes;
}

const NONE: readonly never[] = [];

function requireFilms(c: Context<AppEnv>) {
  // A list may be as private as a folder: pages of other sites need the key for both.
  guardSource(c, 'local', isTrusted(c));
  const { films } = c.var.deps;
  if (films) return films;
  throw new MediaError(
    'not-offered',
    'This server has no films to list. Start it with folders, or --list FILE',
  );
}

/** A film and a series may be told by one id, where somebody wrote it beside the wrong one. */
const itemsOfType = (c: Context<AppEnv>, items: readonly CatalogItem[]): readonly CatalogItem[] =>
  items.filter(({ type }) => type === c.req.param('type'));

const idOf = (c: Context<AppEnv>): string => (c.req.param('id') ?? '').replace(/\.json$/, '');

/** As it was sent: `search=a%26b` has one field. */
const lastPart = (c: Context<AppEnv>): string => new URL(c.req.url).pathname.split('/').at(-1) ?? '';

const catalogPage = (c: Context<AppEnv>, items: readonly CatalogItem[], extra: string) => ({
  metas: pageOf(items, readAsking(c.req.param('type') ?? '', extra)).map(previewOf),
});

function answer(c: Context<AppEnv>, body: object): Response {
  c.header('Cache-Control', 'no-cache');
  return c.json(body);
}
