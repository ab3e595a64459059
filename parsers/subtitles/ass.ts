import { assBodies } from '../../src/codecs/ass.ts';
import { parseAssHeader, readFields, readNames } from '../../src/codecs/ass-styles.ts';
import type { Cue } from '../../src/core/cues.ts';
import { clockTime, cuesOf, linesOf, type Span, type TextFormat } from './text-format.ts';

/** Fields of an event where the script does not list them. */
const FIELDS = 'layer,start,end,style,name,marginl,marginr,marginv,effect,text'.split(',');

/** A section that only scripts have, or an event with its time: texts of other formats may begin with that word. */
const SIGNS =
  /^[^\S\n]*(\[script info\]|\[v4\+? styles\]|dialogue:[^\S\n]*([^,\n]{0,32},)?[^\S\n]*\d{1,6}:\d\d:\d\d)/im;

/** Scripts of Advanced SubStation Alpha, and of SubStation Alpha before it. */
export const assFormat: TextFormat = {
  name: 'ASS',
  recognises: (head) => SIGNS.test(head),
  *read(text): Generator<Cue | null> {
    const header = parseAssHeader(text);
    let names: readonly string[] = FIELDS;
    let section = 'events';
    for (const line of linesOf(text)) {
      if (line === null) {
        yield null;
        continue;
      }
      section = (/^\s*\[([^\]]{1,40})\]/.exec(line)?.[1] ?? section).trim().toLowerCase();
      const [, kind = '', value = ''] = /^\s*(format|dialogue)\s*:(.*)$/i.exec(line) ?? [];
      if (section !== 'events' || kind === '') continue;
      if (/^f/i.test(kind)) {
        names = readNames(value);
        continue;
      }
      const fields = readFields(names, value);
      const span = spanOf(fields);
      if (span) yield* cuesOf(span, assBodies(header, fields.get('style') ?? '', fields.get('text') ?? ''));
    }
  },
};

const FILES = /^\[(?:fonts|graphics)\]/im;
const SECTIONS = /^\[(?:script info|v4\+? styles|events)\]/im;

/** A script without the files in it, which may be longer than all the rest. */
export function withoutFonts(text: string): string {
  const start = text.search(FILES);
  if (start < 0) return text;
  const rest = text.slice(start);
  const next = rest.search(SECTIONS);
  return `${text.slice(0, start)}${next < 0 ? '' : rest.slice(next)}`;
}

function spanOf(fields: ReadonlyMap<string, string>): Span | null {
  const [start, end] = [readTime(fields.get('start')), readTime(fields.get('end'))];
  return start === null || end === null ? null : { start, end };
}

/** `0:00:01.50`. */
function readTime(text = ''): number | null {
  const match = /^(\d{1,6}):(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,9}))?$/.exec(text);
  return match ? clockTime(match[1], match[2], match[3], match[4]) : null;
}
