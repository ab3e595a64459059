import { describe, expect, test } from 'vitest';
import { classifyAccessUnit, parseSliceHeader, probeAccessUnit } from '../../src/codecs/h264-access-unit.ts';
import { parseSps } from '../../src/codecs/h264-sps.ts';
import { joinLengthPrefixed } from '../../src/codecs/nal.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { concat } from '../../src/core/bytes.ts';
import { bytesOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';
import { SPS_ROWS } from './h264-rows.ts';

const SPS = '6764000aacd94426c044000003000400000300c83c489658';
const PPS = '68ebe3cb22c0';
/** Payload type 5, as libx264 puts it in front of its first picture, shortened. */
const USER_DATA = '060510dc45e9bde6d948b7962cd820d923eeef80';
/** Delimiter types: I, I P, I P B. */
const [AUD_I, AUD_P, AUD_B] = ['0910', '0930', '0950'];

/** First bytes of pictures that libx264 164 wrote; options in the name. */
const PICTURES = [
  { name: 'IDR', nals: [AUD_I, SPS, PPS, USER_DATA, '6588840057e9d7ad7192'], kind: 'idr', count: null },
  {
    name: 'IDR in two slices',
    nals: [SPS, PPS, '6588840077d2acfdd09b', '65122210019fbb4b7423'],
    kind: 'idr',
    count: null,
  },
  {
    name: 'IDR behind a recovery point',
    nals: [SPS, PPS, '0601013280', '060601c480', '6588810b057fe1d7ad09'],
    kind: 'idr',
    count: 0,
  },
  {
    name: 'I, open-gop=1',
    nals: [AUD_I, SPS, PPS, '060601c480', '4188ba827fd9674c47d7'],
    kind: 'recovery',
    count: 0,
  },
  {
    name: 'P, intra-refresh=1',
    nals: [SPS, PPS, '0606017180', '419b4622bffe6e9e52e6'],
    kind: 'recovery',
    count: 2,
  },
  {
    name: 'recovery point behind user data in one SEI',
    nals: ['06051000112233445566778899aabbccddeeff0601c480', '419b4622bffe6e9e52e6'],
    kind: 'recovery',
    count: 0,
  },
  { name: 'I without SEI', nals: [AUD_I, '4188ba827fd9674c47d7'], kind: 'intra', count: null },
  { name: 'P', nals: [AUD_P, '419a236c467fbca63704'], kind: 'other', count: null },
  { name: 'P with picture timing', nals: ['0601013280', '419a23791dff965ff9b0'], kind: 'other', count: null },
  { name: 'B', nals: [AUD_B, '019e626a42dffeed82df'], kind: 'other', count: null },
  {
    name: 'P in two slices',
    nals: ['419a226c42dfd68fdc55', '41126889b10a7ff2555b'],
    kind: 'other',
    count: null,
  },
  { name: 'parameter sets alone', nals: [SPS, PPS], kind: 'none', count: null },
  { name: 'end of sequence', nals: ['0a'], kind: 'none', count: null },
] as const;

const nalsOf = (hexes: readonly string[]) => hexes.map(bytesOf);

describe.each(PICTURES)('$name', ({ nals, kind, count }) => {
  const unit = joinLengthPrefixed(nalsOf(nals));

  test(`is ${kind}`, () => {
    const found = classifyAccessUnit(nalsOf(nals));
    expect(found).toMatchObject({ kind, recoveryFrameCount: count, hasPicture: kind !== 'none' });
    expect(found.parameterSets).toEqual(nalsOf(nals.filter((nal) => nal === SPS || nal === PPS)));
    expect(probeAccessUnit(unit, 4)).toBe(kind);
  });

  test('a prefix tells the same, or that it cannot tell', () => {
    for (let size = 0; size < unit.length; size++)
      expect(['unknown', 'none', kind]).toContain(probeAccessUnit(unit.subarray(0, size), 4));
  });

  test('any changed byte is judged', () => {
    expectMediaErrors(unit, (bytes) => probeAccessUnit(bytes, 4));
  });
});

test('a prefix needs no more than the first bytes of the first slice', () => {
  const nals = nalsOf(PICTURES[3].nals);
  const before = joinLengthPrefixed(nals.slice(0, -1));
  const slice = concat([Uint8Array.of(0, 1, 0, 0), nals.at(-1) ?? new Uint8Array()]);
  const prefix = concat([before, slice]);
  expect(probeAccessUnit(prefix.subarray(0, before.length + 4), 4)).toBe('unknown');
  expect(probeAccessUnit(prefix.subarray(0, before.length + 7), 4)).toBe('recovery');
  expect(probeAccessUnit(prefix.subarray(0, before.length - 2), 4)).toBe('unknown');
  expect(probeAccessUnit(new Uint8Array(), 4)).toBe('unknown');
});

const header = (fields: readonly (readonly [value: number, bits: number] | number)[], first = 0x41) => {
  const bits = new BitWriter().u(first, 8);
  for (const field of fields) {
    if (typeof field === 'number') bits.ue(field);
    else bits.u(...field);
  }
  return bits.u(0xffff, 16).bytes();
};

/** first_mb_in_slice, slice_type, pic_parameter_set_id, frame_num, field_pic_flag, bottom_field_flag. */
const frame = (type: number, first = 0) => header([first, type, 0, [5, 4], [0, 1]]);
const field = (type: number, isBottom: number) => header([0, type, 0, [5, 4], [1, 1], [isBottom, 1]]);

describe('slices and fields', () => {
  const interlaced = parseSps(bytesOf(SPS_ROWS.find(({ name }) => name.startsWith('interlaced'))?.sps ?? ''));
  const progressive = parseSps(bytesOf(SPS_ROWS[0]?.sps ?? ''));

  test('slice headers', () => {
    expect(parseSliceHeader(field(7, 1), interlaced)).toEqual({
      firstMacroblock: 0,
      type: 2,
      ppsId: 0,
      frameNum: 5,
      isField: true,
      isBottomField: true,
    });
    expect(parseSliceHeader(frame(0, 99), interlaced)).toMatchObject({
      firstMacroblock: 99,
      type: 0,
      isField: false,
    });
    expect(parseSliceHeader(frame(0), progressive)).toMatchObject({ isField: false });
    expect(parseSliceHeader(bytesOf('41'), progressive)).toBeNull();
  });

  test.each([
    { name: 'a frame', nals: [frame(0)], fields: 0 },
    { name: 'a lone field', nals: [field(0, 1)], fields: 1 },
    { name: 'a pair of fields', nals: [field(0, 0), field(0, 1)], fields: 2 },
    { name: 'a pair in four slices', nals: [field(0, 0), field(0, 0), field(0, 1), field(0, 1)], fields: 2 },
  ])('$name', ({ nals, fields }) => {
    expect(classifyAccessUnit(nals, interlaced).fields).toBe(fields);
  });

  test('a picture is intra when all its slices are', () => {
    const kinds = (types: readonly number[]) => classifyAccessUnit(types.map((type) => frame(type))).kind;
    expect([kinds([2, 2]), kinds([2, 0]), kinds([7]), kinds([4, 2]), kinds([0, 2])]).toEqual([
      'intra',
      'other',
      'intra',
      'intra',
      'other',
    ]);
    const mixed = joinLengthPrefixed([frame(2), frame(0)]);
    expect([probeAccessUnit(mixed, 4), probeAccessUnit(mixed.subarray(0, 9), 4)]).toEqual(['other', 'intra']);
  });
});
