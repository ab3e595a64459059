import type { Cue } from '../../src/core/cues.ts';
import { pipedBodies } from './piped-text.ts';
import { cuesOf, linesOf, type TextFormat } from './text-format.ts';

/** `[start][end]text`, in tenths of a second. */
export const mpl2Format: TextFormat = {
  name: 'MPL2',
  recognises: (head) => /^[^\S\n]*\[\d{1,9}\]\s?\[\d{1,9}\]/m.test(head),
  *read(text): Generator<Cue | null> {
    for (const line of linesOf(text)) {
      if (line === null) yield null;
      const match = /^\s*\[(\d{1,9})\]\s?\[(\d{1,9})\](.*)$/.exec(line ?? '');
      if (!match) continue;
      const [, start, end, words = ''] = match;
      yield* cuesOf({ start: Number(start) * 100, end: Number(end) * 100 }, pipedBodies(words));
    }
  },
};
