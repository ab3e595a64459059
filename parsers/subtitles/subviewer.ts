import { subripBodies } from '../../src/codecs/subrip.ts';
import type { Cue } from '../../src/core/cues.ts';
import { CueLines, clockTime, cuesOf, linesOf, type Span, type TextFormat } from './text-format.ts';

const TIME = '(\\d{1,6}):(\\d{1,2}):(\\d{1,2})(?:[.,](\\d{1,9}))?';
const LINE = new RegExp(`^\\s*${TIME}\\s*[,;]\\s*${TIME}\\s*$`);

/** SubViewer 2: a line with two times, then the text, with `[br]` between its lines. */
export const subviewerFormat: TextFormat = {
  name: 'SubViewer',
  recognises: (head) => head.split('\n').some((line) => LINE.test(line)),
  *read(text): Generator<Cue | null> {
    let span: Span | null = null;
    const lines = new CueLines();
    for (const line of linesOf(text)) {
      const match = line === null ? null : LINE.exec(line);
      const isText = !match && line !== null && line.trim() !== '';
      if (line === null) yield null;
      if (isText) lines.add(line);
      if (line === null || isText) continue;
      const shown = lines.take();
      if (span) yield* cuesOf(span, bodiesOf(shown));
      span = match ? spanOf(match) : null;
    }
    if (span) yield* cuesOf(span, bodiesOf(lines.take()));
  },
};

const bodiesOf = (lines: readonly string[]) => subripBodies(lines.join('\n').replaceAll(/\[br\]/gi, '\n'));

function spanOf([, h1, m1, s1, f1, h2, m2, s2, f2]: RegExpExecArray): Span {
  return { start: clockTime(h1, m1, s1, f1), end: clockTime(h2, m2, s2, f2) };
}
