import { type CatalogItem, catalogOf } from '../../films/catalog.ts';
import type { ShelvedFilms } from '../../films/shelf.ts';

/** Items on a page, as Stremio asks for them. */
const PAGE = 100;

/** Groups films once for all requests. */
export type Grouping = (films: ShelvedFilms) => Promise<readonly CatalogItem[]>;

/** Twenty thousand films take half a second. */
export function createGrouping(): Grouping {
  let known: (ShelvedFilms & { readonly items: Promise<readonly CatalogItem[]> }) | null = null;
  return ({ local, listed }) => {
    if (known?.local === local && known.listed === listed) return known.items;
    known = { local, listed, items: catalogOf([...local, ...listed]) };
    return known.items;
  };
}

/** What a page of a catalogue is asked for by: `genre=Drama&skip=100&search=heat`. */
export interface Asking {
  readonly type: string;
  readonly genre: string;
  readonly search: string;
  readonly skip: number;
}

/** @param extra the last part of the path, as it was sent; empty where there is none */
export function readAsking(type: string, extra: string): Asking {
  const fields = new URLSearchParams(extra.replace(/\.json$/, ''));
  const skip = /^\d{1,7}$/.exec(fields.get('skip') ?? '')?.[0] ?? '0';
  return { type, genre: fields.get('genre') ?? '', search: fields.get('search') ?? '', skip: Number(skip) };
}

export function pageOf(
  items: readonly CatalogItem[],
  { type, genre, search, skip }: Asking,
): readonly CatalogItem[] {
  const wanted = plain(search);
  return items
    .filter((item) => item.type === type)
    .filter(({ groups }) => genre === '' || groups.includes(genre))
    .filter(({ title }) => wanted === '' || plain(title).includes(wanted))
    .slice(skip, skip + PAGE);
}

/** As people type it: without capitals and accents. */
const plain = (text: string): string => text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().trim();
