import { expect, test } from 'vitest';
import { PICTURE_CODECS } from '../../../../parsers/mpegts/video/pictures.ts';

/** Every NAL unit header there can be. */
const HEADERS = Array.from({ length: 0x10000 }, (_, i) => Uint8Array.of(i >> 8, i & 255, 0x80));

test.each([
  ...PICTURE_CODECS,
])('%s: whatever makes a picture is stored, so that no sample is empty', (_, codec) => {
  const slices = HEADERS.filter((nal) => codec.isSlice(nal));
  expect(slices.length).toBeGreaterThan(100);
  expect(slices.filter((nal) => !codec.isStored(nal))).toEqual([]);
  expect(HEADERS.filter((nal) => codec.isStored(nal)).length).toBeGreaterThan(slices.length);
});
