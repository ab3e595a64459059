/** `20261122203000 +0100` and shorter: XMLTV, the start of a programme. Without a zone it is UTC. */
const TIME = /^\s*(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?\s*(.*?)\s*$/;

const MINUTE = 60_000;

/** Milliseconds since 1970; null for what is no time. */
export function readGuideTime(text: string): number | null {
  const match = TIME.exec(text);
  if (!match) return null;
  const local = localTime(match);
  const zone = /^([+-])(\d\d):?(\d\d)$/.exec(match[7] ?? '');
  if (!zone) return local;
  const offset = (Number(zone[2]) * 60 + Number(zone[3])) * MINUTE;
  return zone[1] === '-' ? local + offset : local - offset;
}

/**
 * The time so many minutes later, in the same zone and form.
 * @param minutes negative: earlier
 */
export function shiftGuideTime(text: string, minutes: number): string {
  const match = minutes === 0 ? null : TIME.exec(text);
  if (!match) return text;
  const digits = new Date(localTime(match) + minutes * MINUTE).toISOString().replaceAll(/[-:T]|\..*/g, '');
  return `${digits}${match[7] ? ` ${match[7]}` : ''}`;
}

const localTime = ([, year, month, day, hour, minute, second]: RegExpExecArray): number =>
  Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second ?? 0));
