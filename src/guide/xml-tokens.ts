import { corrupt } from '../core/errors.ts';
import { xmlText } from '../core/xml-text.ts';

/** A part of an element, references resolved. */
export type XmlToken =
  | {
      readonly kind: 'open';
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
      readonly isEmpty: boolean;
    }
  | { readonly kind: 'close'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string };

/** XML 1.0, 2.3, but for what lies above U+FFFF. */
const NAME_START =
  ':A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd';
const NAME = `[${NAME_START}][${NAME_START}\\d.\\xb7\\u0300-\\u036f\\u203f\\u2040-]*`;
const VALUE = `(?:"[^"<]*"|'[^'<]*')`;
const TAG = new RegExp(`<(/?)(${NAME})((?:\\s+${NAME}\\s*=\\s*${VALUE})*)\\s*(/?)>`, 'y');
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(${VALUE})`, 'g');

/**
 * Reads an element, comments and instructions left out.
 * @throws MediaError `corrupt` for what is not well-formed
 */
export function* xmlTokens(xml: string): Generator<XmlToken> {
  const open: string[] = [];
  for (let at = 0; at < xml.length; ) {
    const { token, end } = readToken(xml, at);
    if (token?.kind === 'open' && !token.isEmpty) open.push(token.name);
    if (token?.kind === 'close' && open.pop() !== token.name)
      throw corrupt(`An element of the guide ends as ${token.name}, which it did not begin as`);
    if (token) yield token;
    at = end;
  }
  if (open.length > 0) throw corrupt('An element of the guide does not end');
}

interface Read {
  /** Null: nothing to be told. */
  readonly token: XmlToken | null;
  readonly end: number;
}

function readToken(xml: string, at: number): Read {
  if (xml[at] !== '<') {
    const end = placeOr(xml.indexOf('<', at), xml.length);
    return { token: { kind: 'text', text: resolved(xml.slice(at, end)) }, end };
  }
  if (xml.startsWith('<![CDATA[', at)) {
    const end = placeOr(xml.indexOf(']]>', at), xml.length);
    return { token: { kind: 'text', text: xml.slice(at + '<![CDATA['.length, end) }, end: end + 3 };
  }
  if (xml.startsWith('<!--', at))
    return { token: null, end: placeOr(xml.indexOf('-->', at + 4), xml.length) + 3 };
  if (xml.startsWith('<?', at)) return { token: null, end: placeOr(xml.indexOf('?>', at), xml.length) + 2 };
  return readTag(xml, at);
}

const placeOr = (place: number, otherwise: number): number => (place < 0 ? otherwise : place);

function readTag(xml: string, at: number): Read {
  TAG.lastIndex = at;
  const match = TAG.exec(xml);
  if (!match) throw corrupt('A tag of the guide is not well-formed');
  const [all, slash, name = '', attributes = '', empty] = match;
  const end = at + all.length;
  if (slash === '/') return { token: { kind: 'close', name }, end };
  return {
    token: { kind: 'open', name, attributes: readAttributes(attributes), isEmpty: empty === '/' },
    end,
  };
}

/** Of a start tag, or what stands in it behind its name. */
export const readAttributes = (text: string): Map<string, string> =>
  new Map(
    [...text.matchAll(ATTRIBUTE)].map(([, name = '', value = '']) => [name, resolved(value.slice(1, -1))]),
  );

const CHANNEL = new RegExp(`\\schannel\\s*=\\s*(${VALUE})`);

/** The `channel` of a start tag, without a look at its other attributes; empty where there is none. */
export const channelIn = (tag: string): string => resolved(CHANNEL.exec(tag)?.[1]?.slice(1, -1) ?? '');

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** With references to characters resolved. What names any other entity is text: nothing that a guide declares is followed. */
export function resolved(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{1,8}));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES.get(name) ?? all;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}

/** Tokens as XML that is well-formed, whatever they say. */
export function writeTokens(tokens: Iterable<XmlToken>): string {
  let xml = '';
  for (const token of tokens) xml += written(token);
  return xml;
}

function written(token: XmlToken): string {
  if (token.kind === 'text') return xmlText(token.text);
  if (token.kind === 'close') return `</${token.name}>`;
  return `<${token.name}${writeAttributes(token.attributes)}${token.isEmpty ? '/' : ''}>`;
}

/** With a space before each. */
export const writeAttributes = (attributes: Iterable<readonly [string, string]>): string =>
  [...attributes].map(([name, value]) => ` ${name}="${xmlText(value)}"`).join('');
