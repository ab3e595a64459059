import { clockTime, type Span } from './text-format.ts';

const TIME = '(?:(\\d{1,6}):)?(\\d{1,2}):(\\d{1,2})(?:[.,:](\\d{1,9}))?';
const LINE = new RegExp(`^\\s*${TIME}\\s*-{1,2}>\\s*${TIME}(?:\\s+(.*))?$`);

/** `00:00:01,000 --> 00:00:02,500 line:0`, as SubRip and WebVTT have it, and with the slips that programs make. */
export function readTimingLine(line: string): (Span & { readonly settings: string }) | null {
  if (!line.includes('->')) return null;
  const match = LINE.exec(line);
  if (!match) return null;
  const [, h1, m1, s1, f1, h2, m2, s2, f2, settings = ''] = match;
  return { start: clockTime(h1, m1, s1, f1), end: clockTime(h2, m2, s2, f2), settings };
}
