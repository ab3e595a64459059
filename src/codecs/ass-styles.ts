import { isOn, oldPlace, padPlace } from './ass-overrides.ts';
import { NO_TAGS, plainLines, type Tag } from './cue-text.ts';

export interface AssStyle {
  readonly tags: ReadonlySet<Tag>;
  /** As on a number pad. */
  readonly place: number;
}

/** What a script says before its texts. */
export interface AssHeader {
  readonly styles: ReadonlyMap<string, AssStyle>;
  /** `\n` breaks a line: WrapStyle 2. */
  readonly isHardWrapped: boolean;
}

/** At the bottom, in the middle, as it stands. */
const USUAL: AssStyle = { tags: NO_TAGS, place: 2 };

/** Lines of styles; scripts of fan releases have some hundred. */
const MAX_STYLES = 5000;

/** Fields of a line; formats have some 20. */
const MAX_FIELDS = 64;

/** Characters of what stands before the texts: scripts of fan releases have 100 000, and fonts are not of it. */
const MAX_HEADER = 512 * 1024;

/** Fields of a style where the script does not list them. */
const FIELDS =
  'Name,Fontname,Fontsize,PrimaryColour,SecondaryColour,OutlineColour,BackColour,Bold,Italic,Underline,StrikeOut,ScaleX,ScaleY,Spacing,Angle,BorderStyle,Outline,Shadow,Alignment';

/** Script info and styles: a whole script, or what Matroska keeps of it as a track's CodecPrivate. */
export function parseAssHeader(text: string): AssHeader {
  const styles = new Map<string, AssStyle>();
  let fields = readNames(FIELDS);
  let placeOf = padPlace;
  let isHardWrapped = false;
  let count = 0;
  for (const line of plainLines(text.slice(0, MAX_HEADER)).split('\n')) {
    const [, name = '', value = ''] = /^\s*([a-z]+)\s*:(.*)$/i.exec(line) ?? [];
    if (/^\s*\[v4 styles\]/i.test(line)) placeOf = oldPlace;
    if (/^wrapstyle$/i.test(name)) isHardWrapped = value.trim() === '2';
    if (/^\s*\[events\]/i.test(line) || count >= MAX_STYLES) break;
    if (/^format$/i.test(name)) fields = readNames(value);
    if (!/^style$/i.test(name)) continue;
    count++;
    addStyle(styles, readFields(fields, value), placeOf);
  }
  return { styles, isHardWrapped };
}

/** The style of that name, else the one that is there for all. */
export const styleOf = ({ styles }: AssHeader, name: string): AssStyle =>
  styles.get(styleName(name)) ?? styles.get('default') ?? USUAL;

/** What a format calls its fields. */
export const readNames = (value: string): readonly string[] =>
  value.split(',', MAX_FIELDS).map((name) => name.trim().toLowerCase());

/** A comma-separated line by the names of its fields; the last one has what is left. */
export function readFields(names: readonly string[], line: string): ReadonlyMap<string, string> {
  const values = line.split(',');
  const last = names.length - 1;
  return new Map(
    names.map((name, i) => [name, (i === last ? values.slice(last).join(',') : (values[i] ?? '')).trim()]),
  );
}

/** Names of old scripts begin with a star. */
const styleName = (name: string): string => name.trim().replace(/^\*+/, '').toLowerCase();

function addStyle(
  styles: Map<string, AssStyle>,
  fields: ReadonlyMap<string, string>,
  placeOf: (value: string) => number | null,
): void {
  const tags = new Set<Tag>();
  if (isOn(Number(fields.get('bold')))) tags.add('b');
  if (isOn(Number(fields.get('italic')))) tags.add('i');
  if (isOn(Number(fields.get('underline')))) tags.add('u');
  const place = placeOf(fields.get('alignment') ?? '') ?? USUAL.place;
  styles.set(styleName(fields.get('name') ?? ''), { tags, place });
}
