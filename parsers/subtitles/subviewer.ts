import { subripBodies } from '../../src/codecs/subrip.ts';
import type { Cue } from '../../src/core/cues.ts';
import { clockTime, cuesOf, linesOf, type Span, type TextFormat } from './text-format.ts';

const TIME = '(\\d{1,6}):(\\d{1,2}):(\\d{1,2})(?:[.,](\\d{1,9}))?';
const LINE = new RegExp(`^\\s*${TIME}\\s*[,;]\\s*${TIME}\\s*$`);

/** SubViewer 2: a line with two times, then the text, with `[br]` between its lines. */
export const subviewerFormat: TextFormat = {
  name: 'SubViewer',
  recognises: (head) => head.split('\n').some((line) => LINE.test(line)),
  *read(text): Generator<Cue> {
    let span: Span | null = null;
    let lines: string[] = [];
    for (const line of linesOf(text)) {
      const match = LINE.exec(line);
      if (!match && line.trim() !== '') {
        lines.push(line);
        continue;
      }
      if (span) yield* cuesOf(span, bodiesOf(lines));
      span = match ? spanOf(match) : null;
      lines = [];
    }
    if (span) yield* cuesOf(span, bodiesOf(lines));
  },
};

const bodiesOf = (lines: readonly string[]) => subripBodies(lines.join('\n').replaceAll(/\[br\]/gi, '\n'));

function spanOf([, h1, m1, s1, f1, h2, m2, s2, f2]: RegExpExecArray): Span {
  return { start: clockTime(h1, m1, s1, f1), end: clockTime(h2, m2, s2, f2) };
}
