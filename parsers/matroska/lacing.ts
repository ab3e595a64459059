import type { ByteCursor } from '../../src/core/bytes.ts';
import { corrupt } from '../../src/core/errors.ts';
import { readSignedVarint, readVarint } from './ebml.ts';

type Lacing = (cursor: ByteCursor, count: number) => number[];

/** The two lacing bits of a block's flags (RFC 9559, 10.3) → sizes of all frames but the last; null for no lacing. */
const LACINGS: readonly (Lacing | null)[] = [null, xiphSizes, fixedSizes, ebmlSizes];

/**
 * The frames of a block whose header has been read: views, in order.
 * @throws MediaError `corrupt` when the sizes do not fit into the block
 */
export function readFrames(cursor: ByteCursor, flags: number): Uint8Array[] {
  const read = LACINGS[(flags >> 1) & 3] ?? null;
  if (read === null) return [cursor.bytes(cursor.remaining)];
  const count = cursor.u8() + 1;
  const sizes = read(cursor, count);
  const used = sizes.reduce((sum, size) => sum + size, 0);
  const last = cursor.remaining - used;
  if (last < 0 || sizes.some((size) => size < 0))
    throw corrupt(`Laced frames of ${used} bytes in a block with ${cursor.remaining}`, cursor.position);
  return [...sizes, last].map((size) => cursor.bytes(size));
}

/** Sums of bytes up to the first that is not 255 (10.3.2). */
function xiphSizes(cursor: ByteCursor, count: number): number[] {
  return Array.from({ length: count - 1 }, () => {
    let size = 0;
    let byte = 255;
    while (byte === 255) {
      byte = cursor.u8();
      size += byte;
    }
    return size;
  });
}

/** All frames equally long (10.3.4). */
function fixedSizes(cursor: ByteCursor, count: number): number[] {
  if (cursor.remaining % count !== 0)
    throw corrupt(`${cursor.remaining} bytes for ${count} equal frames`, cursor.position);
  return new Array<number>(count - 1).fill(cursor.remaining / count);
}

/** The first size, then differences to the one before (10.3.3). */
function ebmlSizes(cursor: ByteCursor, count: number): number[] {
  const sizes: number[] = [];
  for (let i = 0; i < count - 1; i++)
    sizes.push(i === 0 ? readVarint(cursor) : (sizes[i - 1] ?? 0) + readSignedVarint(cursor));
  return sizes;
}
