import type { Cue } from '../../src/core/cues.ts';
import { pipedBodies } from './piped-text.ts';
import { cuesOf, linesOf, type TextFormat } from './text-format.ts';

/** Seconds that a text stays that names no end. */
const USUAL_SECONDS = 4;

/** `{first picture}{last}text`. A first line about the first pictures of all whose text is a number tells their rate. */
export const microdvdFormat: TextFormat = {
  name: 'MicroDVD',
  recognises: (head) => /^[^\S\n]*\{\d{1,9}\}\{\d{0,9}\}/m.test(head),
  *read(text, { frameRate }): Generator<Cue | null> {
    let rate = frameRate;
    for (const line of linesOf(text)) {
      if (line === null) yield null;
      const match = /^\s*\{(\d{1,9})\}\{(\d{0,9})\}(.*)$/.exec(line ?? '');
      if (!match) continue;
      const [, first = '', last = '', words = ''] = match;
      const told = Number(first) <= 1 ? readRate(words) : null;
      rate = told ?? rate;
      if (told !== null) continue;
      const start = Math.round((Number(first) / rate) * 1000);
      const end = last === '' ? start + USUAL_SECONDS * 1000 : Math.round((Number(last) / rate) * 1000);
      yield* cuesOf({ start, end }, pipedBodies(words));
    }
  },
};

/** Null for what is no rate that films have. */
function readRate(words: string): number | null {
  const value = /^\s*\d{1,3}([.,]\d{1,9})?\s*$/.test(words) ? Number(words.trim().replace(',', '.')) : 0;
  return value >= 5 && value <= 120 ? value : null;
}
