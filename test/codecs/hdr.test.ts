import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clliPayload,
  fromMatroskaMastering,
  mdcvPayload,
  parseClliPayload,
  parseMdcvPayload,
  readAv1HdrCll,
  readAv1HdrMdcv,
  readHdrSei,
} from '../../src/codecs/hdr.ts';
import { seiMessages } from '../../src/codecs/sei.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

/** master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400 */
const P3_D65 = {
  green: { x: 13_250, y: 34_500 },
  blue: { x: 7500, y: 3000 },
  red: { x: 34_000, y: 16_000 },
  white: { x: 15_635, y: 16_450 },
  maxLuminance: 10_000_000,
  minLuminance: 50,
};
const LIGHT = { maxContent: 1000, maxAverage: 400 };
const MDCV = '33c286c41d4c0bb884d03e803d1340420098968000000032';
const CLLI = '03e80190';

/** SEI NAL units as libx265 3.5 and libx264 164 wrote them for these options, and for atc-sei=18. */
const SEI_ROWS = [
  {
    codec: 'h265',
    nals: [
      '4e01891833c286c41d4c0bb884d03e803d13404200989680000003003280',
      '4e01900403e8019080',
      '4e0193011280',
    ],
  },
  {
    codec: 'h264',
    nals: ['06891833c286c41d4c0bb884d03e803d13404200989680000003003280', '06900403e8019080', '0693011280'],
  },
] as const;

describe.each(SEI_ROWS)('SEI of $codec', ({ codec, nals }) => {
  const units = nals.map(bytesOf);

  test('tells mastering display, content light and transfer', () => {
    expect(readHdrSei(units, codec)).toEqual({ masteringDisplay: P3_D65, contentLight: LIGHT, transfer: 18 });
    expect(readHdrSei([], codec)).toEqual({ masteringDisplay: null, contentLight: null, transfer: null });
  });

  test('in one NAL unit, behind user data', () => {
    const header = codec === 'h265' ? '4e01' : '06';
    const userData = `05ffff07${'ab'.repeat(517)}`;
    const one = bytesOf(`${header}${userData}9004${CLLI}930112 80`);
    expect(readHdrSei([one], codec)).toEqual({ masteringDisplay: null, contentLight: LIGHT, transfer: 18 });
  });

  test('of several the first counts', () => {
    const later = bytesOf(codec === 'h265' ? '4e01900400640032 80' : '06900400640032 80');
    expect(readHdrSei([...units, later], codec).contentLight).toEqual(LIGHT);
    expect(readHdrSei([later, ...units], codec).contentLight).toEqual({ maxContent: 100, maxAverage: 50 });
  });

  test('is not read from other NAL units', () => {
    const others = units.map((nal) => Uint8Array.of(0x02, 0x01, ...nal.subarray(codec === 'h265' ? 2 : 1)));
    expect(readHdrSei(others, codec).contentLight).toBeNull();
  });

  test('too short counts as absent', () => {
    const header = codec === 'h265' ? '4e01' : '06';
    expect(readHdrSei([bytesOf(`${header}900303e80180`)], codec).contentLight).toBeNull();
    expect(readHdrSei([bytesOf(`${header}900403e8`)], codec).contentLight).toBeNull();
  });

  test('any changed byte is read', () => {
    for (const unit of units) expectMediaErrors(unit, (bytes) => readHdrSei([bytes], codec));
  });
});

/** Type and size 255 and above are told in several bytes: H.265, 7.3.5. The last byte is the trailing bit. */
test.each([
  { name: 'two messages', hex: '4e01 8101aa 01020a0b 80', expected: ['129 aa', '1 0a0b'] },
  { name: 'a type above 255', hex: '4e01 ff0501aa 80', expected: ['260 aa'] },
  { name: 'emulation prevention', hex: '4e01 010400000301ab 80', expected: ['1 000001ab'] },
  { name: 'an empty message', hex: '4e01 0200 80', expected: ['2 '] },
  { name: 'a size past the end', hex: '4e01 8101aa 01090a0b 80', expected: ['129 aa'] },
  { name: 'nothing', hex: '4e01', expected: [] },
])('SEI NAL unit with $name', ({ hex, expected }) => {
  const found = [...seiMessages(bytesOf(hex), 2)];
  expect(found.map(({ type, payload }) => `${type} ${hexOf(payload)}`)).toEqual(expected);
});

