import { toBase64Url } from '../proxy/base64url.ts';
import type { Film } from './film.ts';

/** A film or a series as a catalogue has it. */
export interface CatalogItem {
  /** The same at each start: `tt0068646` where IMDb's is known, else `sluice:<hash>`, which tells no address. */
  readonly id: string;
  readonly type: 'movie' | 'series';
  readonly title: string;
  readonly year: number | null;
  readonly groups: readonly string[];
  readonly poster: string;
  /** One for a film; the episodes of a series in their order. */
  readonly videos: readonly Video[];
}

export interface Video {
  /** The item's own for a film; `<id>:<season>:<episode>`. */
  readonly id: string;
  readonly season: number;
  readonly episode: number;
  readonly title: string;
  /** The same film in several files. */
  readonly films: readonly Film[];
}

/** Groups files into films and series, by title. */
export async function catalogOf(films: readonly Film[]): Promise<readonly CatalogItem[]> {
  const groups = [...grouped(films)];
  const items: CatalogItem[] = [];
  for (let i = 0; i < groups.length; i += BATCH)
    items.push(...(await Promise.all(groups.slice(i, i + BATCH).map(([key, own]) => itemOf(key, own)))));
  return items.sort((a, b) => collator.compare(a.title, b.title) || (a.year ?? 0) - (b.year ?? 0));
}

/** Items between which requests have their turn, while hashes are waited for: some milliseconds. */
const BATCH = 200;

function grouped(films: readonly Film[]): Map<string, Film[]> {
  const byKey = new Map<string, Film[]>();
  for (const film of films) {
    const key = keyOf(film);
    const known = byKey.get(key);
    if (known) known.push(film);
    else byKey.set(key, [film]);
  }
  return byKey;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Films without a year are told apart by where they are: two of a title need not be the same. */
function keyOf({ url, release: { title, year, episode, imdb } }: Film): string {
  const kind = episode ? 'series' : 'movie';
  if (imdb !== null) return `${kind} ${imdb}`;
  const isOne = episode !== null || year !== null;
  return isOne ? `${kind} ${title.toLowerCase()} ${year}` : `file ${url}`;
}

async function itemOf(key: string, films: readonly Film[]): Promise<CatalogItem> {
  const [first] = films;
  const release = first?.release ?? { title: '', year: null, episode: null, imdb: null };
  const id = release.imdb ?? `sluice:${await hashOf(key)}`;
  return {
    id,
    type: release.episode ? 'series' : 'movie',
    title: release.title,
    year: release.year,
    groups: [...new Set(films.map(({ group }) => group).filter((group) => group !== ''))],
    poster: films.find(({ poster }) => poster !== '')?.poster ?? '',
    videos: release.episode
      ? episodesOf(id, films)
      : [{ id, season: 0, episode: 0, title: release.title, films }],
  };
}

function episodesOf(id: string, films: readonly Film[]): readonly Video[] {
  const videos = new Map<string, Video>();
  for (const film of films) {
    const { season = 0, numbers = [], title = '' } = film.release.episode ?? {};
    for (const episode of numbers) {
      const name = `${id}:${season}:${episode}`;
      const before = videos.get(name);
      videos.set(name, {
        id: name,
        season,
        episode,
        title: before?.title || title || `Episode ${episode}`,
        films: [...(before?.films ?? []), film],
      });
    }
  }
  return [...videos.values()].sort((a, b) => a.season - b.season || a.episode - b.episode);
}

/** 96 bits: nobody has so many films that two of them meet. */
async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return toBase64Url(new Uint8Array(digest).slice(0, 12));
}
