import { assBodies } from '../../src/codecs/ass.ts';
import { parseAssHeader, readFields } from '../../src/codecs/ass-styles.ts';
import type { Cue } from '../../src/core/cues.ts';
import { clockTime, cuesOf, linesOf, type Span, type TextFormat } from './text-format.ts';

/** Fields of an event where the script does not list them. */
const FIELDS = 'layer,start,end,style,name,marginl,marginr,marginv,effect,text'.split(',');

/** Scripts of Advanced SubStation Alpha, and of SubStation Alpha before it. */
export const assFormat: TextFormat = {
  name: 'ASS',
  recognises: (head) => /^[^\S\n]*(\[script info\]|\[v4\+? styles\]|dialogue:)/im.test(head),
  *read(text): Generator<Cue> {
    const header = parseAssHeader(text);
    let names: readonly string[] = FIELDS;
    let section = 'events';
    for (const line of linesOf(text)) {
      section = (/^\s*\[([^\]]{1,40})\]/.exec(line)?.[1] ?? section).trim().toLowerCase();
      const [, kind = '', value = ''] = /^\s*(format|dialogue)\s*:(.*)$/i.exec(line) ?? [];
      if (section !== 'events' || kind === '') continue;
      if (/^f/i.test(kind)) {
        names = value.split(',', MAX_FIELDS).map((name) => name.trim().toLowerCase());
        continue;
      }
      const fields = readFields(names, value);
      const span = spanOf(fields);
      if (span) yield* cuesOf(span, assBodies(header, fields.get('style') ?? '', fields.get('text') ?? ''));
    }
  },
};

const MAX_FIELDS = 64;

function spanOf(fields: ReadonlyMap<string, string>): Span | null {
  const [start, end] = [readTime(fields.get('start')), readTime(fields.get('end'))];
  return start === null || end === null ? null : { start, end };
}

/** `0:00:01.50`. */
function readTime(text = ''): number | null {
  const match = /^(\d{1,6}):(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,9}))?$/.exec(text);
  return match ? clockTime(match[1], match[2], match[3], match[4]) : null;
}
