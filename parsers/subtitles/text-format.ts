import type { Cue, CueBody } from '../../src/core/cues.ts';

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
  /** All that can be read, in whatever order. */
  read(text: string, options: TextOptions): Iterable<Cue>;
}

/** When something is shown, in milliseconds. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const cuesOf = (span: Span, bodies: readonly CueBody[]): Cue[] =>
  bodies.map(({ settings, text }) => ({ start: span.start, end: span.end, settings, text }));

/** Lines without their ends, one after the other: a file may be nothing but line breaks. */
export function* linesOf(text: string): Generator<string> {
  for (let at = 0; at <= text.length; ) {
    const next = text.indexOf('\n', at);
    const end = next < 0 ? text.length : next;
    yield text.slice(at, end);
    at = end + 1;
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
