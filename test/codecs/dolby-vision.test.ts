import { describe, expect, test } from 'vitest';
import {
  buildDolbyVisionRecord,
  dolbyVisionBoxType,
  dolbyVisionCodecString,
  hasDolbyVisionRpu,
  needsDolbyVision,
  parseDolbyVisionRecord,
  supplementalCodec,
  withoutEnhancementLayer,
} from '../../src/codecs/dolby-vision.ts';
import { joinLengthPrefixed } from '../../src/codecs/nal.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

const ZEROS = '0'.repeat(38);

/**
 * Bits by hand from the syntax: dv_profile 7, dv_level 6, three flags, compatibility id 4, reserved. Brands: Apple's
 * HLS authoring specification, appendix on SUPPLEMENTAL-CODECS.
 */
const ROWS = [
  {
    name: 'profile 5, level 6',
    record: `01000a3500${ZEROS}`,
    fields: { profile: 5, level: 6, rpuPresent: true, elPresent: false, blPresent: true, compatibilityId: 0 },
    box: 'dvcC',
    entry: 'dvh1',
    codec: 'dvh1.05.06',
    base: 'hvc1.2.4.L153.B0',
    supplement: null,
    isNeeded: true,
  },
  {
    name: 'profile 7 with enhancement layer',
    record: `01000e3760${ZEROS}`,
    fields: { profile: 7, level: 6, rpuPresent: true, elPresent: true, blPresent: true, compatibilityId: 6 },
    box: 'dvcC',
    entry: 'dvhe',
    codec: 'dvhe.07.06',
    base: 'hvc1.2.4.L153.B0',
    supplement: null,
    isNeeded: false,
  },
  {
    name: 'profile 8.1, level 1',
    record: `0100100d10${ZEROS}`,
    fields: { profile: 8, level: 1, rpuPresent: true, elPresent: false, blPresent: true, compatibilityId: 1 },
    box: 'dvvC',
    entry: 'dvh1',
    codec: 'dvh1.08.01',
    base: 'hvc1.2.4.L153.B0',
    supplement: 'dvh1.08.01/db1p',
    isNeeded: false,
  },
  {
    name: 'profile 8.2',
    record: `0100104d20${ZEROS}`,
    fields: { profile: 8, level: 9, compatibilityId: 2 },
    box: 'dvvC',
    entry: 'dvh1',
    codec: 'dvh1.08.09',
    base: 'hvc1.2.4.L153.B0',
    supplement: 'dvh1.08.09/db2g',
    isNeeded: false,
  },
  {
    name: 'profile 8.4 in hev1',
    record: `0100103d40${ZEROS}`,
    fields: { profile: 8, level: 7, compatibilityId: 4 },
    box: 'dvvC',
    entry: 'dvh1',
    codec: 'dvh1.08.07',
    base: 'hev1.2.4.L123.B0',
    supplement: 'dvhe.08.07/db4h',
    isNeeded: false,
  },
  {
    name: 'profile 10.1',
    record: `0100144d10${ZEROS}`,
    fields: { profile: 10, level: 9, compatibilityId: 1 },
    box: 'dvvC',
    entry: 'dav1',
    codec: 'dav1.10.09',
    base: 'av01.0.13M.10',
    supplement: 'dav1.10.09/db1p',
    isNeeded: false,
  },
  {
    name: 'profile 10.0',
    record: `0100144d00${ZEROS}`,
    fields: { profile: 10, compatibilityId: 0 },
    box: 'dvvC',
    entry: 'dav1',
    codec: 'dav1.10.09',
    base: 'av01.0.13M.10',
    supplement: null,
    isNeeded: true,
  },
] as const;

describe.each(ROWS)('$name', ({ record, fields, box, entry, codec, base, supplement, isNeeded }) => {
  const dv = parseDolbyVisionRecord(bytesOf(record));

  test('record', () => {
    expect(dv).toMatchObject({ versionMajor: 1, versionMinor: 0, ...fields });
    expect(hexOf(buildDolbyVisionRecord(dv))).toBe(record);
  });

  test('box and codec strings', () => {
    expect(dolbyVisionBoxType(dv.profile)).toBe(box);
    expect(dolbyVisionCodecString(entry, dv)).toBe(codec);
    expect(supplementalCodec(dv, base)).toBe(supplement);
    expect(needsDolbyVision(bytesOf(record))).toBe(isNeeded);
  });

  test('any changed byte parses or throws MediaError', () => {
    expectMediaErrors(bytesOf(record), (bytes) => buildDolbyVisionRecord(parseDolbyVisionRecord(bytes)));
  });
});

test('a base layer of another codec has no supplement', () => {
  const dv = parseDolbyVisionRecord(bytesOf('0100100d10'));
  expect(supplementalCodec(dv, 'av01.0.13M.10')).toBeNull();
  expect(supplementalCodec(dv, 'avc1.640028')).toBeNull();
  expect(dolbyVisionBoxType(20)).toBe('dvwC');
  expect(needsDolbyVision(null)).toBe(false);
});

test('a record without its tail', () => {
  expect(parseDolbyVisionRecord(bytesOf('01000a35'))).toMatchObject({ profile: 5, compatibilityId: 0 });
  expect(() => parseDolbyVisionRecord(bytesOf('01000a'))).toThrow(MediaError);
});

/** Beginnings of NAL units: slice, RPU with its prefix of 25, EL in a NAL unit of type 63, slice of layer 1. */
const [SLICE, RPU, EL, LAYER_1, SUFFIX_SEI] = [
  '2601ac7460ba',
  '7c0119080941',
  '7e012801ac74',
  '2809ac7460',
  '50018401',
];
const unitOf = (nals: readonly string[]) => joinLengthPrefixed(nals.map(bytesOf));

test.each([
  { name: 'RPU and enhancement layer', nals: [SLICE, EL, EL, RPU], kept: [SLICE] },
  { name: 'another layer', nals: [SLICE, SUFFIX_SEI, LAYER_1], kept: [SLICE, SUFFIX_SEI] },
  { name: 'nothing but enhancement', nals: [RPU], kept: [] },
])('drops $name', ({ nals, kept }) => {
  expect(hexOf(withoutEnhancementLayer(unitOf(nals)))).toBe(hexOf(unitOf(kept)));
  expectMediaErrors(unitOf(nals), withoutEnhancementLayer);
});

test('gives the same view when there is nothing to drop', () => {
  const unit = unitOf([SLICE, SUFFIX_SEI]);
  expect(withoutEnhancementLayer(unit)).toBe(unit);
});

test('finds reference processing units', () => {
  const found = (nals: readonly string[]) => hasDolbyVisionRpu(nals.map(bytesOf));
  expect([found([SLICE, RPU]), found([SLICE, EL]), found(['7c0100080941']), found([])]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
