import { NO_TAGS, type Run, type Tag } from './cue-text.ts';

/** The look of a text from some place in it on. */
export interface Look {
  readonly tags: ReadonlySet<Tag>;
  /** Of the whole text, as on a number pad; null where it names none. */
  readonly place: number | null;
  /** What follows is a drawing, no text. */
  readonly isDrawing: boolean;
}

export const PLAIN: Look = { tags: NO_TAGS, place: null, isDrawing: false };

/** Tags of a style by its name; of the text's own for an empty one. */
export type TagsOf = (style: string) => ReadonlySet<Tag>;

/** The look behind what stands between braces: `\i1\an8`. What WebVTT has no word for changes nothing. */
export function applyOverrides(look: Look, block: string, tagsOf: TagsOf): Look {
  let next = look;
  // what is in brackets are arguments: of an animation, or of a clipping within one
  for (const part of block.replaceAll(BRACKETS, '').replaceAll(BRACKETS, '').split('\\')) {
    const [, name = '', value = ''] = /^(an|[abiupr])(.*)$/.exec(part.trim()) ?? [];
    next = OVERRIDES[name]?.(next, value.trim(), tagsOf) ?? next;
  }
  return next;
}

const BRACKETS = /\([^()]*\)/g;

type Override = (look: Look, value: string, tagsOf: TagsOf) => Look;

const OVERRIDES: Readonly<Record<string, Override>> = {
  b: (look, value, tagsOf) => switchTag(look, 'b', wanted('b', value, tagsOf)),
  i: (look, value, tagsOf) => switchTag(look, 'i', wanted('i', value, tagsOf)),
  u: (look, value, tagsOf) => switchTag(look, 'u', wanted('u', value, tagsOf)),
  // the first place counts
  an: (look, value) => ({ ...look, place: look.place ?? padPlace(value) }),
  a: (look, value) => ({ ...look, place: look.place ?? oldPlace(value) }),
  p: (look, value) => (/^\d+$/.test(value) ? { ...look, isDrawing: Number(value) > 0 } : look),
  r: (look, value, tagsOf) => ({ ...look, tags: tagsOf(value) }),
};

/** Null for what is another override that begins with the same letter: `\bord2`, `\iclip`. */
function wanted(tag: Tag, value: string, tagsOf: TagsOf): boolean | null {
  if (value === '') return tagsOf('').has(tag);
  return /^-?\d+$/.test(value) ? isOn(Number(value)) : null;
}

/** Of flags and of weights: 400 is regular. */
export const isOn = (value: number): boolean => Math.abs(value) === 1 || value > 400;

function switchTag(look: Look, tag: Tag, isWanted: boolean | null): Look {
  if (isWanted === null || isWanted === look.tags.has(tag)) return look;
  const others = [...look.tags].filter((one) => one !== tag);
  return { ...look, tags: new Set(isWanted ? [...others, tag] : others) };
}

/** A place as on a number pad. */
export const padPlace = (value: string): number | null => (/^[1-9]$/.test(value) ? Number(value) : null);

/** The numbers of SSA: 1 to 3 at the bottom, 5 to 7 at the top, 9 to 11 in the middle. */
export const oldPlace = (value: string): number | null => OLD_PLACES[value] ?? null;

const OLD_PLACES: Readonly<Record<string, number>> = {
  1: 1,
  2: 2,
  3: 3,
  5: 7,
  6: 8,
  7: 9,
  9: 4,
  10: 5,
  11: 6,
};

/** Collects the runs of one text. */
export interface RunList {
  readonly runs: Run[];
  look: Look;
}

export function addRun(list: RunList, text: string): void {
  if (!list.look.isDrawing && text !== '') list.runs.push({ text, tags: list.look.tags });
}
