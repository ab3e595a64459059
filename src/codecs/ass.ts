import type { CueBody } from '../core/cues.ts';
import { addRun, applyOverrides, PLAIN, type RunList } from './ass-overrides.ts';
import { type AssHeader, parseAssHeader, styleOf } from './ass-styles.ts';
import { cueBodies, cueText, cutText, decodeLines, escapeText, placeSettings } from './cue-text.ts';

/** Fields before the text of a block: ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect. */
const FIELDS = 8;
const STYLE = 2;

/** Scripts of fan releases have 100 kB of styles; fonts are not in it, or not read. */
const MAX_HEADER_BYTES = 512 * 1024;

/**
 * A sample is an event without its times: S_TEXT/ASS and S_TEXT/SSA of Matroska.
 * @param setup the script up to its events: CodecPrivate
 */
export function assReader(setup: Uint8Array): (data: Uint8Array) => readonly CueBody[] {
  const header = parseAssHeader(new TextDecoder().decode(setup.subarray(0, MAX_HEADER_BYTES)));
  return (data) => {
    const fields = decodeLines(data).split(',');
    return assBodies(header, fields[STYLE] ?? '', fields.slice(FIELDS).join(','));
  };
}

/** Breaks, and blocks of overrides; an open brace without its other half is text. */
const MARKUP = /\{([^{}]*)\}|\\([Nnh])|\n/g;

/** The text of one event. */
export function assBodies(header: AssHeader, style: string, whole: string): CueBody[] {
  const text = cutText(whole);
  const own = styleOf(header, style);
  const tagsOf = (name: string) => (name === '' ? own : styleOf(header, name)).tags;
  const list: RunList = { runs: [], look: { ...PLAIN, tags: own.tags } };
  let at = 0;
  for (const match of text.matchAll(MARKUP)) {
    const [all, block, letter] = match;
    addRun(list, escapeText(text.slice(at, match.index)));
    at = match.index + all.length;
    if (block !== undefined) list.look = applyOverrides(list.look, block, tagsOf);
    else if (letter === 'h') addRun(list, '\u00a0');
    else addRun(list, letter === 'n' && !header.isHardWrapped ? ' ' : '\n');
  }
  addRun(list, escapeText(text.slice(at)));
  return cueBodies(placeSettings(list.look.place ?? own.place), cueText(list.runs));
}
