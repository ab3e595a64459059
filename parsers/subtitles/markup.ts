import { escapeText } from '../../src/codecs/cue-text.ts';
import { AT_ONCE } from './text-format.ts';

/** A piece of a text with tags. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'open';
      /** Local names, in small letters; so are those of attributes. */
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
      readonly isEmpty: boolean;
    }
  | { readonly kind: 'close'; readonly name: string };

/** Of one tag; a style with everything has some hundred characters. What is longer is text. */
const MAX_TAG = 4096;

/** Of one tag. */
const MAX_ATTRIBUTES = 32;

const CDATA = '<![CDATA[';

/** What is no tag: from, up to. */
const SPECIAL: readonly (readonly [start: string, end: string])[] = [
  ['<!--', '-->'],
  [CDATA, ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
];

/** Up to a bracket outside of quotes; up to any where the quotes do not match. */
const TAGS: readonly RegExp[] = [
  /^<\/?[a-z][^<>"']*(?:"[^"<]*"[^<>"']*|'[^'<]*'[^<>"']*)*>/i,
  /^<\/?[a-z][^<>]*>/i,
];

/**
 * XML as subtitles have it, and HTML as old ones do: whatever is no tag is text, and what does not end is passed over.
 * Null where others may do their work.
 */
export function* readMarkup(text: string): Generator<Piece | null> {
  const endless = new Set<string>();
  let pause = AT_ONCE;
  for (let at = 0; at < text.length; ) {
    const { piece, end } = pieceAt(text, at, endless);
    if (piece) yield piece;
    at = end;
    if (at < pause) continue;
    pause = at + AT_ONCE;
    yield null;
  }
}

interface Found {
  readonly piece: Piece | null;
  readonly end: number;
}

/** @param endless ends that are known not to come any more */
function pieceAt(text: string, at: number, endless: Set<string>): Found {
  if (text[at] !== '<') return textAt(text, at, at);
  const [start, mark] = SPECIAL.find(([one]) => text.startsWith(one, at)) ?? ['', ''];
  if (start === '') return tagAt(text, at);
  const end = endless.has(mark) ? -1 : text.indexOf(mark, at + start.length);
  if (end < 0) {
    endless.add(mark);
    return { piece: null, end: at + start.length };
  }
  const from = at + start.length;
  const inside = start === CDATA ? escapeText(text.slice(from, Math.min(end, from + AT_ONCE))) : '';
  return { piece: inside === '' ? null : { kind: 'text', text: inside }, end: end + mark.length };
}

/** @param from where the next tag is looked for */
function textAt(text: string, at: number, from: number): Found {
  const most = text.slice(at, at + AT_ONCE);
  const next = most.indexOf('<', from - at);
  const piece = next < 0 ? most : most.slice(0, next);
  return { piece: { kind: 'text', text: piece }, end: at + piece.length };
}

function tagAt(text: string, at: number): Found {
  const near = text.slice(at, at + MAX_TAG);
  for (const tag of TAGS) {
    const [all] = tag.exec(near) ?? [];
    if (all !== undefined) return { piece: readTag(all.slice(1, -1)), end: at + all.length };
  }
  return textAt(text, at, at + 1);
}

function readTag(tag: string): Piece | null {
  const [all = '', slash = '', name = ''] = /^(\/?)([a-z][\w:.-]*)/i.exec(tag) ?? [];
  if (name === '') return null;
  if (slash === '/') return { kind: 'close', name: localName(name) };
  const rest = tag.slice(all.length);
  return {
    kind: 'open',
    name: localName(name),
    attributes: readAttributes(rest),
    isEmpty: rest.endsWith('/'),
  };
}

const ATTRIBUTE = /(?<![\w:.-])([\w:.-]{1,64})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>/]+))/g;

function readAttributes(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', double, single, bare] of text.matchAll(ATTRIBUTE)) {
    if (attributes.size >= MAX_ATTRIBUTES) break;
    attributes.set(localName(name), double ?? single ?? bare ?? '');
  }
  return attributes;
}

const localName = (name: string): string => name.slice(name.lastIndexOf(':') + 1).toLowerCase();

/** The name of the first tag, where no text stands before it. */
export function firstTag(head: string): string | null {
  for (const piece of readMarkup(head)) {
    if (piece === null || (piece.kind === 'text' && piece.text.trim() === '')) continue;
    return piece.kind === 'open' ? piece.name : null;
  }
  return null;
}
