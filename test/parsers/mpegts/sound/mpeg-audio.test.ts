import { expect, test } from 'vitest';
import { concat } from '../../../../src/core/bytes.ts';
import { bytesOf, hexOf } from '../../../helpers/hex.ts';
import { splitAll } from './streams.ts';

/** A frame of which only the header matters. */
function frameOf(header: string, size: number): Uint8Array {
  const frame = new Uint8Array(size);
  frame.set(bytesOf(header));
  return frame;
}

test.each([
  { what: 'layer I', header: 'ffff4400', size: 128, codec: 'mp2', samples: 384 },
  { what: 'layer II', header: 'fffd8404', size: 384, codec: 'mp2', samples: 1152 },
  { what: 'layer III', header: 'fffb9444', size: 384, codec: 'mp3', samples: 1152 },
  { what: 'layer III of MPEG-2', header: 'fff384c4', size: 192, codec: 'mp3', samples: 576 },
])('$what', ({ header, size, codec, samples }) => {
  const frame = frameOf(header, size);
  const { frames, skipped } = splitAll('mpeg-audio', [concat([frame, frame])]);
  expect(frames.map(({ data }) => data)).toEqual([frame, frame]);
  expect(frames[0]?.format).toMatchObject({ config: { codec }, frameSize: samples });
  expect(hexOf(frames[0]?.format.config.record ?? frame)).toBe(header);
  expect(skipped).toBe(0);
});

test('free format is passed over', () => {
  const free = frameOf('fffd0404', 500);
  expect(
    splitAll(
      'mpeg-audio',
      Array.from({ length: 20 }, () => free),
    ),
  ).toMatchObject({
    frames: [],
    skipped: 500 * 20 - 2881,
  });
});

test('bit rate and padding make no other format, mono does', () => {
  const [a, b, mono] = [frameOf('fffb9444', 384), frameOf('fffb5444', 192), frameOf('fffb94c4', 384)];
  const { frames } = splitAll('mpeg-audio', [concat([a, b, a, mono, mono])]);
  expect(frames.map(({ format }) => format.channels)).toEqual([2, 2, 2, 1, 1]);
  expect(new Set(frames.map(({ format }) => format)).size).toBe(2);
});
