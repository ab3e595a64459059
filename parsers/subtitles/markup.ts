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

/** Of one tag; a style with everything has some hundred characters. */
const MAX_TAG = 4096;

/** Of one tag. */
const MAX_ATTRIBUTES = 32;

/** What is skipped: from, up to. */
const SKIPPED: readonly (readonly [string, string])[] = [
  ['<!--', '-->'],
  ['<?', '?>'],
  ['<!', '>'],
];

/** XML as subtitles have it, and HTML as old ones do: whatever is no tag is text. What is cut off is left out. */
export function* readMarkup(text: string): Generator<Piece> {
  let at = 0;
  while (at < text.length) {
    const tag = text.indexOf('<', at);
    const end = tag < 0 ? text.length : tag;
    if (end > at) yield { kind: 'text', text: text.slice(at, end) };
    if (tag < 0) return;
    const [, mark = '>'] = SKIPPED.find(([start]) => text.startsWith(start, tag)) ?? [];
    const close = text.indexOf(mark, tag + 1);
    if (close < 0) return;
    at = close + mark.length;
    const piece = mark === '>' ? readTag(text.slice(tag + 1, Math.min(close, tag + MAX_TAG))) : null;
    if (piece) yield piece;
  }
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

const ATTRIBUTE = /([\w:.-]{1,64})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>/]+))/g;

const readAttributes = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(ATTRIBUTE)]
      .slice(0, MAX_ATTRIBUTES)
      .map(([, name = '', double, single, bare]) => [localName(name), double ?? single ?? bare ?? '']),
  );

const localName = (name: string): string => name.slice(name.lastIndexOf(':') + 1).toLowerCase();
