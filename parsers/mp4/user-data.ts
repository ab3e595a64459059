import type { Attachment, Chapter } from '../../src/core/contracts.ts';
import { orNull } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Box } from './box.ts';
import { cursorOf, firstBoxes, partOf, readableBoxes, readFullBox } from './readable-boxes.ts';
import { readMarkedText, readText, readUtf16 } from './texts.ts';

/** What a file says of itself for people. What is broken of it is left out. */
export interface UserData {
  readonly title: string | null;
  readonly chapters: readonly Chapter[];
  /** Pictures of the cover. */
  readonly attachments: readonly Attachment[];
  /** Other texts by their name in Matroska. */
  readonly tags: readonly { readonly name: string; readonly value: string }[];
}

/**
 * @param udta UserDataBox of the movie or a track: ISO/IEC 14496-12, 8.10.1
 * @param meta MetaBox beside it, where QuickTime has keys with names
 */
export function readUserData(udta: Box | undefined, meta: Box | undefined): UserData {
  const own = firstBoxes(udta, ['meta', 'chpl', '\xa9nam', 'titl', 'name']);
  const items = [own.get('meta'), meta].flatMap((box) => (box ? readItems(box) : []));
  const texts = items.flatMap(({ name, value }) => {
    const text = name && value.text();
    return name && text ? [{ name, value: text }] : [];
  });
  const chapters = own.get('chpl');
  return {
    title: texts.find(({ name }) => name === TITLE)?.value ?? ownTitle(own),
    chapters: (chapters && orNull(() => readChapters(chapters))) ?? [],
    attachments: items.flatMap(({ name, value }) => (name === COVER ? value.pictures() : [])),
    tags: texts.filter(({ name }) => name !== TITLE && name !== COVER),
  };
}

const TITLE = 'TITLE';
const COVER = 'COVER';

/** Types of items (QuickTime File Format, Metadata; iTunes' own) → names. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['\xa9nam', TITLE],
  ['covr', COVER],
  ['\xa9ART', 'ARTIST'],
  ['aART', 'ALBUM_ARTIST'],
  ['\xa9alb', 'ALBUM'],
  ['\xa9day', 'DATE'],
  ['\xa9gen', 'GENRE'],
  ['\xa9cmt', 'COMMENT'],
  ['\xa9wrt', 'COMPOSER'],
  ['\xa9too', 'ENCODER'],
  ['desc', 'DESCRIPTION'],
  ['ldes', 'SYNOPSIS'],
  ['cprt', 'COPYRIGHT'],
  ['tvsh', 'SHOW'],
]);

interface Item {
  /** Null for one that nobody reads. */
  readonly name: string | null;
  readonly value: ItemValue;
}

interface ItemValue {
  text(): string | null;
  pictures(): Attachment[];
}

/** Items of `ilst` in a MetaBox, whose version QuickTime leaves out. */
function readItems(meta: Box): Item[] {
  const isFull = orNull(() => String.fromCharCode(...cursorOf(meta).bytes(8).subarray(4))) !== 'hdlr';
  const parts = firstBoxes(partOf(meta, isFull ? 4 : 0), ['keys', 'ilst']);
  const [keys, ilst] = [parts.get('keys'), parts.get('ilst')];
  const names = keys ? readKeys(keys) : [];
  const items: Item[] = [];
  for (const item of ilst ? readableBoxes(ilst) : []) {
    if (items.length >= LIMITS.listed) break;
    items.push({ name: NAMES.get(item.type) ?? names[keyIndex(item.type)] ?? null, value: itemValue(item) });
  }
  return items;
}

/** Types of items that have a key are its number, from 1 on. */
const keyIndex = (type: string): number =>
  [...type].reduce((number, char) => number * 256 + char.charCodeAt(0), 0) - 1;

const KEY_HEAD = 8;

