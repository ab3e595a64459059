import { attributeOf, readAttributes } from './attribute-list.ts';
import type { PlaylistLine } from './line.ts';
import { checkLimit } from './playlist-limits.ts';

/**
 * Tags that hold from one segment on until they are said anew, the latest last: RFC 8216, 4.3.2.4 and 4.3.2.5. Each
 * stands behind the lines that it depends on: a map behind the keys that decrypt it.
 */
export type CarriedTags = ReadonlyMap<string, readonly PlaylistLine[]>;

const KEY = '#EXT-X-KEY';
const NO_KEY = `${KEY} NONE`;
const MAP = '#EXT-X-MAP';
const OTHERS: ReadonlySet<string> = new Set([MAP, '#EXT-X-BITRATE']);

/** Of the format that a player decrypts itself: its vector is the number of the segment where none is given. */
const OWN_KEY = `${KEY} identity`;

/** What a line replaces when it comes again; null where it holds for one segment only. */
function carriedName({ name, text }: PlaylistLine): string | null {
  if (OTHERS.has(name)) return name;
  if (name !== KEY) return null;
  const attributes = readAttributes(text);
  if (attributeOf(attributes, 'METHOD') === 'NONE') return NO_KEY;
  return `${KEY} ${attributeOf(attributes, 'KEYFORMAT') ?? 'identity'}`;
}

const isKey = (name: string): boolean => name.startsWith(KEY);

/**
 * What holds after some lines. METHOD=NONE ends all keys, and stays before those that begin behind it.
 * @throws MediaError `limit`
 */
export function carriedAfter(before: CarriedTags, lines: readonly PlaylistLine[]): CarriedTags {
  const after = new Map(before);
  for (const line of lines) {
    const name = carriedName(line);
    if (name === null) continue;
    checkLimit('keyFormats', after.size);
    const ended = name === NO_KEY ? [...after.keys()].filter(isKey) : [name];
    for (const old of ended) after.delete(old);
    after.set(name, name === MAP ? [...keysOf(after), line] : [line]);
  }
  return after;
}

const keysOf = (tags: CarriedTags): readonly PlaylistLine[] =>
  [...tags].flatMap(([name, lines]) => (isKey(name) ? lines : []));

/**
 * What must be said before a segment: what changed since it was last written and is not said by the segment itself. A
 * key that the segment says may come behind a map, which the key before it decrypts.
 */
export function unsaid(
  before: CarriedTags,
  written: CarriedTags,
  own: readonly PlaylistLine[],
): PlaylistLine[] {
  const said = new Set(own.map(carriedName));
  const hasMap = said.has(MAP);
  const wanted = [...before].filter(([name]) => !said.has(name) || (hasMap && isKey(name)));
  const result: PlaylistLine[] = [];
  let state = written;
  for (const [name, lines] of wanted) {
    if (holds(state, name, lines.at(-1))) continue;
    // The first that is missing may end what holds: all behind it are said again.
    const first = lines.findIndex((line) => !holds(state, carriedName(line) ?? '', line));
    const missing = lines.slice(first);
    result.push(...missing);
    state = carriedAfter(state, missing);
  }
  return result;
}

const holds = (tags: CarriedTags, name: string, line: PlaylistLine | undefined): boolean =>
  tags.get(name)?.at(-1) === line;

/** Whether a key's vector is the number of each segment: RFC 8216, 5.2. */
export const isNumbered = (line: PlaylistLine): boolean =>
  carriedName(line) === OWN_KEY && attributeOf(readAttributes(line.text), 'IV') === null;

/** Those that hold whatever the number of a segment is. */
export const withoutNumbered = (tags: CarriedTags): CarriedTags =>
  new Map([...tags].filter(([, lines]) => !lines.some(isNumbered)));

/** The key with the vector that a segment of that number has. */
export const withVector = (line: PlaylistLine, sequence: number): PlaylistLine => ({
  ...line,
  text: `${line.text.trimEnd()},IV=0x${BigInt(sequence).toString(16).padStart(32, '0')}`,
});
