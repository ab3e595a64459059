import { ByteCursor } from '../core/bytes.ts';
import type { CueBody } from '../core/cues.ts';
import { orNull } from '../core/errors.ts';
import {
  cueBodies,
  cueText,
  escapeText,
  MAX_CUE_BYTES,
  placeSettings,
  plainLines,
  type Run,
  type Tag,
} from './cue-text.ts';
import { readBoxes } from './wvtt.ts';

/** What holds for texts that say nothing else: 3GPP TS 26.245, 5.16. */
interface Defaults {
  readonly tags: ReadonlySet<Tag>;
  readonly settings: string;
}

/** From `start` up to before `end`, in characters. */
interface StyleRecord {
  readonly start: number;
  readonly end: number;
  readonly tags: ReadonlySet<Tag>;
}

/**
 * A sample is a text behind its length, and boxes for how it looks: 3GPP TS 26.245, 5.17.
 * @param setup the sample entry from displayFlags on
 */
export function tx3gReader(setup: Uint8Array): (data: Uint8Array) => readonly CueBody[] {
  const defaults = orNull(() => readDefaults(new ByteCursor(setup))) ?? { tags: new Set(), settings: '' };
  return (data) => {
    const size = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
    const text = decodeText(data.subarray(2, Math.min(2 + size, MAX_CUE_BYTES)));
    const styles = readBoxes(data.subarray(2 + size)).find(({ type }) => type === 'styl');
    const records = styles ? readStyles(styles.content) : [];
    return cueBodies(defaults.settings, cueText(runsOf([...text], records, defaults.tags)));
  };
}

/** UTF-8, or UTF-16 with a byte order mark. */
function decodeText(bytes: Uint8Array): string {
  const isWide = bytes[0] === 0xfe && bytes[1] === 0xff;
  return new TextDecoder(isWide ? 'utf-16be' : 'utf-8').decode(bytes);
}

function readDefaults(cursor: ByteCursor): Defaults {
  cursor.skip(4);
  const [across, down] = [(cursor.u8() << 24) >> 24, (cursor.u8() << 24) >> 24];
  cursor.skip(4);
  const top = cursor.u16();
  cursor.skip(6);
  return { settings: justification(across, down, top), tags: readStyle(cursor).tags };
}

/** The place on a number pad of each pair of justifications; a box that lies lower than the picture's top is its own place. */
function justification(across: number, down: number, top: number): string {
  const isUnset = across === 0 && down === 0;
  const column = isUnset ? 2 : (COLUMNS[across] ?? 2);
  const row = isUnset || top > 0 ? 0 : (ROWS[down] ?? 0);
  return placeSettings(row + column);
}

const COLUMNS: Readonly<Record<number, number>> = { 0: 1, 1: 2, [-1]: 3 };
const ROWS: Readonly<Record<number, number>> = { 0: 6, 1: 3, [-1]: 0 };

const STYLE_BYTES = 12;

/** TextStyleBox: as many records as are there. */
function readStyles(content: Uint8Array): StyleRecord[] {
  const cursor = new ByteCursor(content, 0, 2);
  const records: StyleRecord[] = [];
  while (cursor.remaining >= STYLE_BYTES) records.push(readStyle(cursor));
  return records;
}

const FACES: readonly (readonly [number, Tag])[] = [
  [1, 'b'],
  [2, 'i'],
  [4, 'u'],
];

function readStyle(cursor: ByteCursor): StyleRecord {
  const [start, end] = [cursor.u16(), cursor.u16()];
  cursor.skip(2);
  const flags = cursor.u8();
  cursor.skip(5);
  return { start, end, tags: new Set(FACES.flatMap(([bit, tag]) => (flags & bit ? [tag] : []))) };
}

/** Records are in order and do not overlap, and count characters as they stand; between them the text looks as by default. */
function runsOf(
  characters: readonly string[],
  records: readonly StyleRecord[],
  usual: ReadonlySet<Tag>,
): Run[] {
  const run = (start: number, end: number | undefined, tags: ReadonlySet<Tag>): Run => ({
    text: escapeText(plainLines(characters.slice(start, end).join(''))),
    tags,
  });
  const runs: Run[] = [];
  let at = 0;
  for (const { start, end, tags } of records) {
    if (start < at || end <= start) continue;
    runs.push(run(at, start, usual), run(start, end, tags));
    at = end;
  }
  return [...runs, run(at, undefined, usual)];
}
