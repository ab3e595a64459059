import { ByteCursor } from '../../src/core/bytes.ts';
import type { Attachment } from '../../src/core/contracts.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { pictureOf, shortText, type Told } from './told.ts';

/** A tag that stands before sound: ID3v2.2 to 2.4. */
export interface Id3Tag {
  readonly told: Told;
  /** Ticks of 90 kHz at which the sound behind it begins: RFC 8216, 3.4. Null where it does not say. */
  readonly timestamp: number | null;
}

export const ID3_HEADER_BYTES = 10;
const FLAGS = { unsynchronised: 0x80, extended: 0x40, footer: 0x10 } as const;
const LAST_VERSION = 4;
const SYNCSAFE = 0x80;

/** Bytes of the tag with header and footer, by its header; null where there is none. */
export function id3Bytes(bytes: Uint8Array, at = 0): number | null {
  const [i, d, three, version = 255, revision = 255, flags = 0, ...size] = bytes.subarray(at, at + 10);
  const isTag = i === 0x49 && d === 0x44 && three === 0x33 && size.length === 4;
  if (!isTag || version === 255 || revision === 255) return null;
  if (size.some((byte) => byte >= SYNCSAFE)) return null;
  const footer = version === LAST_VERSION && (flags & FLAGS.footer) !== 0 ? ID3_HEADER_BYTES : 0;
  return ID3_HEADER_BYTES + syncsafe(size) + footer;
}

const syncsafe = (bytes: readonly number[]): number => bytes.reduce((sum, byte) => sum * 128 + byte, 0);

/** Names of version 2.2 by what they were called later. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  TT2: 'TIT2',
  TP1: 'TPE1',
  TP2: 'TPE2',
  TAL: 'TALB',
  TYE: 'TYER',
  TCO: 'TCON',
  TRK: 'TRCK',
  TSS: 'TSSE',
  PIC: 'APIC',
};

/** What is told of a file, by the names that Matroska has for it. */
const TAG_NAMES: Readonly<Record<string, string>> = {
  TPE1: 'ARTIST',
  TPE2: 'ALBUM_ARTIST',
  TALB: 'ALBUM',
  TDRC: 'DATE',
  TYER: 'DATE',
  TCON: 'GENRE',
  TRCK: 'TRACK_NUMBER',
};

interface Frame {
  readonly id: string;
  readonly data: Uint8Array;
  /** Of it in the file, which may be more than was read. */
  readonly bytes: number;
}

/** What a tag says, as far as its bytes reach. What is broken of it is left out. */
export function parseId3(bytes: Uint8Array): Id3Tag {
  const frames = [...framesOf(bytes)];
  const texts = new Map(
    frames.filter(({ id }) => id.startsWith('T')).map(({ id, data }) => [id, textOf(data)] as const),
  );
  const wanted = Object.entries(TAG_NAMES);
  return {
    told: {
      title: shortText(texts.get('TIT2')),
      writingApp: shortText(texts.get('TSSE')),
      tags: wanted.flatMap(([id, name]) => {
        const value = shortText(texts.get(id));
        return value === null ? [] : [{ name, value }];
      }),
      pictures: frames.flatMap((frame) => (frame.id === 'APIC' ? pictureOfFrame(frame) : [])),
      isWhole: bytes.length >= (id3Bytes(bytes) ?? 0),
    },
    timestamp: frames.map(timestampOf).find((ticks) => ticks !== null) ?? null,
  };
}

/** Header of a frame by version: bytes of its name, and of all of it. */
const FORMS: Readonly<Record<number, { readonly name: number; readonly header: number }>> = {
  2: { name: 3, header: 6 },
  3: { name: 4, header: 10 },
  4: { name: 4, header: 10 },
};
const FRAME_FLAGS = { encoded: 0x0c, unsynchronised: 0x02, hasLength: 0x01 } as const;
/** Compression and encryption. */
const OLD_ENCODED = 0xc0;

function* framesOf(bytes: Uint8Array): Generator<Frame> {
  const size = id3Bytes(bytes);
  const [version = 0, , flags = 0] = bytes.subarray(3, 6);
  const form = FORMS[version];
  if (size === null || !form) return;
  const isOld = version < LAST_VERSION;
  const content = bytes.subarray(ID3_HEADER_BYTES, size);
  const cursor = new ByteCursor(
    isOld && flags & FLAGS.unsynchronised ? withoutUnsynchronisation(content) : content,
  );
  if (flags & FLAGS.extended && version > 2) skipExtendedHeader(cursor, version);
  const { name, header } = form;
  for (let count = 0; cursor.remaining > header && count < LIMITS.listed; count++) {
    const id = latin1(cursor.bytes(name));
    if (!/^[A-Z][A-Z0-9]+$/.test(id)) return;
    const length = version === 2 ? cursor.uint(3) : frameLength(cursor.bytes(4), isOld);
    const own = version === 2 ? 0 : cursor.u16();
    const data = cursor.bytes(Math.min(length, cursor.remaining));
    const isEncoded = (own & (isOld ? OLD_ENCODED : FRAME_FLAGS.encoded)) !== 0;
    if (isEncoded) continue;
    yield { id: OLD_NAMES[id] ?? id, data: isOld ? data : plain(data, own), bytes: length };
  }
}

