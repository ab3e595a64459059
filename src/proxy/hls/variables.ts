import { MediaError } from '../../core/errors.ts';
import { attributeOf, readAttributes } from './attribute-list.ts';
import { type PlaylistLine, URI_LINE } from './line.ts';
import { checkLimit } from './playlist-limits.ts';

export const DEFINE = '#EXT-X-DEFINE';

const REFERENCE = /\{\$([\w-]+)\}/g;
const NAME = /^[\w-]+$/;

/** Where values come from that the playlist itself does not hold. */
export interface VariableOrigin {
  /** That the playlist came from: QUERYPARAM reads it. */
  readonly url: URL;
  /** Of the multivariant playlist: IMPORT reads them. */
  readonly imported: Readonly<Record<string, string>>;
}

export interface Substituted {
  readonly lines: readonly PlaylistLine[];
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Puts values in for the variables in all addresses: RFC 8216bis, 4.3 and 4.4.2.3. Other lines keep their references,
 * for the definitions stay: those that the player could not make again, from a query or a parent, become plain ones.
 * A playlist that defines nothing has no variables: its addresses may hold such text.
 * @throws MediaError `upstream` for a variable without a value, `limit`
 */
export function substituteVariables(lines: readonly PlaylistLine[], origin: VariableOrigin): Substituted {
  if (!lines.some(({ name }) => name === DEFINE)) return { lines, variables: {} };
  const known = new Map<string, string>();
  const substitute = substitution(known);
  const written = lines.map((line) => {
    if (line.name === DEFINE) return { ...line, text: define(line.text, known, { ...origin, substitute }) };
    return mayHoldAddress(line) ? { ...line, text: substitute(line.text) } : line;
  });
  return { lines: written, variables: Object.fromEntries(known) };
}

const mayHoldAddress = ({ name, text }: PlaylistLine): boolean =>
  name === URI_LINE || (name.startsWith('#EXT-X-') && /URI|X-ASSET-LIST/.test(text));

type Substitute = (text: string) => string;

/** Bounded in all: values that hold values could double with each line. */
function substitution(known: ReadonlyMap<string, string>): Substitute {
  let total = 0;
  return (text) => {
    if (!text.includes('{$')) return text;
    let size = text.length;
    const result = text.replace(REFERENCE, (_, name: string) => {
      const value = known.get(name);
      if (value === undefined) throw missing(name, 'has no EXT-X-DEFINE before it');
      size += value.length;
      checkLimit('line', size);
      return value;
    });
    total += size;
    checkLimit('text', total);
    return result;
  };
}

/** Takes the definition in and gives the line that the player gets instead. */
function define(
  text: string,
  known: Map<string, string>,
  origin: VariableOrigin & { readonly substitute: Substitute },
): string {
  const attributes = readAttributes(text);
  const own = attributeOf(attributes, 'NAME');
  if (own !== null) {
    known.set(own, origin.substitute(attributeOf(attributes, 'VALUE') ?? ''));
    return text;
  }
  const imported = attributeOf(attributes, 'IMPORT');
  const parameter = attributeOf(attributes, 'QUERYPARAM');
  const name = imported ?? parameter;
  if (name === null || !NAME.test(name)) return text;
  const value = imported === null ? queryValue(name, origin.url) : importedValue(name, origin.imported);
  known.set(name, value);
  return `${DEFINE}:NAME="${name}",VALUE="${value}"`;
}

function importedValue(name: string, imported: Readonly<Record<string, string>>): string {
  const value = Object.hasOwn(imported, name) ? imported[name] : undefined;
  if (value === undefined)
    throw missing(name, 'is imported and its multivariant playlist does not define it');
  return value;
}

/** Percent-decoded; what would end the quoted string is refused, as the standard asks. */
function queryValue(name: string, url: URL): string {
  const pair = url.search
    .slice(1)
    .split('&')
    .find((text) => text.includes('=') && decoded(text.slice(0, text.indexOf('='))) === name);
  const value = pair === undefined ? null : decoded(pair.slice(pair.indexOf('=') + 1));
  if (!value || /["\r\n]/.test(value))
    throw missing(name, "is no usable parameter of the playlist's address");
  return value;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

const missing = (name: string, reason: string): MediaError =>
  new MediaError('upstream', `The playlist cannot be read: its variable ${name.slice(0, 64)} ${reason}`);
