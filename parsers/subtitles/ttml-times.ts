import type { Span } from './text-format.ts';

/** What times of a document are counted in: TTML2, 7.2. */
export interface TtmlClock {
  /** Frames a second. */
  readonly frameRate: number;
  /** Ticks a second. */
  readonly tickRate: number;
}

/** Of the root element. */
export function readClock(root: ReadonlyMap<string, string>): TtmlClock {
  const [num = 1, den = 1] = (root.get('frameratemultiplier') ?? '1 1').split(/[\s:]+/).map(Number);
  const frameRate = (positive(root.get('framerate')) ?? 30) * (positive(String(num / den)) ?? 1);
  return { frameRate, tickRate: positive(root.get('tickrate')) ?? (root.has('framerate') ? frameRate : 1) };
}

function positive(text: string | undefined): number | null {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : null;
}

const CLOCK = /^(\d{1,6}):(\d{1,2}):(\d{1,2})(?:(\.\d{1,9})|:(\d{1,3})(?:\.\d{1,9})?)?$/;
const OFFSET = /^(\d{1,12}(?:\.\d{1,9})?)(h|m|s|ms|f|t)$/;

/** Milliseconds of a `<timeExpression>`; null for what is none. TTML2, 12.3.1. */
function readTime(text: string | undefined, { frameRate, tickRate }: TtmlClock): number | null {
  const given = text?.trim() ?? '';
  const [, hours, minutes, seconds, fraction = '0', frames = '0'] = CLOCK.exec(given) ?? [];
  if (hours !== undefined) {
    const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return Math.round((whole + Number(fraction) + Number(frames) / frameRate) * 1000);
  }
  const [, value, unit = ''] = OFFSET.exec(given) ?? [];
  if (value === undefined) return null;
  const units: Readonly<Record<string, number>> = {
    h: 3600,
    m: 60,
    s: 1,
    ms: 1 / 1000,
    f: 1 / frameRate,
    t: 1 / tickRate,
  };
  return Math.round(Number(value) * (units[unit] ?? 1) * 1000);
}

/** When an element is shown, whose times count from the beginning of the one around it and end with it at the latest. */
export function readSpan(attributes: ReadonlyMap<string, string>, around: Span, clock: TtmlClock): Span {
  const [begin, end, dur] = ['begin', 'end', 'dur'].map((name) => readTime(attributes.get(name), clock));
  const start = around.start + (begin ?? 0);
  const last = Math.min(
    end == null ? Number.POSITIVE_INFINITY : around.start + end,
    dur == null ? Number.POSITIVE_INFINITY : start + dur,
  );
  return { start, end: Math.min(last, around.end) };
}
