import { describe, expect, test } from 'vitest';
import { withoutRecoveryPoint } from '../../src/codecs/h264-recovery.ts';
import { joinLengthPrefixed } from '../../src/codecs/nal.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

const sample = (...nals: readonly string[]) => joinLengthPrefixed(nals.map(bytesOf));
const SLICE = '41 9a 24';

describe('withoutRecoveryPoint', () => {
  // SEI NAL unit: 06, then payload type, size and payload for each message, then the stop bit.
  test.each([
    { name: 'the only message', nals: ['06 06 01 c4 80', SLICE], left: [SLICE] },
    {
      name: 'behind another one',
      nals: ['06 01 02 aabb 06 01 c4 80', SLICE],
      left: ['06 01 02 aabb 80', SLICE],
    },
    {
      name: 'before another one',
      nals: ['06 06 01 c4 01 02 aabb 80', SLICE],
      left: ['06 01 02 aabb 80', SLICE],
    },
    {
      name: 'beside one whose zeros need emulation prevention',
      nals: ['06 06 01 c4 05 04 00000301 80 80', SLICE],
      left: ['06 05 04 00000301 80 80', SLICE],
    },
    {
      name: 'beside one of 256 bytes',
      nals: [`06 06 01 c4 05 ff01 ${'ab'.repeat(256)} 80`],
      left: [`06 05 ff01 ${'ab'.repeat(256)} 80`],
    },
  ])('$name', ({ nals, left }) => {
    expect(hexOf(withoutRecoveryPoint(sample(...nals)))).toBe(hexOf(sample(...left)));
  });

  test.each([
    { name: 'no SEI', nals: [SLICE] },
    { name: 'another message', nals: ['06 05 02 aabb 80', SLICE] },
    { name: 'a message of type 6 that is cut off', nals: ['06 06 09 c4 80', SLICE] },
  ])('$name: the same view', ({ nals }) => {
    const data = sample(...nals);
    expect(withoutRecoveryPoint(data)).toBe(data);
  });

  test('damage', () => {
    expectMediaErrors(sample('06 01 02 aabb 06 01 c4 80', SLICE), withoutRecoveryPoint);
  });
});
