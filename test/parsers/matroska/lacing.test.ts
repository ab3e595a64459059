import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFrames } from '../../../parsers/matroska/lacing.ts';
import { ByteCursor, concat } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { child } from '../../helpers/matroska-edit.ts';
import * as w from '../../helpers/matroska-writer.ts';

const framesOf = (sizes: readonly number[]) => sizes.map((size, i) => new Uint8Array(size).fill(i + 1));

/** What stands behind track number and stamp of a SimpleBlock: flags, lace, frames. */
function lace(lacing: w.Lacing, frames: readonly Uint8Array[]): { flags: number; body: Uint8Array } {
  const block = child(w.simpleBlock({ track: 1, time: 0, lacing }, ...frames), w.ID.SimpleBlock);
  const data = block?.data ?? new Uint8Array();
  return { flags: data[3] ?? 0, body: data.subarray(4) };
}

const LACINGS = [
  { lacing: 'none', sizes: [5] },
  { lacing: 'none', sizes: [0] },
  { lacing: 'xiph', sizes: [1] },
  { lacing: 'xiph', sizes: [0, 254, 255, 256, 510, 1000, 3] },
  { lacing: 'xiph', sizes: new Array(256).fill(2) },
  { lacing: 'fixed', sizes: [9] },
  { lacing: 'fixed', sizes: [300, 300, 300] },
  { lacing: 'fixed', sizes: [0, 0] },
  { lacing: 'ebml', sizes: [7] },
  { lacing: 'ebml', sizes: [800, 500, 1000, 1000, 0, 40] },
  { lacing: 'ebml', sizes: [126, 127, 128, 64, 0, 63, 16_383, 16_384, 1] },
  { lacing: 'ebml', sizes: [0, 0, 70_000, 5] },
] as const;

describe('lacing', () => {
  test.each(LACINGS)('$lacing of $sizes comes back', ({ lacing, sizes }) => {
    const frames = framesOf(sizes);
    const { flags, body } = lace(lacing, frames);
    const read = readFrames(new ByteCursor(body), flags);
    expect(read).toEqual(frames);
    for (const frame of read) expect(frame.buffer).toBe(body.buffer);
  });

  test('any sizes come back', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(sizes, fc.constantFrom('xiph', 'ebml'), (sizes, lacing) => {
        const { flags, body } = lace(lacing, framesOf(sizes));
        expect(readFrames(new ByteCursor(body), flags).map((frame) => frame.length)).toEqual(sizes);
      }),
    );
  });

  test.each([
    { name: 'no frame count', flags: 0x02, hex: '' },
    { name: 'Xiph sizes beyond the block', flags: 0x02, hex: '01 05 aabb' },
    { name: 'Xiph sizes without an end', flags: 0x02, hex: '01 ffffffff' },
    { name: 'Xiph: fewer sizes than frames', flags: 0x02, hex: 'ff 0101' },
    { name: 'fixed: a rest', flags: 0x04, hex: '02 aabbccdd' },
    { name: 'EBML: first size beyond the block', flags: 0x06, hex: '01 85 aabb' },
    { name: 'EBML: a size below 0', flags: 0x06, hex: '02 81 80 aabbcc' },
    { name: 'EBML: sizes that cancel out', flags: 0x06, hex: '03 8a 5fc0 5fff aabbccddeeff0011' },
    { name: 'EBML: a size field that none can be', flags: 0x06, hex: '01 00 aabb' },
    { name: 'EBML: a size of 2^48', flags: 0x06, hex: '01 0101000000000000 aabb' },
    { name: 'EBML: no size', flags: 0x06, hex: '01' },
  ])('$name is a MediaError', ({ flags, hex }) => {
    expect(() => readFrames(new ByteCursor(w.hex(hex)), flags)).toThrow(MediaError);
  });

  test('any bytes give frames that lie one behind the other up to the end, or a MediaError', () => {
    const sound: number[] = [];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(0, 2, 4, 6), (body, flags) => {
        try {
          const joined = concat(readFrames(new ByteCursor(body), flags));
          expect(joined).toEqual(body.subarray(body.length - joined.length));
          sound.push(flags);
        } catch (error) {
          if (!(error instanceof MediaError)) throw error;
        }
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(new Set(sound)).toEqual(new Set([0, 2, 4, 6]));
  });
});