describe('box payloads', () => {
  test('as ISO/IEC 14496-12 orders them', () => {
    expect(hexOf(mdcvPayload(P3_D65))).toBe(MDCV);
    expect(hexOf(clliPayload(LIGHT))).toBe(CLLI);
  });

  test('parse ∘ build', () => {
    const u16 = fc.nat(0xffff);
    const u32 = fc.nat(0xffff_ffff);
    const point = fc.record({ x: u16, y: u16 });
    const mastering = {
      green: point,
      blue: point,
      red: point,
      white: point,
      maxLuminance: u32,
      minLuminance: u32,
    };
    fc.assert(
      fc.property(fc.record(mastering), (md) => {
        expect(parseMdcvPayload(mdcvPayload(md))).toEqual(md);
      }),
    );
    const light = fc.record({ maxContent: u16, maxAverage: u16 });
    fc.assert(
      fc.property(light, (cl) => {
        expect(parseClliPayload(clliPayload(cl))).toEqual(cl);
      }),
    );
  });

  test('cut short', () => {
    expect(() => parseMdcvPayload(bytesOf(MDCV).subarray(1))).toThrow(MediaError);
    expect(() => parseClliPayload(bytesOf(CLLI).subarray(1))).toThrow(MediaError);
  });
});

describe('Matroska', () => {
  const floats = {
    primaryRChromaticityX: 0.68,
    primaryRChromaticityY: 0.32,
    primaryGChromaticityX: 0.265,
    primaryGChromaticityY: 0.69,
    primaryBChromaticityX: 0.15,
    primaryBChromaticityY: 0.06,
    whitePointChromaticityX: 0.3127,
    whitePointChromaticityY: 0.329,
    luminanceMax: 1000,
    luminanceMin: 0.005,
  };

  test('floats become units, also single precision ones', () => {
    expect(fromMatroskaMastering(floats)).toEqual(P3_D65);
    const single = Object.fromEntries(
      Object.entries(floats).map(([name, value]) => [name, Math.fround(value)]),
    );
    expect(fromMatroskaMastering(single)).toEqual(P3_D65);
  });

  test.each([
    { name: 'a missing luminance', change: { luminanceMin: undefined } },
    { name: 'a chromaticity above 1', change: { primaryRChromaticityX: 1.01 } },
    { name: 'a negative chromaticity', change: { whitePointChromaticityY: -0.1 } },
    { name: 'no number', change: { primaryBChromaticityX: Number.NaN } },
    { name: 'endless light', change: { luminanceMax: Number.POSITIVE_INFINITY } },
  ])('$name is no mastering display', ({ change }) => {
    const { luminanceMin, ...others } = { ...floats, ...change };
    const all = luminanceMin === undefined ? others : { ...others, luminanceMin };
    expect(fromMatroskaMastering(all)).toBeNull();
  });
});

describe('AV1 metadata', () => {
  /** Red, green, blue, white in 0.16; 1000 in 24.8 and 0.005 in 18.14: AV1 specification, 6.7.4. */
  const payload = 'ae1451ec43d7b0a426660f5c500d54390003e80000000052';

  test('fixed point becomes units', () => {
    expect(readAv1HdrMdcv(bytesOf(payload))).toEqual({ ...P3_D65, minLuminance: 50 });
    expect(readAv1HdrCll(bytesOf(CLLI))).toEqual(LIGHT);
  });

  test('the largest values fit', () => {
    expect(hexOf(mdcvPayload(readAv1HdrMdcv(bytesOf('ff'.repeat(24)))))).toBe(
      `${'c34f'.repeat(8)}ffffffff9c3fffff`,
    );
  });

  test('cut short', () => {
    expectMediaErrors(bytesOf(payload), readAv1HdrMdcv);
    expect(() => readAv1HdrMdcv(bytesOf(payload).subarray(1))).toThrow(MediaError);
  });
});
