import { describe, expect, test } from 'vitest';
import { parsePpsIds, parseSps, reorderDepth, type Sps, spsFrameRate } from '../../src/codecs/h264-sps.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';
import { SPS_ROWS } from './h264-rows.ts';

describe.each(SPS_ROWS)('$name', ({ sps, pps, expected, reorderDepth: depth }) => {
  test('SPS', () => {
    expect(parseSps(bytesOf(sps))).toMatchObject(expected);
    expect(reorderDepth(parseSps(bytesOf(sps)))).toBe(depth);
  });

  test('PPS', () => {
    expect(parsePpsIds(bytesOf(pps))).toEqual({ id: expected.id ?? 0, spsId: expected.id ?? 0 });
  });

  test('any changed byte parses or throws MediaError', () => {
    expectMediaErrors(bytesOf(sps), (bytes) => reorderDepth(parseSps(bytes)));
    expectMediaErrors(bytesOf(pps), parsePpsIds);
  });
});

const [progressive] = SPS_ROWS;
const plain = parseSps(bytesOf(progressive?.sps ?? ''));

test('a VUI cut short counts as absent from the cut on', () => {
  const whole = bytesOf(SPS_ROWS[0]?.sps ?? '');
  const cut = parseSps(whole.subarray(0, 18));
  expect(cut).toMatchObject({
    width: 1280,
    pixelAspect: { h: 1, v: 1 },
    timing: null,
    maxReorderFrames: null,
  });
  expect(() => parseSps(whole.subarray(0, 8))).toThrow(MediaError);
});

/** Without the VUI's word: E.2.1 and Table A-1. */
const REORDER_ROWS: readonly { name: string; change: Partial<Sps>; depth: number }[] = [
  { name: '720p at 3.1', change: {}, depth: 5 },
  { name: '1080p at 4.0', change: { level: 40, codedWidth: 1920, codedHeight: 1088 }, depth: 4 },
  { name: '1080p at 4.2', change: { level: 42, codedWidth: 1920, codedHeight: 1088 }, depth: 4 },
  { name: '2160p at 5.1', change: { level: 51, codedWidth: 3840, codedHeight: 2160 }, depth: 5 },
  { name: 'never above 16', change: { level: 51, codedWidth: 320, codedHeight: 240 }, depth: 16 },
  {
    name: 'level 1b as 11 with constraint_set3',
    change: { level: 11, profile: 77, constraints: 0x10, codedWidth: 176, codedHeight: 144 },
    depth: 4,
  },
  { name: 'level 1.1', change: { level: 11, profile: 77, codedWidth: 176, codedHeight: 144 }, depth: 9 },
  { name: 'an unknown level', change: { level: 99 }, depth: 16 },
  { name: 'pic_order_cnt_type 2', change: { pictureOrderType: 2 }, depth: 0 },
  { name: 'Baseline', change: { profile: 66 }, depth: 0 },
  { name: 'an intra profile', change: { profile: 110, constraints: 0x10 }, depth: 0 },
];

test.each(REORDER_ROWS)('reorder depth of $name is $depth', ({ change, depth }) => {
  expect(reorderDepth({ ...plain, maxReorderFrames: null, ...change })).toBe(depth);
});

test('the frame rate is exact, and only told when it is fixed', () => {
  const timing = { unitsInTick: 1001, timeScale: 48_000, isFixed: true };
  expect(spsFrameRate({ ...plain, timing })).toEqual({ num: 24_000, den: 1001 });
  expect(spsFrameRate({ ...plain, timing: null })).toBeNull();
});
