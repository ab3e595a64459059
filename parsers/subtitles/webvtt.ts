import { webvttBodies } from '../../src/codecs/webvtt-text.ts';
import type { Cue } from '../../src/core/cues.ts';
import { CueLines, cuesOf, linesOf, type TextFormat } from './text-format.ts';
import { readTimingLine } from './timing-line.ts';

/** W3C WebVTT, 4.1. Blocks without times (notes, styles, regions) show nothing. */
export const webvttFormat: TextFormat = {
  name: 'WebVTT',
  recognises: (head) => /^WEBVTT(\s|$)/.test(head),
  *read(text): Generator<Cue | null> {
    let timing: ReturnType<typeof readTimingLine> = null;
    const lines = new CueLines();
    for (const line of linesOf(text)) {
      const next = line === null ? null : readTimingLine(line);
      if (line === null) yield null;
      else if (next === null && line !== '') lines.add(line);
      if (next === null && line !== '') continue;
      const shown = lines.take().join('\n');
      if (timing) yield* cuesOf(timing, webvttBodies(timing.settings, shown));
      timing = next;
    }
    if (timing) yield* cuesOf(timing, webvttBodies(timing.settings, lines.take().join('\n')));
  },
};
