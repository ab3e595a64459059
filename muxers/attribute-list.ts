type Attribute = readonly [name: string, value: string | null];

/** NAME=value, without those that are null: RFC 8216, 4.2. */
export const attributes = (list: readonly Attribute[]): string =>
  list.flatMap(([name, value]) => (value === null ? [] : `${name}=${value}`)).join(',');

/** A quoted-string holds no quote and no line end: RFC 8216, 4.2. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
export const quoted = (text: string): string => `"${text.replace(/["\u0000-\u001f\u007f]/g, ' ')}"`;
