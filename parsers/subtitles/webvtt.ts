import { webvttBodies } from '../../src/codecs/webvtt-text.ts';
import type { Cue } from '../../src/core/cues.ts';
import { cuesOf, linesOf, type TextFormat } from './text-format.ts';
import { readTimingLine } from './timing-line.ts';

/** W3C WebVTT, 4.1. Blocks without times (notes, styles, regions) show nothing. */
export const webvttFormat: TextFormat = {
  name: 'WebVTT',
  recognises: (head) => /^WEBVTT(\s|$)/.test(head),
  *read(text): Generator<Cue> {
    let timing: ReturnType<typeof readTimingLine> = null;
    let lines: string[] = [];
    for (const line of linesOf(text)) {
      const next = readTimingLine(line);
      if (next === null && line !== '') {
        lines.push(line);
        continue;
      }
      if (timing) yield* cuesOf(timing, webvttBodies(timing.settings, lines.join('\n')));
      timing = next;
      lines = [];
    }
    if (timing) yield* cuesOf(timing, webvttBodies(timing.settings, lines.join('\n')));
  },
};