/** Sizes of version 2.4 are syncsafe, but for those of writers that do not know it. */
function frameLength(size: Uint8Array, isOld: boolean): number {
  const bytes = [...size];
  const isPlain = isOld || bytes.some((byte) => byte >= SYNCSAFE);
  return isPlain ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : syncsafe(bytes);
}

function skipExtendedHeader(cursor: ByteCursor, version: number): void {
  const size = frameLength(cursor.bytes(Math.min(4, cursor.remaining)), version < LAST_VERSION);
  const rest = version < LAST_VERSION ? size : size - 4;
  cursor.skip(Math.min(Math.max(0, rest), cursor.remaining));
}

function plain(data: Uint8Array, flags: number): Uint8Array {
  const content = flags & FRAME_FLAGS.hasLength ? data.subarray(4) : data;
  return flags & FRAME_FLAGS.unsynchronised ? withoutUnsynchronisation(content) : content;
}

/** 0xFF 0x00 stands for 0xFF: ID3v2.4.0, 6.1. */
const withoutUnsynchronisation = (bytes: Uint8Array): Uint8Array =>
  bytes.filter((byte, i) => byte !== 0 || bytes[i - 1] !== 0xff);

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** By the byte that a text begins with; the first of the second kind says its order itself. */
const DECODERS = ['latin1', 'utf-16le', 'utf-16be', 'utf-8'] as const;
const UTF_16 = 1;
const BIG_ENDIAN_MARK = 0xfe;

/** Several texts of one frame stand with a zero between them. */
const textOf = (data: Uint8Array): string =>
  decoded(data[0] ?? 0, data.subarray(1))
    .replace(/\0+$/, '')
    .replaceAll('\0', ', ');

function decoded(encoding: number, bytes: Uint8Array): string {
  const isBig = encoding === UTF_16 && bytes[0] === BIG_ENDIAN_MARK;
  const name = isBig ? 'utf-16be' : (DECODERS[encoding] ?? 'latin1');
  return new TextDecoder(name).decode(bytes);
}

/** Of a picture's frame, what stands before the picture. */
const PICTURE_HEAD = 512;

/** Encoding, type with a zero behind it (three letters in version 2.2), what it shows, its name with a zero: 4.14. */
function pictureOfFrame({ data, bytes }: Frame): Attachment[] {
  const [encoding = 0] = data;
  const head = data.subarray(1, PICTURE_HEAD);
  const zero = head.indexOf(0);
  const type = latin1(head.subarray(0, zero < 0 ? 0 : zero));
  const isOld = !type.includes('/') && /^[A-Z]{3}$/.test(latin1(head.subarray(0, 3)));
  const nameAt = isOld ? 4 : zero + 2;
  const isWide = encoding === 1 || encoding === 2;
  const nameEnd = textEnd(head, nameAt, isWide);
  if (nameEnd === null) return [];
  const mime = isOld ? latin1(head.subarray(0, 3)).toLowerCase() : type;
  const image = mime.includes('/') ? mime : `image/${mime === 'jpg' ? 'jpeg' : mime}`;
  const name = decoded(encoding, head.slice(nameAt, nameEnd));
  return [pictureOf(name, image, bytes - 1 - nameEnd - (isWide ? 2 : 1))];
}

/** Where the zero behind a text stands; null where there is none. */
function textEnd(bytes: Uint8Array, from: number, isWide: boolean): number | null {
  for (let at = from; at < bytes.length; at += isWide ? 2 : 1)
    if (bytes[at] === 0 && (!isWide || bytes[at + 1] === 0)) return at;
  return null;
}

const TIMESTAMP_OWNER = 'com.apple.streaming.transportStreamTimestamp\0';

/** A stamp of 33 bits in eight bytes. */
function timestampOf({ id, data }: Frame): number | null {
  const owner = TIMESTAMP_OWNER.length;
  if (id !== 'PRIV' || data.length < owner + 8 || latin1(data.subarray(0, owner)) !== TIMESTAMP_OWNER)
    return null;
  const ticks = new ByteCursor(data.subarray(owner)).uint(8);
  return ticks < 2 ** 33 ? ticks : null;
}
