import { describe, expect, test } from 'vitest';
import { h265PicStruct, isRasl, probeH265AccessUnit } from '../../src/codecs/h265-access-unit.ts';
import { parseH265Sps } from '../../src/codecs/h265-sps.ts';
import { joinLengthPrefixed } from '../../src/codecs/nal.ts';
import { concat } from '../../src/core/bytes.ts';
import { bytesOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';
import { H265_ROWS } from './h265-rows.ts';

const VPS = '40010c01ffff01600000030090000003000003003f959809';
const SPS = '42010101600000030090000003000003003fa005020171f2e595992930bc05a02000000300200000030321';
const PPS = '4401c073c189';
const AUD = '460110';
const USER_DATA = '4e0105102ca2de09b51747dbbb55a4fe7fc2fc4e80';

/** First bytes of pictures that libx265 3.5 wrote; types that it does not write have their header changed. */
const PICTURES = [
  { name: 'IDR_N_LP', nals: [AUD, VPS, SPS, PPS, USER_DATA, '2801ac7460ba7ab8'], kind: 'idr' },
  { name: 'IDR_N_LP in slices', nals: [VPS, SPS, PPS, '2801ac73174f', '2801278c7315'], kind: 'idr' },
  { name: 'BLA_N_LP', nals: ['2401ac284948d181'], kind: 'idr' },
  { name: 'IDR_W_RADL, open-gop=0:radl=2', nals: [VPS, SPS, PPS, '2601ac6060bc308a'], kind: 'radl' },
  { name: 'CRA, open-gop=1', nals: [VPS, SPS, PPS, USER_DATA, '2a01ac284948d181'], kind: 'cra' },
  { name: 'BLA_W_LP', nals: ['2001ac284948d181'], kind: 'cra' },
  { name: 'BLA_W_RADL', nals: ['2201ac284948d181'], kind: 'cra' },
  { name: 'RASL_R', nals: ['1201e10227575820'], kind: 'other', rasl: true },
  { name: 'RASL_N', nals: ['1001e0c6f555e890'], kind: 'other', rasl: true },
  { name: 'RADL_R', nals: ['0e01ffeae08148c1'], kind: 'other' },
  { name: 'RADL_N', nals: ['0c01ffcbfe8902c1'], kind: 'other' },
  { name: 'TRAIL_R', nals: [AUD, '0201d0294b883830'], kind: 'other' },
  { name: 'TSA_N', nals: ['0402e024f55e'], kind: 'other' },
  { name: 'reserved IRAP', nals: ['2c01ac284948d181'], kind: 'other' },
  { name: 'an enhancement layer first', nals: ['2809ac7460ba', '0201d0294b883830'], kind: 'other' },
  { name: 'IDR behind an enhancement layer', nals: ['0209d0294b88', '2801ac7460ba7ab8'], kind: 'idr' },
  { name: 'parameter sets alone', nals: [VPS, SPS, PPS], kind: 'none' },
  { name: 'an enhancement layer alone', nals: ['2809ac7460ba', '7e012801ac7460ba'], kind: 'none' },
  { name: 'end of sequence', nals: ['4801'], kind: 'none' },
] as const;

const nalsOf = (hexes: readonly string[]) => hexes.map(bytesOf);

describe.each(PICTURES)('$name', ({ nals, kind, ...row }) => {
  const unit = joinLengthPrefixed(nalsOf(nals));

  test(`is ${kind}`, () => {
    expect(probeH265AccessUnit(unit, 4)).toBe(kind);
    expect(isRasl(unit)).toBe('rasl' in row);
  });

  test('a prefix tells the same, or that it cannot tell', () => {
    for (let size = 0; size < unit.length; size++)
      expect(['unknown', 'none', kind]).toContain(probeH265AccessUnit(unit.subarray(0, size), 4));
  });

  test('any changed byte is judged', () => {
    expectMediaErrors(unit, (bytes) => [probeH265AccessUnit(bytes, 4), isRasl(bytes)]);
  });
});

test('a prefix needs no more than the header of the first slice', () => {
  const before = joinLengthPrefixed(nalsOf([VPS, SPS, PPS]));
  const prefix = concat([before, Uint8Array.of(0, 1, 0, 0, 0x2a, 0x01)]);
  expect(probeH265AccessUnit(prefix, 4)).toBe('cra');
  for (const size of [0, before.length - 2, before.length + 2, before.length + 4, before.length + 5])
    expect(probeH265AccessUnit(prefix.subarray(0, size), 4)).toBe('unknown');
});

describe('pic_struct', () => {
  const [TOP, BOTTOM, PAIRED] = ['4e0101011180', '4e0101012180', '4e010101b180'];
  const ACTIVE_SETS = '4e0181010f80';
  const slice = '2801ac74242e';
  const fields = parseH265Sps(bytesOf(H265_ROWS.find(({ name }) => name.startsWith('fields'))?.sps ?? ''));
  const frames = parseH265Sps(bytesOf(H265_ROWS[0]?.sps ?? ''));

  /** The first two as libx265 3.5 wrote them with interlace=tff. */
  test.each([
    { name: 'top field', nals: [ACTIVE_SETS, TOP, slice], expected: 1 },
    { name: 'bottom field', nals: [BOTTOM, slice], expected: 2 },
    { name: 'top field with the bottom one behind', nals: [PAIRED, slice], expected: 11 },
    { name: 'nothing said', nals: [ACTIVE_SETS, slice], expected: null },
  ])('$name', ({ nals, expected }) => {
    expect(h265PicStruct(nalsOf(nals), fields)).toBe(expected);
    expect(h265PicStruct(nalsOf(nals), frames)).toBeNull();
  });
});
