import { placeSettings, type Tag } from '../../src/codecs/cue-text.ts';

type Attributes = ReadonlyMap<string, string>;

/** Styles and regions by their names, with what they name themselves: TTML2, 8.1 and 9.1. */
export interface TtmlStyles {
  readonly styles: ReadonlyMap<string, Attributes>;
  readonly regions: ReadonlyMap<string, Attributes>;
}

const LOOKS: readonly (readonly [attribute: string, wanted: RegExp, unwanted: RegExp, tag: Tag])[] = [
  ['fontstyle', /italic|oblique/i, /normal/i, 'i'],
  ['fontweight', /bold/i, /normal/i, 'b'],
  ['textdecoration', /(^|\s)underline/i, /none|nounderline/i, 'u'],
];

/** Attributes that change anything here: documents may have as many others as they like. */
const READ = ['style', 'origin', 'displayalign', 'textalign', ...LOOKS.map(([name]) => name)];

const readOnes = (attributes: Attributes): Map<string, string> =>
  new Map([...attributes].filter(([name]) => READ.includes(name)));

/** Styles, and regions, of one document; documents have some ten. */
const MAX_STYLES = 1000;

/** Styles that one element names. */
const MAX_NAMED = 8;

/** Each time, chains of styles that name each other are followed twice as far. */
const ROUNDS = 4;

/** What a document says of looks, as it comes. */
export class StyleList {
  readonly #styles = new Map<string, Attributes>();
  readonly #regions = new Map<string, Map<string, string>>();
  #region: Map<string, string> | null = null;

  addStyle(attributes: Attributes): void {
    const own = readOnes(attributes);
    if (this.#region) for (const [key, value] of own) this.#region.set(key, value);
    else if (this.#styles.size < MAX_STYLES) this.#styles.set(attributes.get('id') ?? '', own);
  }

  addRegion({ attributes, isEmpty }: { readonly attributes: Attributes; readonly isEmpty: boolean }): void {
    const own = readOnes(attributes);
    if (this.#regions.size < MAX_STYLES) this.#regions.set(attributes.get('id') ?? '', own);
    this.#region = isEmpty ? null : own;
  }

  endRegion(): void {
    this.#region = null;
  }

  get styles(): TtmlStyles {
    let styles: ReadonlyMap<string, Attributes> = this.#styles;
    for (let i = 0; i < ROUNDS; i++) styles = withNamed(styles, styles);
    return { styles, regions: withNamed(this.#regions, styles) };
  }
}

const withNamed = (
  ones: ReadonlyMap<string, Attributes>,
  styles: ReadonlyMap<string, Attributes>,
): ReadonlyMap<string, Attributes> =>
  new Map([...ones].map(([id, attributes]) => [id, withStyles(attributes, styles)]));

/** Attributes of an element in front of those of the styles that it names. */
function withStyles(attributes: Attributes, styles: ReadonlyMap<string, Attributes>): Attributes {
  const given = attributes.get('style');
  if (given === undefined) return attributes;
  const named = given.split(/\s+/, MAX_NAMED);
  return new Map([...named.flatMap((name) => [...(styles.get(name) ?? [])]), ...attributes]);
}

/** Tags of an element, and of what is within it. */
export function tagsWithin(
  tags: ReadonlySet<Tag>,
  attributes: Attributes,
  { styles }: TtmlStyles,
): ReadonlySet<Tag> {
  const all = withStyles(attributes, styles);
  const next = new Set(tags);
  for (const [name, wanted, unwanted, tag] of LOOKS) {
    const value = all.get(name) ?? '';
    if (wanted.test(value)) next.add(tag);
    else if (unwanted.test(value)) next.delete(tag);
  }
  return next;
}

/** What holds of an element's place for what is within it. */
export interface TtmlPlace {
  /** Name of a region; empty for none. */
  readonly region: string;
  /** Of the text; empty where only the region says it. */
  readonly align: string;
}

export const placeWithin = (place: TtmlPlace, attributes: Attributes, { styles }: TtmlStyles): TtmlPlace => ({
  region: attributes.get('region') ?? place.region,
  align: withStyles(attributes, styles).get('textalign') ?? place.align,
});

/** Cue settings of an element, by its region: at the top, in the middle, at the left or right. */
export function settingsOf(
  place: TtmlPlace,
  attributes: Attributes,
  { styles, regions }: TtmlStyles,
): string {
  const region = regions.get(place.region) ?? new Map<string, string>();
  const all = new Map([...region, ...withStyles(attributes, styles)]);
  return placeSettings(rowOf(all) + columnOf(place.align === '' ? all.get('textalign') : place.align));
}

/** A region that lies low is at the bottom, wherever in it the text stands. */
function rowOf(all: Attributes): number {
  const top = Number(/\s(\d{1,3}(?:\.\d{1,6})?)%/.exec(all.get('origin') ?? '')?.[1] ?? 0);
  if (top >= 50) return 0;
  return { before: 6, center: 3 }[all.get('displayalign') ?? ''] ?? 0;
}

const columnOf = (align = ''): number => ({ left: 1, start: 1, right: 3, end: 3 })[align] ?? 2;
