import type { CueBody } from '../core/cues.ts';
import { readReference } from './references.ts';

/** What texts of all formats have in common with WebVTT. */
export type Tag = 'b' | 'i' | 'u';

/** A piece of text in one look: escaped, with line breaks as `\n`. */
export interface Run {
  readonly text: string;
  readonly tags: ReadonlySet<Tag>;
}

/** One text is a line or two; what is longer is no text that anybody reads. */
export const MAX_CUE_BYTES = 64 * 1024;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** As it stands: an ampersand is one. */
export const escapeText = (text: string): string => text.replaceAll(/[&<>]/g, (one) => ESCAPES[one] ?? one);

const REFERENCES = /&(#\d{1,7}|#x[\da-f]{1,6}|[a-z]\w{0,31});/gi;

/** Characters for the references of HTML but those that every reader of WebVTT knows. */
export const plainReferences = (text: string): string =>
  text.replaceAll(REFERENCES, (one, name: string) => {
    const character = readReference(name);
    return character === null ? one : escapeText(character);
  });

/** Text in which character references of HTML mean what they mean there. */
export const escapeMarkup = (text: string): string =>
  plainReferences(text.replaceAll(/&(?!#?\w{1,32};)|[<>]/g, (one) => ESCAPES[one] ?? one));

const decoder = new TextDecoder();

/** UTF-8 with any line breaks and zeros at its end → lines that end with `\n`. */
export const decodeLines = (data: Uint8Array): string =>
  plainLines(decoder.decode(data.subarray(0, MAX_CUE_BYTES)));

/** What is longer than any text that somebody reads. */
export const cutText = (text: string): string => text.slice(0, MAX_CUE_BYTES);

/** The same of text that is escaped, without half of a reference or tag at its end. */
export const cutEscaped = (text: string, length = MAX_CUE_BYTES): string =>
  text.length <= length
    ? text
    : text
        .slice(0, Math.max(0, length))
        .replace(/(&[#\w]{0,32}|<[^<>]*)$/, '')
        .trimEnd();

export const plainLines = (text: string): string =>
  text.replaceAll(/\r{0,2}\n|[\r\u2028\u2029]/g, '\n').replaceAll('\0', '');

/** Escaped text of a cue, with room for the tags that end after it. */
const MAX_LENGTH = MAX_CUE_BYTES - '</b></i></u>'.length;

/** WebVTT cue text of runs: no empty lines, tags nested, cut where it gets too long. */
export function cueText(runs: readonly Run[]): string {
  const pieces = linesOf(runs)
    .flatMap(trimLine)
    .flatMap((line, i) => (i === 0 ? line : [{ text: '\n', tags: line[0]?.tags ?? NO_TAGS }, ...line]));
  const open: Tag[] = [];
  let text = '';
  for (const piece of pieces) {
    const closed = closeTags(open, piece.tags);
    const before = piece.text === '\n' ? closed : closed + openTags(open, piece.tags);
    const room = MAX_LENGTH - text.length - before.length;
    text += before + cutEscaped(piece.text, room);
    if (piece.text.length > room) break;
  }
  return `${text.trimEnd()}${closeTags(open, NO_TAGS)}`;
}

export const NO_TAGS: ReadonlySet<Tag> = new Set();

/** None for a text that shows nothing. */
export const cueBodies = (settings: string, text: string): CueBody[] =>
  text === '' ? [] : [{ settings, text }];

function linesOf(runs: readonly Run[]): Run[][] {
  const lines: Run[][] = [];
  let line: Run[] = [];
  for (const { text, tags } of runs)
    for (const [i, piece] of text.split('\n').entries()) {
      if (i > 0) {
        lines.push(line);
        line = [];
      }
      if (piece !== '') line.push({ text: piece, tags });
    }
  return [...lines, line];
}

/** The line without space around it; none for a blank one. */
function trimLine(line: readonly Run[]): Run[][] {
  const first = line.findIndex(isInk);
  const last = line.findLastIndex(isInk);
  if (first < 0) return [];
  const trimmed = line.slice(first, last + 1).map(({ text, tags }, i, { length }) => {
    const ended = i === length - 1 ? text.trimEnd() : text;
    return { text: i === 0 ? ended.trimStart() : ended, tags };
  });
  return [trimmed];
}

const isInk = ({ text }: Run): boolean => /\S/.test(text);

/** Ends what is not wanted, and what was begun after it. */
function closeTags(open: Tag[], wanted: ReadonlySet<Tag>): string {
  const kept = open.findIndex((tag) => !wanted.has(tag));
  const closed = kept < 0 ? [] : open.splice(kept).reverse();
  return closed.map((tag) => `</${tag}>`).join('');
}

function openTags(open: Tag[], wanted: ReadonlySet<Tag>): string {
  const opened = [...wanted].filter((tag) => !open.includes(tag));
  open.push(...opened);
  return opened.map((tag) => `<${tag}>`).join('');
}

const LINES: readonly string[] = ['', 'line:50%', 'line:0'];
const ALIGNS: readonly string[] = ['align:left', '', 'align:right'];

/** Cue settings of a place named as on the number pad of a keyboard: 1 at the bottom left, 9 at the top right. */
export function placeSettings(place: number): string {
  const index = place - 1;
  const [line, align] = [LINES[Math.floor(index / 3)] ?? '', ALIGNS[index % 3] ?? ''];
  return [line, align].filter((one) => one !== '').join(' ');
}
