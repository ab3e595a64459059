import { ByteCursor } from '../../src/core/bytes.ts';
import { corrupt, MediaError, truncated } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { ELEMENTS, type ElementName, elementName } from './elements.ts';

export interface ElementHead {
  readonly id: number;
  /** Bytes of ID and size field together. */
  readonly headSize: number;
  /** Bytes of content; null for an unknown size (RFC 8794, 6.2). */
  readonly size: number | null;
}

/** ID (8, where the file declares more than Matroska's 4) and size (8) fields at their longest. */
export const MAX_HEAD_SIZE = 16;

/** Bytes of the longest ID that Matroska itself has, and that can be declared at all (RFC 8794, 11.2.4). */
export const ID_LENGTH = { usual: 4, most: 8 } as const;

/**
 * Reads the element ID and size that begin at index `at` of `bytes`; null when they go on beyond its end.
 * @param position file offset of the ID, for errors
 * @param maxIdLength EBMLMaxIDLength of the file; a longer ID is one of no use, and read as damage
 * @throws MediaError `corrupt` when no ID or size can begin so (RFC 8794, 4 and 5)
 */
export function readElementHead(
  bytes: Uint8Array,
  position: number,
  maxIdLength: number = ID_LENGTH.usual,
  at = 0,
): ElementHead | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const idSize = Math.clz32(first) - 23;
  if (idSize > maxIdLength) throw corrupt(`No element ID can begin with 0x${first.toString(16)}`, position);
  const sizeFirst = bytes[at + idSize];
  if (sizeFirst === undefined) return null;
  const sizeSize = Math.clz32(sizeFirst) - 23;
  if (sizeSize > 8) throw corrupt('Element size longer than 8 bytes', position + idSize);
  if (bytes.length < at + idSize + sizeSize) return null;
  const cursor = new ByteCursor(bytes, position - at, at);
  const id = cursor.uint(idSize);
  const size = readVint(cursor, sizeSize);
  return { id, headSize: idSize + sizeSize, size };
}

/** Index of the next ID of four bytes at or after `from`, by its bytes alone; null if there is none. */
export function findId(bytes: Uint8Array, id: number, from: number): number | null {
  const [first = 0, second, third, fourth] = [id >>> 24, (id >> 16) & 0xff, (id >> 8) & 0xff, id & 0xff];
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1))
    if (bytes[at + 1] === second && bytes[at + 2] === third && bytes[at + 3] === fourth) return at;
  return null;
}

/** A variable-size integer of known length without its marker bit; null when all its bits are one. */
function readVint(cursor: ByteCursor, size: number): number | null {
  const lead = cursor.u8() & (0xff >> size);
  let value = lead;
  let isAllOnes = lead === 0xff >> size;
  for (let i = 1; i < size; i++) {
    const byte = cursor.u8();
    isAllOnes &&= byte === 0xff;
    value = value * 256 + byte;
  }
  if (isAllOnes) return null;
  if (value > Number.MAX_SAFE_INTEGER) throw corrupt('Element size beyond 2^53', cursor.position);
  return value;
}

/** A variable-size integer as a value: track numbers, lace sizes. Its length is in its first byte. */
export function readVarint(cursor: ByteCursor): number {
  const size = Math.clz32(cursor.peek() ?? 0) - 23;
  if (size > 8) throw corrupt('Variable-size integer longer than 8 bytes', cursor.position);
  return readVint(cursor, size) ?? 2 ** (7 * size) - 1;
}

/** A signed variable-size integer: the value minus 2^(7·size−1)−1 (EBML lacing, RFC 9559, 10.3.3). */
export function readSignedVarint(cursor: ByteCursor): number {
  const size = Math.clz32(cursor.peek() ?? 0) - 23;
  return readVarint(cursor) - (2 ** (7 * size - 1) - 1);
}

/** Integers and identities have at most 64 bits (RFC 8794, 7.2). */
const MAX_INTEGER_SIZE = 8;

interface Child {
  readonly id: number;
  /** Where its data lie in the content of the parent. */
  readonly start: number;
  readonly end: number;
}

/** A master element whose content is all there: children by name, values by type. */
export class Master {
  readonly #content: Uint8Array;
  readonly #position: number;
  readonly #children: readonly Child[];
  readonly #replaced: ReadonlyMap<ElementName, Uint8Array | null>;

  /**
   * @param position file offset of the first content byte
   * @param replaced binary children that stand for those of the file; null makes one absent
   */
  constructor(
    content: Uint8Array,
    position: number,
    replaced: ReadonlyMap<ElementName, Uint8Array | null> = new Map(),
  ) {
    this.#content = content;
    this.#position = position;
    this.#children = [...readChildren(content, position)];
    this.#replaced = replaced;
  }

