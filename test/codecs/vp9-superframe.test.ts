import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasSuperframeIndex, joinSuperframe, splitSuperframe } from '../../src/codecs/vp9-superframe.ts';
import { concat } from '../../src/core/bytes.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

/** Indices as libvpx 1.12 wrote them, with the sizes of the samples that they end. */
test.each([
  { index: 'c9e0090001c9', sizes: [2528, 256], sample: 2790 },
  { index: 'c97203ac00c9', sizes: [882, 172], sample: 1060 },
  { index: 'c9c6031d01c9', sizes: [966, 285], sample: 1257 },
])('index $index', ({ index, sizes, sample }) => {
  const frames = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
  const data = concat([...frames, bytesOf(index)]);
  expect(data).toHaveLength(sample);
  expect(splitSuperframe(data)).toEqual(frames);
  expect(joinSuperframe(frames)).toEqual(data);
});

describe('splitSuperframe', () => {
  test.each([
    { name: 'no index', hex: '86004092', frames: ['86004092'] },
    { name: 'nothing', hex: '', frames: [''] },
    { name: 'a frame shown again as second frame', hex: '840188 c10201c1', frames: ['8401', '88'] },
    { name: 'one frame', hex: '8601 c002c0', frames: ['8601'] },
    { name: 'sizes of four bytes', hex: '840186 d90200000001000000d9', frames: ['8401', '86'] },
    { name: 'an index without its first byte', hex: '840186 000201c1', frames: ['840186000201c1'] },
    { name: 'sizes that reach past the frames', hex: '840186 c10202c1', frames: ['840186c10202c1'] },
    { name: 'an index longer than the data', hex: '0201c1', frames: ['0201c1'] },
    { name: 'bytes behind the last frame', hex: '84018600 c10201c1', frames: ['8401', '86'] },
    { name: 'a frame of no bytes', hex: '8401 c10200c1', frames: ['8401'] },
    { name: 'only frames of no bytes', hex: 'c000c0', frames: [] },
  ])('$name', ({ hex, frames }) => {
    expect(splitSuperframe(bytesOf(hex)).map(hexOf)).toEqual(frames);
    expectMediaErrors(bytesOf(hex), splitSuperframe);
  });

  test('gives views', () => {
    const data = bytesOf('840188c10201c1');
    for (const frame of splitSuperframe(data)) expect(frame.buffer).toBe(data.buffer);
    const plain = bytesOf('8600');
    expect(splitSuperframe(plain)[0]).toBe(plain);
  });
});

test.each([
  ['840188c10201c1', true],
  ['840188c10202c1', false],
  ['8600', false],
])('%s has an index: %s', (hex, has) => {
  expect(hasSuperframeIndex(bytesOf(hex))).toBe(has);
});

describe('joinSuperframe', () => {
  const frame = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    fc.integer({ min: 250, max: 260 }).map((size) => new Uint8Array(size).fill(0xc0)),
    fc.constantFrom(bytesOf('840188c10201c1'), bytesOf('88')),
  );

  test('split ∘ join, whatever the frames end with', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 8 }), (frames) => {
        expect(splitSuperframe(joinSuperframe(frames))).toEqual(frames);
      }),
    );
  });

  test.each([
    { sizes: [255, 1], marker: 'c1' },
    { sizes: [256, 1], marker: 'c9' },
    { sizes: [1, 65_535], marker: 'c9' },
    { sizes: [65_536, 1, 1], marker: 'd2' },
    { sizes: [16_777_216, 1], marker: 'd9' },
  ])('takes as few bytes as sizes of $sizes need', ({ sizes, marker }) => {
    const joined = joinSuperframe(sizes.map((size) => new Uint8Array(size)));
    expect(hexOf(joined.subarray(-1))).toBe(marker);
    expect(splitSuperframe(joined).map(({ length }) => length)).toEqual(sizes);
  });

  test.each([
    { name: 'no frame', frames: [] },
    { name: 'nine frames', frames: Array.from({ length: 9 }, () => Uint8Array.of(1)) },
    { name: 'an empty frame', frames: [Uint8Array.of(1), new Uint8Array(0)] },
  ])('refuses $name', ({ frames }) => {
    expect(() => joinSuperframe(frames)).toThrow(MediaError);
  });
});
