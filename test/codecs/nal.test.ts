import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cutNalUnits,
  joinAnnexB,
  joinLengthPrefixed,
  looksAnnexB,
  splitAnnexB,
  splitLengthPrefixed,
  toLengthPrefixed4,
} from '../../src/codecs/nal.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';

const hexes = (nals: Iterable<Uint8Array>) => [...nals].map(hexOf);

const ANNEX_B = [
  { name: 'four and three byte start codes', data: '0000000109f0000001650102', nals: ['09f0', '650102'] },
  {
    name: 'leading and trailing zeros',
    data: '0000000000000109f00000000000016501000000',
    nals: ['09f0', '6501'],
  },
  { name: 'a start code with nothing behind it', data: '00000109f0000001', nals: ['09f0'] },
  { name: 'emulation prevention inside', data: '0000016500000301', nals: ['6500000301'] },
  { name: 'nothing', data: '', nals: [] },
];

describe('Annex B', () => {
  test.each(ANNEX_B)('splits $name', ({ data, nals }) => {
    expect(hexes(splitAnnexB(bytesOf(data)))).toEqual(nals);
  });

  test('throws where it does not begin with a start code', () => {
    expect(() => [...splitAnnexB(bytesOf('65000001'))]).toThrow(MediaError);
    expect(() => [...splitAnnexB(bytesOf('656565'))]).toThrow(MediaError);
  });
});

const LENGTHS = [
  { size: 4, data: '0000000209f00000000165', nals: ['09f0', '65'] },
  { size: 2, data: '000209f0000165', nals: ['09f0', '65'] },
  { size: 1, data: '0209f00165', nals: ['09f0', '65'] },
  { size: 3, data: '00000209f000000165', nals: ['09f0', '65'] },
  { size: 4, data: '0000000209f0000000000000000165', nals: ['09f0', '65'] },
] as const;

describe('length prefixes', () => {
  test.each(LENGTHS)('splits lengths of $size bytes', ({ size, data, nals }) => {
    expect(hexes(splitLengthPrefixed(bytesOf(data), size))).toEqual(nals);
  });

  test('gives views, not copies', () => {
    const data = bytesOf(LENGTHS[0].data);
    for (const nal of splitLengthPrefixed(data, 4)) expect(nal.buffer).toBe(data.buffer);
  });

  test.each([
    '00',
    '000000',
    '0000000365',
    '0000000265880000',
    'ffffffff65',
    '00000002658800000002ff',
  ])('throws corrupt on %s', (data) => {
    expect(() => [...splitLengthPrefixed(bytesOf(data), 4)]).toThrow(MediaError);
    expect(() => toLengthPrefixed4(bytesOf(data), 4)).toThrow(MediaError);
  });

  test('cutNalUnits tells what is missing', () => {
    const cuts = (data: string) =>
      [...cutNalUnits(bytesOf(data), 4)].map(({ nal, missing }) => [hexOf(nal), missing]);
    expect(cuts('0000000209f00000000465ff')).toEqual([
      ['09f0', 0],
      ['65ff', 2],
    ]);
    expect(cuts('0000000209f00000')).toEqual([
      ['09f0', 0],
      ['', 2],
    ]);
    expect(cuts('0000000209f000000003')).toEqual([
      ['09f0', 0],
      ['', 3],
    ]);
  });
});

describe('toLengthPrefixed4', () => {
  test('gives the same view when the data have the form already', () => {
    const data = bytesOf(LENGTHS[0].data);
    expect(toLengthPrefixed4(data, 4)).toBe(data);
  });

  test.each(LENGTHS.slice(1, 4))('rewrites lengths of $size bytes', ({ size, data }) => {
    expect(hexOf(toLengthPrefixed4(bytesOf(data), size))).toBe(LENGTHS[0].data);
  });

  test('rewrites Annex B, declared or met', () => {
    for (const framing of ['annexb', 4, 2] as const)
      expect(hexOf(toLengthPrefixed4(bytesOf('0000000109f00000000165'), framing))).toBe(LENGTHS[0].data);
  });

  test('leaves empty NAL units out', () => {
    const data = bytesOf(`00000000${LENGTHS[0].data}00000000`);
    expect(hexOf(toLengthPrefixed4(data, 4))).toBe(LENGTHS[0].data);
  });

  test('a length of 256 to 511 is no start code', () => {
    const data = joinLengthPrefixed([new Uint8Array(300).fill(0x41)]);
    expect(hexOf(data.subarray(0, 3))).toBe('000001');
    expect(looksAnnexB(data, 4)).toBe(false);
    expect(toLengthPrefixed4(data, 4)).toBe(data);
  });
});

const nal = fc.uint8Array({ minLength: 1, maxLength: 600 });
/** As encoders make them: no start code inside, no zero at the end. */
const codedNal = nal.map((bytes) => Uint8Array.from([...bytes.map((byte) => byte || 4), 0x80]));

test('both framings come back, through each other', () => {
  fc.assert(
    fc.property(fc.array(codedNal), (nals) => {
      const lengths = joinLengthPrefixed(nals);
      const annexB = joinAnnexB(nals);
      expect([...splitLengthPrefixed(lengths, 4)]).toEqual(nals);
      expect([...splitAnnexB(annexB)]).toEqual(nals);
      expect(joinAnnexB(splitLengthPrefixed(lengths, 4))).toEqual(annexB);
      expect(toLengthPrefixed4(annexB, 'annexb')).toEqual(lengths);
      if (nals.length > 0) expect([looksAnnexB(lengths), looksAnnexB(annexB)]).toEqual([false, true]);
    }),
  );
});

test('any bytes split or throw MediaError', () => {
  const framings = ['annexb', 1, 2, 3, 4] as const;
  fc.assert(
    fc.property(fc.uint8Array({ max: 4, maxLength: 60 }), fc.constantFrom(...framings), (data, framing) => {
      try {
        expect(toLengthPrefixed4(data, framing).length).toBeLessThanOrEqual(data.length * 4 + 4);
      } catch (error) {
        expect(error).toBeInstanceOf(MediaError);
      }
    }),
  );
});
