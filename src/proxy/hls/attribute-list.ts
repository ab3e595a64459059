/** One attribute of a tag: RFC 8216, 4.2. */
export interface Attribute {
  readonly name: string;
  /** Without quotes. */
  readonly value: string;
  /** Index in the line where the value begins, with its quote. */
  readonly start: number;
  /** Index behind the value, with its quote. */
  readonly end: number;
}

/**
 * Attributes of a tag's line. Tolerant of what servers write: spaces around commas and equals signs, values without
 * quotes, a last quote that is missing.
 */
export function readAttributes(text: string): readonly Attribute[] {
  const attributes: Attribute[] = [];
  const colon = text.indexOf(':');
  let at = colon < 0 ? text.length : colon + 1;
  for (let equals = text.indexOf('=', at); equals >= 0; equals = text.indexOf('=', at)) {
    const name = text.slice(at, equals).split(',').at(-1)?.trim() ?? '';
    const attribute = readValue(text, equals + 1);
    attributes.push({ name, ...attribute });
    const comma = text.indexOf(',', attribute.end);
    at = comma < 0 ? text.length : comma + 1;
  }
  return attributes;
}

function readValue(text: string, from: number): Omit<Attribute, 'name'> {
  let start = from;
  while (text[start] === ' ' || text[start] === '\t') start++;
  if (text[start] === '"') {
    const close = text.indexOf('"', start + 1);
    const last = close < 0 ? text.length : close;
    return { value: text.slice(start + 1, last), start, end: Math.min(last + 1, text.length) };
  }
  const comma = text.indexOf(',', start);
  const value = text.slice(start, comma < 0 ? text.length : comma).trimEnd();
  return { value, start, end: start + value.length };
}

/** Value of an attribute by its name; null when absent. */
export const attributeOf = (attributes: readonly Attribute[], name: string): string | null =>
  attributes.find((attribute) => attribute.name === name)?.value ?? null;

/** The line without some attributes. */
export function withoutAttributes(text: string, names: readonly string[]): string {
  const kept = readAttributes(text).filter(({ name }) => !names.includes(name));
  const list = kept.map(({ name, start, end }) => `${name}=${text.slice(start, end)}`);
  return `${text.slice(0, text.indexOf(':') + 1)}${list.join(',')}`;
}
