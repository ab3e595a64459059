import { readRange } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';
import { NOTHING_TOLD, shortText, type Told } from './told.ts';

/** What a file ends with. */
export interface Tail {
  /** Where the tags behind the sound begin. */
  readonly end: number;
  /** The bytes before that, and where the first of them lies. */
  readonly bytes: Uint8Array;
  readonly position: number;
  /** What an ID3v1 tag says; null without one. */
  readonly told: Told | null;
}

/** Read of the end: a few frames, and tags without pictures. */
const TAIL = 64 * 1024;
/** Bytes before the tags that are worth having. */
const ENOUGH = 16 * 1024;
/** Tags behind each other; real files have three at the most. */
const MAX_TAGS = 8;

const latin1 = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);

/** Bytes of the tag that ends with the bytes; null where none does. */
type Measure = (bytes: Uint8Array) => number | null;

const ID3V1_BYTES = 128;
const ID3V1_EXTENDED = 227;

const id3v1: Measure = (bytes) => {
  if (latin1(bytes.slice(-ID3V1_BYTES).subarray(0, 3)) !== 'TAG' || bytes.length < ID3V1_BYTES) return null;
  const extended = latin1(bytes.slice(-ID3V1_BYTES - ID3V1_EXTENDED).subarray(0, 4));
  return extended === 'TAG+' ? ID3V1_BYTES + ID3V1_EXTENDED : ID3V1_BYTES;
};

const APE = { name: 'APETAGEX', bytes: 32, size: 12, flags: 20, hasHeader: 0x80000000 } as const;

/** APEv1 and v2: the footer counts itself and the items, but no header. */
const ape: Measure = (bytes) => {
  const footer = bytes.slice(-APE.bytes);
  if (footer.length < APE.bytes || latin1(footer.subarray(0, 8)) !== APE.name) return null;
  const view = new DataView(footer.buffer);
  const size = view.getUint32(APE.size, true);
  if (size < APE.bytes) return null;
  return size + (view.getUint32(APE.flags, true) >= APE.hasHeader ? APE.bytes : 0);
};

const LYRICS = { end: 'LYRICS200', digits: 6, oldBegin: 'LYRICSBEGIN', oldEnd: 'LYRICSEND', oldBytes: 5200 };

/** Lyrics3: v2 says its size, v1 is searched for its beginning. */
const lyrics: Measure = (bytes) => {
  const tail = latin1(bytes.slice(-LYRICS.oldBytes));
  if (tail.endsWith(LYRICS.end)) {
    const digits = tail.slice(-LYRICS.end.length - LYRICS.digits, -LYRICS.end.length);
    return /^\d{6}$/.test(digits) ? Number(digits) + LYRICS.digits + LYRICS.end.length : null;
  }
  const begin = tail.endsWith(LYRICS.oldEnd) ? tail.lastIndexOf(LYRICS.oldBegin) : -1;
  return begin < 0 ? null : tail.length - begin;
};

const ID3_FOOTER = 10;

/** ID3v2.4 that is appended: its footer is its header with another name. */
const id3v2: Measure = (bytes) => {
  const footer = bytes.slice(-ID3_FOOTER);
  if (footer.length < ID3_FOOTER || latin1(footer.subarray(0, 3)) !== '3DI') return null;
  const size = [...footer.subarray(6)];
  if (size.some((byte) => byte >= 128)) return null;
  return size.reduce((sum, byte) => sum * 128 + byte, 0) + 2 * ID3_FOOTER;
};

const MEASURES: readonly Measure[] = [id3v1, ape, lyrics, id3v2];

/** Passes backwards over the tags behind the sound, which begins at `start`. A tag that reaches before it is none. */
export async function readTail(
  source: Source,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<Tail> {
  const read = async (to: number) => {
    const position = Math.max(start, to - TAIL);
    return { position, bytes: await readRange(source, { start: position, end: to }, signal) };
  };
  let told: Told | null = null;
  let { position, bytes } = await read(end);
  let at = position + bytes.length;
  for (let count = 0; count < MAX_TAGS; count++) {
    const size = MEASURES.map((measure) => measure(bytes)).find((found) => found !== null) ?? null;
    if (size === null || at - size < start) break;
    if (id3v1(bytes) !== null) told = readId3v1(bytes.subarray(-ID3V1_BYTES));
    at -= size;
    if (at - position >= ENOUGH || position === start) bytes = bytes.subarray(0, Math.max(0, at - position));
    else ({ position, bytes } = await read(at));
  }
  return { end: at, bytes, position, told };
}

function readId3v1(tag: Uint8Array): Told {
  const text = (from: number, size: number) =>
    shortText(latin1(tag.subarray(from, from + size)).replace(/\0.*$/s, ''));
  const artist = text(33, 30);
  return { ...NOTHING_TOLD, title: text(3, 30), tags: artist ? [{ name: 'ARTIST', value: artist }] : [] };
}