  /** The same element with other content in one binary child, as after decompression; null makes it absent. */
  withBinary(name: ElementName, data: Uint8Array | null): Master {
    return new Master(this.#content, this.#position, new Map([...this.#replaced, [name, data]]));
  }

  /** Unsigned integer; null when absent, 0 when empty. */
  uint(name: ElementName): number | null {
    const cursor = this.#cursor(name);
    if (!cursor) return null;
    const { remaining: size, position } = cursor;
    if (size > MAX_INTEGER_SIZE) throw corrupt(`${name} of ${size} bytes`, position);
    const value = cursor.uint(size);
    if (!Number.isSafeInteger(value)) throw corrupt(`${name} beyond 2^53`, position);
    return value;
  }

  /** Signed integer; null when absent or beyond ±2^53, 0 when empty. */
  int(name: ElementName): number | null {
    const data = this.binary(name);
    if (!data || data.length > MAX_INTEGER_SIZE) return null;
    const value = data.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    const signed = Number(BigInt.asIntN(data.length * 8, value));
    return Number.isSafeInteger(signed) ? signed : null;
  }

  /** Unsigned integer of up to 64 bits as text, for identities that numbers would round; null when it is longer. */
  identity(name: ElementName): string | null {
    const data = this.binary(name);
    return data && data.length <= MAX_INTEGER_SIZE ? hex(data) : null;
  }

  float(name: ElementName): number | null {
    const cursor = this.#cursor(name);
    if (!cursor) return null;
    if (cursor.remaining === 0) return 0;
    if (cursor.remaining === 4) return cursor.f32();
    if (cursor.remaining === 8) return cursor.f64();
    throw corrupt(`${name} is a float of ${cursor.remaining} bytes`, cursor.position);
  }

  /** UTF-8 text up to the first NUL. */
  string(name: ElementName): string | null {
    const data = this.binary(name);
    if (!data) return null;
    const end = data.indexOf(0);
    return new TextDecoder().decode(end < 0 ? data : data.subarray(0, end));
  }

  binary(name: ElementName): Uint8Array | null {
    const replaced = this.#replaced.get(name);
    if (replaced !== undefined) return replaced;
    const child = this.#find(name);
    return child ? this.#content.subarray(child.start, child.end) : null;
  }

  has(name: ElementName): boolean {
    return this.#find(name) !== undefined;
  }

  master(name: ElementName): Master | null {
    const child = this.#find(name);
    return child ? this.#open(child) : null;
  }

  masters(name: ElementName): Master[] {
    return this.#children.filter((child) => child.id === ELEMENTS[name]).map((child) => this.#open(child));
  }

  /** What `read` makes of each child of that name; one that is broken is left out: for lists of hints. */
  soundMasters<T>(name: ElementName, read: (child: Master) => T): T[] {
    return this.#children
      .filter((child) => child.id === ELEMENTS[name])
      .flatMap((child) => {
        try {
          return [read(this.#open(child))];
        } catch (error) {
          if (error instanceof MediaError) return [];
          throw error;
        }
      });
  }

  #open(child: Child): Master {
    return new Master(this.#content.subarray(child.start, child.end), this.#position + child.start);
  }

  #cursor(name: ElementName): ByteCursor | null {
    const child = this.#find(name);
    if (!child) return null;
    return new ByteCursor(this.#content.subarray(child.start, child.end), this.#position + child.start);
  }

  #find(name: ElementName): Child | undefined {
    return this.#children.find((child) => child.id === ELEMENTS[name]);
  }
}

function* readChildren(content: Uint8Array, position: number): Generator<Child> {
  let at = 0;
  for (let count = 0; at < content.length; count++) {
    if (count > LIMITS.elements) throw corrupt(`More than ${LIMITS.elements} elements in one`, position);
    const bytes = content.subarray(at, at + MAX_HEAD_SIZE);
    const head = readElementHead(bytes, position + at, ID_LENGTH.most);
    if (!head) throw truncated('Element head cut off', position + at);
    const start = at + head.headSize;
    if (head.size === null) throw corrupt(`${elementName(head.id)} of unknown size`, position + at);
    if (head.size > content.length - start)
      throw corrupt(
        `${elementName(head.id)} of ${head.size} bytes in a parent with ${content.length - start} left`,
        position + at,
      );
    yield { id: head.id, start, end: start + head.size };
    at = start + head.size;
  }
}

const hex = (data: Uint8Array): string =>
  [...data]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .replace(/^0+/, '');
