import { placeSettings, type Tag } from '../../src/codecs/cue-text.ts';

type Attributes = ReadonlyMap<string, string>;

/** Styles and regions by their names: TTML2, 8.1 and 9.1. */
export interface TtmlStyles {
  readonly styles: ReadonlyMap<string, Attributes>;
  readonly regions: ReadonlyMap<string, Attributes>;
}

const LOOKS: readonly (readonly [attribute: string, wanted: RegExp, unwanted: RegExp, tag: Tag])[] = [
  ['fontstyle', /italic|oblique/i, /normal/i, 'i'],
  ['fontweight', /bold/i, /normal/i, 'b'],
  ['textdecoration', /(^|\s)underline/i, /none|nounderline/i, 'u'],
];

/** Tags of an element, and of what is within it. */
export function tagsWithin(
  tags: ReadonlySet<Tag>,
  attributes: Attributes,
  styles: TtmlStyles,
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

/** Attributes of an element in front of those of the styles that it names. */
function withStyles(attributes: Attributes, { styles }: TtmlStyles): Attributes {
  const named = (attributes.get('style') ?? '').split(/\s+/).slice(0, MAX_NAMED);
  return new Map([...named.flatMap((name) => [...(styles.get(name) ?? [])]), ...attributes]);
}

const MAX_NAMED = 8;

/** Cue settings of an element, by its region: at the top, in the middle, at the left or right. */
export function settingsOf(attributes: Attributes, styles: TtmlStyles): string {
  const region = styles.regions.get(attributes.get('region') ?? '') ?? new Map<string, string>();
  const all = new Map([...withStyles(region, styles), ...withStyles(attributes, styles)]);
  return placeSettings(rowOf(all) + columnOf(all));
}

/** A region that lies low is at the bottom, wherever in it the text stands. */
function rowOf(all: Attributes): number {
  const top = Number(/\s(\d{1,3}(?:\.\d{1,6})?)%/.exec(all.get('origin') ?? '')?.[1] ?? 0);
  if (top >= 50) return 0;
  return { before: 6, center: 3 }[all.get('displayalign') ?? ''] ?? 0;
}

const columnOf = (all: Attributes): number =>
  ({ left: 1, start: 1, right: 3, end: 3 })[all.get('textalign') ?? ''] ?? 2;