/** The last word of each key: `com.apple.quicktime.title`. */
function readKeys(keys: Box): string[] {
  const names: string[] = [];
  orNull(() => {
    const { fields } = readFullBox(keys);
    for (let left = Math.min(fields.u32(), LIMITS.listed); left > 0; left--) {
      const size = fields.u32() - KEY_HEAD;
      fields.skip(4);
      const word = size < 0 ? undefined : readText(fields.bytes(size))?.split('.').at(-1);
      if (word === undefined) return;
      names.push(word.toUpperCase());
    }
  });
  return names;
}

/** Well-known types of values: QuickTime File Format, Metadata, Value Atom. */
const UTF8 = 1;
const UTF16 = 2;
const PICTURES: ReadonlyMap<number, readonly [type: string, extension: string]> = new Map([
  [13, ['image/jpeg', 'jpg']],
  [14, ['image/png', 'png']],
  [27, ['image/bmp', 'bmp']],
]);
/** What a `data` box has before its value: type and locale. */
const VALUE_HEAD = 8;

function itemValue(item: Box): ItemValue {
  const values = function* () {
    for (const box of readableBoxes(item, ['data'])) {
      const type = orNull(() => cursorOf(box).u32());
      if (type !== null && box.bytes.length >= VALUE_HEAD)
        yield { type, bytes: box.bytes.subarray(VALUE_HEAD) };
    }
  };
  return {
    text() {
      for (const { type, bytes } of values())
        if (type === UTF8 || type === UTF16) return type === UTF8 ? readText(bytes) : readUtf16(bytes);
      return null;
    },
    pictures() {
      const found: Attachment[] = [];
      for (const { type, bytes } of values()) {
        if (found.length >= LIMITS.listed) break;
        const [mime, extension] = PICTURES.get(type) ?? [sniffed(bytes), null];
        const name = extension ? `cover.${extension}` : 'cover';
        found.push({ name, type: mime, bytes: bytes.length });
      }
      return found;
    },
  };
}

const sniffed = ([first, second]: Uint8Array): string =>
  first === 0xff && second === 0xd8
    ? 'image/jpeg'
    : first === 0x89 && second === 0x50
      ? 'image/png'
      : 'application/octet-stream';

/** Text of QuickTime and of 3GPP, and the bare name that tracks have. */
function ownTitle(own: ReadonlyMap<string, Box>): string | null {
  const [quicktime, mobile, bare] = [own.get('\xa9nam'), own.get('titl'), own.get('name')];
  return (
    (quicktime && orNull(() => readInternationalText(quicktime))) ||
    (mobile && orNull(() => readMobileText(mobile))) ||
    (bare && readText(bare.bytes)) ||
    null
  );
}

/** International text: length, language, text (QuickTime File Format, User Data Atoms). */
function readInternationalText(box: Box): string | null {
  const fields = cursorOf(box);
  const size = fields.u16();
  fields.skip(2);
  return readText(fields.bytes(Math.min(size, fields.remaining)));
}

/** Language and text: 3GPP TS 26.244, 8.2. */
function readMobileText(box: Box): string | null {
  const { fields } = readFullBox(box);
  fields.skip(2);
  return readMarkedText(fields.bytes(fields.remaining));
}

/** Units of 100 ns in a millisecond. */
const PER_MILLISECOND = 10_000;

/** Nero's chapters: their starts in units of 100 ns, and titles. Version 1 has four bytes more before the count. */
function readChapters(chpl: Box): Chapter[] {
  const { version, fields } = readFullBox(chpl);
  if (version > 0) fields.skip(4);
  const chapters: Chapter[] = [];
  orNull(() => {
    for (let left = fields.u8(); left > 0; left--) {
      const start = Math.round(fields.uint(8) / PER_MILLISECOND);
      const title = readText(fields.bytes(fields.u8()));
      if (!Number.isSafeInteger(start)) return;
      chapters.push({ edition: 0, title, language: 'und', start, end: null });
    }
  });
  return chapters;
}
