import { MAX_CUE_BYTES } from '../../src/codecs/cue-text.ts';
import type { Cue, CueBody } from '../../src/core/cues.ts';
import { MediaError } from '../../src/core/errors.ts';

/** What a file is read with besides its text. */
export interface TextOptions {
  /** Pictures a second of the film, for formats that count pictures and do not say it themselves. */
  readonly frameRate: number;
}

/** One format of files with subtitles. */
export interface TextFormat {
  /** As the field calls it. */
  readonly name: string;
  /** @param head the first characters of the file */
  recognises(head: string): boolean;
  /** All that can be read, in whatever order; null after some milliseconds of work, that others may do theirs. */
  read(text: string, options: TextOptions): Iterable<Cue | null>;
}

/** Texts of one file; a film has some 2000, a script that is all effects 100 000. */
const MAX_CUES = 200_000;

/** @throws MediaError `limit` */
export function checkCount(count: number): void {
  if (count > MAX_CUES) throw new MediaError('limit', `More than ${MAX_CUES} texts in one file`);
}

/** When something is shown, in milliseconds. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const cuesOf = (span: Span, bodies: readonly CueBody[]): Cue[] =>
  bodies.map(({ settings, text }) => ({ start: span.start, end: span.end, settings, text }));

/** Characters that are read in some milliseconds. */
export const AT_ONCE = 64 * 1024;

/** Of a line; what is longer is cut. */
const MAX_LINE = 2 * MAX_CUE_BYTES;

/** Lines without their ends, one after the other: a file may be nothing but line breaks. Null where others may do their work. */
export function* linesOf(text: string): Generator<string | null> {
  let pause = AT_ONCE;
  for (let at = 0; at <= text.length; ) {
    const next = text.indexOf('\n', at);
    const end = next < 0 ? text.length : next;
    yield text.slice(at, Math.min(end, at + MAX_LINE));
    at = end + 1;
    if (at < pause) continue;
    pause = at + AT_ONCE;
    yield null;
  }
}

/** Lines of one text, as many as anybody reads. */
export class CueLines {
  #lines: string[] = [];
  #size = 0;

  add(line: string): void {
    if (this.#size > MAX_CUE_BYTES) return;
    this.#lines.push(line);
    this.#size += line.length + 1;
  }

  /** All of them, for the next text to begin. */
  take(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    this.#size = 0;
    return lines;
  }
}

/** Milliseconds of `hours:minutes:seconds` and the digits behind the mark, as fields of an expression have them. */
export function clockTime(
  hours: string | undefined,
  minutes: string | undefined,
  seconds: string | undefined,
  fraction: string | undefined,
): number {
  const whole = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  return whole * 1000 + Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
}
