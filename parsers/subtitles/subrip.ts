import { subripBodies } from '../../src/codecs/subrip.ts';
import type { Cue } from '../../src/core/cues.ts';
import { cuesOf, linesOf, type Span, type TextFormat } from './text-format.ts';
import { readTimingLine } from './timing-line.ts';

/** Counter, times, text, an empty line. Times are what is relied on: counters are wrong, and empty lines stand in texts. */
export const subripFormat: TextFormat = {
  name: 'SubRip',
  recognises: (head) => /^[^\S\n]*(\d{1,6}:)?\d{1,2}:\d{1,2}[.,:]\d{1,9} *-{1,2}> *\d/m.test(head),
  *read(text): Generator<Cue> {
    let span: Span | null = null;
    let lines: string[] = [];
    let count = 0;
    for (const line of linesOf(text)) {
      const next = readTimingLine(line);
      if (!next) {
        lines.push(line);
        continue;
      }
      count++;
      if (span) yield* cuesOf(span, subripBodies(withoutCounter(lines, count).join('\n')));
      span = next;
      lines = [];
    }
    if (span) yield* cuesOf(span, subripBodies(lines.join('\n')));
  },
};

/** What stands by itself before the next times is their counter, with an empty line between where it is the right one. */
function withoutCounter(lines: readonly string[], count: number): readonly string[] {
  const at = lines.findLastIndex((line) => line.trim() !== '');
  const last = (lines[at] ?? '').trim();
  const isAlone = (lines[at - 1] ?? '').trim() === '';
  const isCounter = /^\d{1,9}$/.test(last) && (at === lines.length - 1 || Number(last) === count);
  return isCounter && isAlone ? lines.slice(0, at) : lines;
}
