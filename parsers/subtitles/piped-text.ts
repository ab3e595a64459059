import {
  cueBodies,
  cueText,
  cutText,
  escapeText,
  NO_TAGS,
  type Run,
  type Tag,
} from '../../src/codecs/cue-text.ts';
import type { CueBody } from '../../src/core/cues.ts';

/** Control codes of MicroDVD: those in capitals hold for all lines that follow. */
const CODE = /\{([yYcCfFsSpPoOhH]):([^{}]*)\}/g;

/** Lines of one text; screens hold some ten. */
const MAX_LINES = 256;

/** A text with a bar between its lines, a slash before lines in italics, and codes of MicroDVD. */
export function pipedBodies(text: string): CueBody[] {
  let lasting: ReadonlySet<Tag> = NO_TAGS;
  const runs: Run[] = [];
  for (const [i, line] of cutText(text).split('|', MAX_LINES).entries()) {
    const codes = [...line.matchAll(CODE)];
    const styles = codes.filter(([, name]) => /y/i.test(name ?? ''));
    lasting = new Set([...lasting, ...tagsOf(styles.filter(([, name]) => name === 'Y'))]);
    const [, slash = '', words = ''] = /^\s*(\/?)(.*)$/s.exec(line.replaceAll(CODE, '')) ?? [];
    const tags = new Set<Tag>([...lasting, ...tagsOf(styles), ...(slash === '/' ? (['i'] as const) : [])]);
    if (i > 0) runs.push({ text: '\n', tags });
    runs.push({ text: escapeText(words), tags });
  }
  return cueBodies('', cueText(runs));
}

const TAGS: readonly Tag[] = ['b', 'i', 'u'];

/** `{y:i,b}` */
const tagsOf = (styles: readonly RegExpExecArray[]): Tag[] =>
  TAGS.filter((tag) => styles.some(([, , value = '']) => value.toLowerCase().includes(tag)));
