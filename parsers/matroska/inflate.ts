import { Unzlib } from 'fflate';
import { concat } from '../../src/core/bytes.ts';
import { corrupt, MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';

/** Compressed bytes taken at a time: at most 1032 times as many come out before the limit is looked at. */
const STEP = 4096;
/** Output that any input may have, and the ratio above it: PGS pictures of one colour reach 100, text 20. */
const FREE = 1024 * 1024;
const RATIO = 256;

/**
 * What a zlib stream holds (RFC 1950). Output is bounded by `LIMITS.block` and by 256 times the input.
 * @throws MediaError `corrupt` when it is damaged or cut, `limit` when it swells beyond the bounds
 */
export function inflateZlib(data: Uint8Array): Uint8Array {
  const limit = Math.min(LIMITS.block, Math.max(FREE, data.length * RATIO));
  const parts: Uint8Array[] = [];
  let size = 0;
  const stream = new Unzlib((part) => {
    size += part.length;
    if (size > limit) throw new MediaError('limit', `${data.length} compressed bytes hold over ${limit}`);
    parts.push(part);
  });
  try {
    for (let at = 0; at === 0 || at < data.length; at += STEP)
      stream.push(data.subarray(at, at + STEP), at + STEP >= data.length);
  } catch (error) {
    if (error instanceof MediaError) throw error;
    throw corrupt(`Compressed frame: ${error instanceof Error ? error.message : 'not zlib'}`);
  }
  const [only] = parts;
  const whole = parts.length === 1 && only ? only : concat(parts);
  if (adler32(whole) !== storedSum(data)) throw corrupt('Compressed frame: its checksum does not fit');
  return whole;
}

/** The last four bytes, big-endian (RFC 1950, 2.2). */
const storedSum = (data: Uint8Array): number => data.subarray(-4).reduce((sum, byte) => sum * 256 + byte, 0);

/** RFC 1950, 8.2. */
function adler32(data: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let at = 0; at < data.length; ) {
    // 3800 additions stay below 2^31: taken modulo once for all of them.
    const end = Math.min(at + 3800, data.length);
    for (; at < end; at++) {
      a += data[at] ?? 0;
      b += a;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return b * 65_536 + a;
}
