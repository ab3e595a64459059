import type { CueBody } from '../core/cues.ts';
import { addRun, applyOverrides, PLAIN, type RunList } from './ass-overrides.ts';
import {
  cueBodies,
  cueText,
  cutText,
  decodeLines,
  escapeMarkup,
  NO_TAGS,
  placeSettings,
  type Tag,
} from './cue-text.ts';

/** A sample is the text of one cue: S_TEXT/UTF8 of Matroska. */
export const subripReader =
  () =>
  (data: Uint8Array): readonly CueBody[] =>
    subripBodies(decodeLines(data));

/** HTML's tags, overrides of ASS, and control codes of MicroDVD that programs leave behind. */
const MARKUP = /<(\/?)([a-z]{1,10})\b([^<>]*)>|\{(\\[^{}]*)\}|\{[yYcCfFsSpP]:[^{}]*\}/gi;

/** A cue's text as SubRip files have it: a little HTML, a little ASS. */
export function subripBodies(whole: string): CueBody[] {
  const text = cutText(whole);
  const list: RunList = { runs: [], look: PLAIN };
  let at = 0;
  for (const match of text.matchAll(MARKUP)) {
    addRun(list, escapeMarkup(text.slice(at, match.index)));
    at = match.index + match[0].length;
    applyMarkup(list, match);
  }
  addRun(list, escapeMarkup(text.slice(at)));
  const { place } = list.look;
  return cueBodies(place === null ? '' : placeSettings(place), cueText(list.runs));
}

const TAGS: Readonly<Record<string, Tag>> = { b: 'b', strong: 'b', i: 'i', em: 'i', u: 'u' };

/** Known, without a word for it in WebVTT, or not wanted there. */
const DROPPED: ReadonlySet<string> = new Set(['font', 'span', 's', 'strike', 'p', 'div', 'center', 'c', 'v']);

function applyMarkup(list: RunList, match: RegExpExecArray): void {
  const [all, slash, element = '', , block] = match;
  const name = element.toLowerCase();
  const tag = TAGS[name];
  if (block !== undefined) list.look = applyOverrides(list.look, block, () => NO_TAGS);
  else if (tag !== undefined)
    list.look = { ...list.look, tags: switched(list.look.tags, tag, slash === '/') };
  else if (name === 'br') addRun(list, '\n');
  else if (name !== '' && !DROPPED.has(name)) addRun(list, escapeMarkup(all));
}

function switched(tags: ReadonlySet<Tag>, tag: Tag, isClosed: boolean): ReadonlySet<Tag> {
  const others = [...tags].filter((one) => one !== tag);
  return new Set(isClosed ? others : [...others, tag]);
}
