/** `20261122203000 +0100` and shorter, down to a day: XMLTV, the start of a programme. */
const TIME = /^\s*(\d{4})(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(\d\d)?)?)?\s*([a-z+-][\w:/+-]*)?\s*$/i;
/** Characters of one. Longer ones are none, and a pattern would look at their spaces again and again. */
const MAX_TIME = 40;

const MINUTE = 60_000;

/** Minutes by which the zones that guides name are ahead of UTC; of several of one name, that of most guides. */
const ZONES: ReadonlyMap<string, number> = new Map([
  ...['', 'UTC', 'GMT', 'Z', 'WET'].map((name) => [name, 0] as const),
  ...['BST', 'WEST', 'CET', 'MET'].map((name) => [name, 60] as const),
  ...['CEST', 'MEST', 'EET'].map((name) => [name, 120] as const),
  ...['EEST', 'MSK'].map((name) => [name, 180] as const),
  ['EDT', -240],
  ...['EST', 'CDT'].map((name) => [name, -300] as const),
  ...['CST', 'MDT'].map((name) => [name, -360] as const),
  ...['MST', 'PDT'].map((name) => [name, -420] as const),
  ['PST', -480],
]);

/** Milliseconds since 1970, in UTC where no zone is told; null for what is no time, or in a zone that nobody knows. */
export function readGuideTime(text: string): number | null {
  const match = timeIn(text);
  const offset = match ? zoneOffset(match[7] ?? '') : null;
  return match && offset !== null ? localTime(match) - offset * MINUTE : null;
}

/**
 * The time so many minutes later, in the same zone and form.
 * @param minutes negative: earlier
 */
export function shiftGuideTime(text: string, minutes: number): string {
  const match = minutes === 0 ? null : timeIn(text);
  if (!match) return text;
  const digits = new Date(localTime(match) + minutes * MINUTE).toISOString().replaceAll(/[-:T]|\..*/g, '');
  return `${digits}${match[7] ? ` ${match[7]}` : ''}`;
}

const timeIn = (text: string): RegExpExecArray | null => (text.length > MAX_TIME ? null : TIME.exec(text));

/** Minutes by which it is ahead of UTC. */
function zoneOffset(zone: string): number | null {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  if (sign === undefined) return ZONES.get(zone.toUpperCase()) ?? null;
  const offset = Number(hours) * 60 + Number(minutes);
  return sign === '-' ? -offset : offset;
}

const localTime = ([, year, month, day, hour = '0', minute = '0', second = '0']: RegExpExecArray): number =>
  Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
