import { corrupt, truncated } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';

/** The head of a box: ISO/IEC 14496-12, 4.2. */
export interface BoxHead {
  /** Four characters, Latin-1; `uuid` for extended types. */
  readonly type: string;
  /** Extended type of a `uuid` box, lower-case hexadecimal; null for others. */
  readonly uuid: string | null;
  /** File offset of the box. */
  readonly start: number;
  /** File offset of its content. */
  readonly content: number;
  /** File offset of its end; Infinity when it lasts to the end of the file. */
  readonly end: number;
}

/** A box whose bytes are there. */
export interface Box extends BoxHead {
  /** Its content as a view, cut off where the bytes end. */
  readonly bytes: Uint8Array;
}

/** Most bytes of a head: size, type, 64-bit size, extended type. */
export const MAX_BOX_HEAD = 32;

/**
 * The head of the box at `at` of `bytes`; null where more bytes are needed.
 * @param base file offset of the first byte
 * @throws MediaError `corrupt` for a size that does not hold the head
 */
export function readBoxHead(bytes: Uint8Array, at: number, base: number): BoxHead | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (at + 8 > bytes.length) return null;
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  let size = view.getUint32(at);
  let head = 8;
  if (size === 1) {
    if (at + 16 > bytes.length) return null;
    size = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
    head = 16;
  } else if (size === 0) size = Number.POSITIVE_INFINITY;
  let uuid: string | null = null;
  if (type === 'uuid') {
    if (at + head + 16 > bytes.length) return null;
    uuid = hex(bytes.subarray(at + head, at + head + 16));
    head += 16;
  }
  const start = base + at;
  if (size < head) throw corrupt(`A ${printable(type)} box of ${size} bytes, its head has ${head}`, start);
  return { type, uuid, start, content: start + head, end: start + size };
}

/**
 * The boxes that lie in `bytes` behind each other. Fewer bytes than a head has at the end are passed over: QuickTime
 * ends lists with a zero.
 * @param base file offset of the first byte
 * @throws MediaError `corrupt` for a size that makes no sense, `truncated` for a box that reaches beyond the end,
 * `corrupt` for more boxes than any file has
 */
export function* boxes(bytes: Uint8Array, base: number): Generator<Box> {
  let count = 0;
  for (let at = 0; at + 8 <= bytes.length; ) {
    const head = readBoxHead(bytes, at, base);
    if (!head) throw truncated('The head of a box is cut off', base + at);
    const end = Math.min(head.end - base, bytes.length);
    if (head.end - base > bytes.length && head.end !== Number.POSITIVE_INFINITY)
      throw truncated(
        `A ${printable(head.type)} box of ${head.end - head.start} bytes, ${bytes.length - at} left`,
        head.start,
      );
    if (++count > LIMITS.elements) throw corrupt(`More than ${LIMITS.elements} boxes in one`, head.start);
    yield { ...head, bytes: bytes.subarray(head.content - base, end) };
    at = end;
  }
}

/** The boxes inside one. @throws MediaError as `boxes` */
export const children = (box: Box): Generator<Box> => boxes(box.bytes, box.content);

/** The first box of a type; null without one. @throws MediaError as `boxes` */
export function findBox(list: Iterable<Box>, type: string): Box | null {
  for (const box of list) if (box.type === type) return box;
  return null;
}

/** A type for messages. */
export const printable = (type: string): string => type.replace(/[^\x20-\x7e]/g, '?');

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
