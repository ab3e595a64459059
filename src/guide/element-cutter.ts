import { corrupt } from '../core/errors.ts';

/**
 * Characters of one element, and of a comment or tag that does not end: a programme with a cast of hundreds has 20 000.
 * All of it is tokens at once: of empty elements that is an object for each four characters.
 */
const MAX_ELEMENT = 128 * 1024;
/** Characters that are looked through at a time: what has not ended yet is looked through again with the next ones. */
export const CUT_AT_ONCE = 64 * 1024;

/** Says of an element, by its start tag, whether it is wanted. */
export type Choice = (name: string, tag: string) => boolean;

/**
 * Cuts elements of some names out of XML that comes in pieces: those that are wanted, whole, as they are written. What
 * else there is is passed over unread; declarations are never followed, so that no entity expands to anything.
 */
export class ElementCutter {
  readonly #names: ReadonlySet<string>;
  readonly #choose: Choice;
  #text = '';
  /** Where to look on in it. */
  #at = 0;
  #open: { readonly name: string; start: number | null } | null = null;

  constructor(names: readonly string[], choose: Choice) {
    this.#names = new Set(names);
    this.#choose = choose;
  }

  /**
   * @param text best `CUT_AT_ONCE` characters or more
   * @throws MediaError `corrupt` for markup that does not end
   */
  *cut(text: string): Generator<string> {
    this.#text += text;
    for (let isMore = true; isMore; ) {
      const element = this.#next();
      isMore = element !== null;
      if (element) yield element;
    }
    this.#forget();
  }

  /** Passes one tag or comment. Gives the element that it ends, an empty text for none, null where more must come. */
  #next(): string | null {
    const text = this.#text;
    const at = text.indexOf('<', this.#at);
    this.#at = at < 0 ? text.length : at;
    if (at < 0 || at + 1 === text.length) return null;
    const mark = text[at + 1];
    if (mark === '!' || mark === '?') return this.#passTo(endOfAside(text, at));
    return this.#open ? this.#nextWithin(this.#open) : this.#begin();
  }

  #nextWithin(open: { readonly name: string; readonly start: number | null }): string | null {
    const text = this.#text;
    const ending = `</${open.name}`;
    if (text.length - this.#at <= ending.length) return null;
    const isEnd = text.startsWith(ending, this.#at) && /[\s>]/.test(text[this.#at + ending.length] ?? '');
    if (!isEnd) return this.#passTo(this.#at + 1);
    const end = text.indexOf('>', this.#at);
    if (end < 0) return null;
    this.#passTo(end + 1);
    this.#open = null;
    return open.start === null || end - open.start >= MAX_ELEMENT ? '' : text.slice(open.start, end + 1);
  }

  #begin(): string | null {
    const start = this.#at;
    const end = endOfTag(this.#text, start);
    if (end < 0) return null;
    const tag = this.#text.slice(start, end);
    this.#passTo(end);
    const name = /^<([^\s/>]+)/.exec(tag)?.[1] ?? '';
    if (!this.#names.has(name)) return '';
    const isKept = this.#choose(name, tag);
    if (tag.endsWith('/>')) return isKept ? tag : '';
    this.#open = { name, start: isKept ? start : null };
    return '';
  }

  /** @param end where what was met ends; negative where that has not come yet */
  #passTo(end: number): '' | null {
    if (end < 0) return null;
    this.#at = end;
    return '';
  }

  /** Lets go of what was passed; what is too long for an element is none. */
  #forget(): void {
    if (this.#open && this.#text.length - (this.#open.start ?? Number.POSITIVE_INFINITY) > MAX_ELEMENT)
      this.#open.start = null;
    const from = this.#open?.start ?? this.#at;
    this.#text = this.#text.slice(from);
    this.#at -= from;
    if (this.#open && this.#open.start !== null) this.#open.start = 0;
    if (this.#text.length - this.#at > MAX_ELEMENT) throw corrupt('The guide is no XML: a tag does not end');
  }
}

/** Behind a comment, CDATA section, instruction or declaration; negative where it has not come to its end yet. */
function endOfAside(text: string, at: number): number {
  if ('<![CDATA['.startsWith(text.slice(at, at + 9)) && text.length - at < 9) return -1;
  const mark = ASIDES.find(([begin]) => text.startsWith(begin, at));
  if (!mark) return endOfDeclaration(text, at);
  const end = text.indexOf(mark[1], at + mark[0].length);
  return end < 0 ? -1 : end + mark[1].length;
}

const ASIDES = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const;

/** A document type, with what it may declare in brackets. */
function endOfDeclaration(text: string, at: number): number {
  const end = text.indexOf('>', at);
  if (end < 0) return -1;
  const bracket = text.slice(at, end).indexOf('[');
  if (bracket < 0) return end + 1;
  const close = /\]\s*>/g;
  close.lastIndex = at + bracket;
  return close.exec(text) ? close.lastIndex : -1;
}

/** Behind the `>` that is in no quotation marks. */
function endOfTag(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const char = text[i];
    if (char === '>') return i + 1;
    if (char !== '"' && char !== "'") continue;
    i = text.indexOf(char, i + 1);
    if (i < 0) return -1;
  }
  return -1;
}
