import { subripBodies } from '../../src/codecs/subrip.ts';
import type { Cue } from '../../src/core/cues.ts';
import { CueLines, cuesOf, linesOf, type Span, type TextFormat } from './text-format.ts';
import { readTimingLine } from './timing-line.ts';

/** Counter, times, text, an empty line. Times are what is relied on: counters are wrong, and empty lines stand in texts. */
export const subripFormat: TextFormat = {
  name: 'SubRip',
  recognises: (head) => /^[^\S\n]*(\d{1,6}:)?\d{1,2}:\d{1,2}[.,:]\d{1,9} *-{1,2}> *\d/m.test(head),
  *read(text): Generator<Cue | null> {
    let span: Span | null = null;
    const lines = new CueLines();
    let count = 0;
    for (const line of linesOf(text)) {
      const next = line === null ? null : readTimingLine(line);
      if (line === null) yield null;
      else if (!next) lines.add(line);
      if (!next) continue;
      count++;
      const shown = withoutCounter(lines.take(), count).join('\n');
      if (span) yield* cuesOf(span, subripBodies(shown));
      span = next;
    }
    if (span) yield* cuesOf(span, subripBodies(lines.take().join('\n')));
  },
};

/** Whether it begins as nothing else does: with times, or a counter before them. */
export function beginsAsSubrip(head: string): boolean {
  const [first = '', second = ''] = head.trimStart().split('\n', 2);
  return readTimingLine(first) !== null || (/^\d{1,9}\s*$/.test(first) && readTimingLine(second) !== null);
}

/** What stands by itself before the next times is their counter, with an empty line on either side where it is the right one. */
function withoutCounter(lines: readonly string[], count: number): readonly string[] {
  const at = lines.findLastIndex((line) => line.trim() !== '');
  const last = (lines[at] ?? '').trim();
  const signs = [(lines[at - 1] ?? '').trim() === '', at === lines.length - 1, Number(last) === count];
  const isCounter = /^\d{1,9}$/.test(last) && signs.filter((one) => one).length >= 2;
  return isCounter ? lines.slice(0, at) : lines;
}
