import { describe, expect, test } from 'vitest';
import { parseMajorSync } from '../../src/codecs/truehd.ts';
import { bytesOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

const row = (unit: string, sampleRate: number, channels: number, samples: number) => ({
  unit,
  sampleRate,
  channels,
  samples,
});

/** Beginnings of access units of `ffmpeg -f lavfi -i sine=r=… -ac … -c:a truehd|mlp -strict -2 out.mkv`. */
const ENCODED = [
  row('8037ffd8f8726fba00008001b752000000008c7f', 48_000, 2, 40),
  row('c046ffd8f8726fba0055a00bb752000000008c7f', 48_000, 5, 40),
  row('804cffd8f8726fba0097c00fb752000000008c7f', 48_000, 6, 40),
  row('6038ffd8f8726fba80008001b752000000008d9a', 44_100, 2, 40),
  row('003cffb0f8726fba90008001b7520000000086cd', 88_200, 2, 80),
  row('003cffb0f8726fba10008001b75200000000863f', 96_000, 2, 80),
  row('d043ff60f8726fbaa0008001b752000000008366', 176_400, 2, 160),
  row('d043ff60f8726fba20008001b75200000000831f', 192_000, 2, 160),
  row('5030ffd8f8726fbb0f0f0000b752400000008c7f', 48_000, 1, 40),
  row('8037ffd8f8726fbb0f0f0001b752400000008c7f', 48_000, 2, 40),
  row('c04effd8f8726fbb0f0f0003b752400000008c7f', 48_000, 4, 40),
  row('804cffd8f8726fbb0f0f000cb752400000008c7f', 48_000, 6, 40),
  row('6038ffd8f8726fbb0f8f0001b752400000008d9a', 44_100, 2, 40),
  row('d043ff60f8726fbb0f2f0001b75240000000831f', 192_000, 2, 160),
];

const BY_HAND = [
  // L/R, C, LFE, Ls/Rs in the 6-channel presentation; Lrs/Rrs too in the 8-channel one, as on Blu-ray.
  row('817dffd8f8726fba0017804fb75210000000', 48_000, 8, 40),
  // No 8-channel presentation, then none but the one of two channels.
  row('817dffd8f8726fba00178000b75210000000', 48_000, 6, 40),
  row('817dffd8f8726fba00000000b75210000000', 48_000, 2, 40),
  // Every bit of the assignment.
  row('817dffd8f8726fba00179fffb75210000000', 48_000, 20, 40),
];

describe('major syncs', () => {
  test.each([...ENCODED, ...BY_HAND])('$unit', ({ unit, ...expected }) => {
    expect(parseMajorSync(bytesOf(unit))).toEqual(expected);
    expectMediaErrors(bytesOf(unit), parseMajorSync);
  });

  test.each([
    '',
    'a012004d',
    '5012004d200cf8726fba',
    '5012004df8726fbc00008001b752',
  ])('none in an access unit like %s', (unit) => expect(parseMajorSync(bytesOf(unit))).toBeNull());

  test.each([
    ['another signature', '8037ffd8f8726fba00008001b753'],
    ['cut off', '8037ffd8f8726fba00008001b7'],
    ['a rate of 384 kHz', '8037ffd8f8726fba30008001b752'],
    ['no rate', '8037ffd8f8726fbaf0008001b752'],
    ['channels that are reserved', '8037ffd8f8726fbb0f0f0015b752'],
  ])('refused: %s', (_, unit) => {
    expect(() => parseMajorSync(bytesOf(unit))).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});
