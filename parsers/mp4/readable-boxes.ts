import { ByteCursor } from '../../src/core/bytes.ts';
import { orNull, truncated } from '../../src/core/errors.ts';
import { type Box, printable, readBoxHead } from './box.ts';

/** Bytes that boxes lie in, and the file offset of the first of them: a box itself, or part of one. */
export type BoxList = Pick<Box, 'bytes' | 'content'>;

/** Boxes of the wanted types in one list: what has the most of them are items of metadata, some hundred. */
const MAX_BOXES = 2048;

/**
 * The boxes of the wanted types, or all, as far as they make sense: damage ends the list, and a box that reaches
 * beyond the end is cut there. QuickTime writes a zero, and some muxers remains of older data, behind the last box of
 * user data and of sample entries; what a box needs is missed where it is read.
 */
export function* readableBoxes({ bytes, content }: BoxList, types?: readonly string[]): Generator<Box> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wanted = types && new Set(types.map(typeNumber));
  let count = 0;
  for (let at = 0; at + 8 <= bytes.length && count < MAX_BOXES; ) {
    const size = view.getUint32(at);
    const isWanted = !wanted || wanted.has(view.getUint32(at + 4));
    if (!isWanted && size >= 8) {
      at += size;
      continue;
    }
    const head = orNull(() => readBoxHead(bytes, at, content));
    if (!head) return;
    const end = Math.min(head.end - content, bytes.length);
    if (isWanted) {
      count++;
      yield { ...head, bytes: bytes.subarray(head.content - content, end) };
    }
    at = end;
  }
}

const typeNumber = (type: string): number =>
  [...type].reduce((number, char) => number * 256 + char.charCodeAt(0), 0);

/** The first box of each of the types; none without a list. */
export function firstBoxes(list: BoxList | undefined, types: readonly string[]): ReadonlyMap<string, Box> {
  const found = new Map<string, Box>();
  for (const box of list ? readableBoxes(list, types) : []) {
    if (!found.has(box.type)) found.set(box.type, box);
    if (found.size === types.length) break;
  }
  return found;
}

/** What the cursor has not read yet. */
export const restOf = (fields: ByteCursor): BoxList => ({
  content: fields.position,
  bytes: fields.bytes(fields.remaining),
});

/** What stands behind the first bytes of a box. */
export const partOf = ({ bytes, content }: BoxList, from: number): BoxList => ({
  content: content + from,
  bytes: bytes.subarray(from),
});

/** Version, flags and the fields behind them: ISO/IEC 14496-12, 4.2. */
export interface FullBox {
  readonly version: number;
  readonly flags: number;
  readonly fields: ByteCursor;
}

/** @throws MediaError `truncated` */
export function readFullBox(box: Box): FullBox {
  if (box.bytes.length < FULL_HEAD)
    throw truncated(`A ${printable(box.type)} box without version`, box.start);
  const fields = cursorOf(box);
  return { version: fields.u8(), flags: fields.uint(3), fields };
}

export const cursorOf = ({ bytes, content }: BoxList): ByteCursor => new ByteCursor(bytes, content);

const FULL_HEAD = 4;

/** What stands behind version and flags; nothing where there is less. */
export const fullBoxContent = (box: Box): Uint8Array => box.bytes.subarray(FULL_HEAD);

/** Signed integer of 64 bits; beyond 2^53 it loses precision, which callers reject by range. */
export function readI64(fields: ByteCursor): number {
  const high = fields.u32();
  return (high | 0) * 2 ** 32 + fields.u32();
}
