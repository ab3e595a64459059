import { describe, expect, test } from 'vitest';
import { parseH265Pps, parseH265Sps, parseH265Vps } from '../../src/codecs/h265-sps.ts';
import { BitWriter, insertEmulationPrevention } from '../../src/core/bits.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';
import { H265_ROWS } from './h265-rows.ts';

describe.each(H265_ROWS)('$name', ({ vps, sps, pps, expected }) => {
  test('VPS, SPS, PPS', () => {
    expect(parseH265Sps(bytesOf(sps))).toMatchObject(expected);
    expect(parseH265Pps(bytesOf(pps))).toMatchObject({ id: 0, spsId: 0, hasTiles: false });
    expect(parseH265Vps(bytesOf(vps))).toEqual({ id: 0, frameRate: null });
  });

  test('any changed byte parses or throws MediaError', () => {
    expectMediaErrors(bytesOf(sps), parseH265Sps);
    expectMediaErrors(bytesOf(pps), parseH265Pps);
    expectMediaErrors(bytesOf(vps), parseH265Vps);
  });

  test('cut short', () => {
    expect(() => parseH265Sps(bytesOf(sps).subarray(0, -4))).toThrow(MediaError);
  });
});

/** `[value, bits]`, or a number for an Exp-Golomb code. */
type Field = readonly [value: number, bits: number] | number;

const nalOf = (header: number, fields: readonly Field[]) => {
  const bits = new BitWriter().u(header, 16);
  for (const field of fields) {
    if (typeof field === 'number') bits.ue(field);
    else bits.u(...field);
  }
  return insertEmulationPrevention(bits.u(1, 1).bytes());
};

interface SpsParts {
  /** sps_max_sub_layers_minus1 and the flags and bits of sub-layers behind general_level_idc. */
  readonly subLayers?: readonly [count: number, fields: readonly Field[]];
  readonly chroma?: readonly Field[];
  /** From sps_sub_layer_ordering_info_present_flag. */
  readonly ordering?: readonly Field[];
  /** From pcm_enabled_flag to long_term_ref_pics_present_flag and what it brings. */
  readonly tools?: readonly Field[];
  readonly vui?: readonly Field[];
}

/** An SPS of 640x360 in the order of H.265, 7.3.2.2.1. */
const spsOf = ({ subLayers = [0, []], chroma = [1], ordering = [[0, 1], 4, 2, 0], tools, vui }: SpsParts) =>
  nalOf(0x4201, [
    [0, 4],
    [subLayers[0], 3],
    [1, 1],
    [1, 8],
    [0x60000000, 32],
    [0x90000000, 32],
    [0, 16],
    [93, 8],
    ...subLayers[1],
    3,
    ...chroma,
    640,
    360,
    [0, 1],
    0,
    0,
    4,
    ...ordering,
    0,
    3,
    0,
    3,
    0,
    0,
    [0, 1],
    [0b11, 2],
    ...(tools ?? [[0, 1], 0, [0, 1]]),
    [0b11, 2],
    ...(vui ? [[1, 1] as const, ...vui] : [[0, 1] as const]),
    [0, 1],
  ]);

/** aspect_ratio_idc 14, so that whatever stands before the VUI must have been read to the bit. */
const VUI: readonly Field[] = [
  [1, 1],
  [14, 8],
  [0, 7],
  [0, 1],
  [0, 1],
];
const ASPECT_4_3 = { id: 3, width: 640, height: 360, pixelAspect: { h: 4, v: 3 } };

/** num_negative_pics 2 (-1, -2), num_positive_pics 1 (+1), all used. */
const FIRST_SET: readonly Field[] = [2, 1, 0, [1, 1], 0, [1, 1], 0, [1, 1]];
/** delta_rps_sign 1, 1: -2, -3, 0 and -1, of which 0 is no picture. */
const PREDICTED: readonly Field[] = [[1, 1], [1, 1], 0, [0b1111, 4]];
/** From a set of three: +1 with one flag for each and one for the set's own picture; one unused. */
const PREDICTED_AGAIN: readonly Field[] = [[1, 1], [0, 1], 0, [0b1, 1], [0b00, 2], [0b01, 2], [0b1, 1]];

const PARTS: readonly { name: string; parts: SpsParts; expected: object }[] = [
  { name: 'nothing special', parts: { vui: VUI }, expected: ASPECT_4_3 },
  { name: 'no VUI', parts: {}, expected: { id: 3, pixelAspect: null, frameRate: null, colour: null } },
  {
    name: 'profile and level of sub-layers',
    parts: {
      subLayers: [
        2,
        [
          [0b10, 2],
          [0b11, 2],
          [0, 12],
          [0, 32],
          [0, 32],
          [0, 24],
          [0, 32],
          [0, 32],
          [0, 24],
          [93, 8],
        ],
      ],
      ordering: [[1, 1], 4, 0, 0, 4, 1, 0, 4, 3, 0],
      vui: VUI,
    },
    expected: { ...ASPECT_4_3, numTemporalLayers: 3, reorderDepth: 3 },
  },
  {
    name: 'separate colour planes',
    parts: { chroma: [3, [1, 1]], vui: VUI },
    expected: { ...ASPECT_4_3, chromaFormat: 3 },
  },
  {
    name: 'PCM and long-term reference pictures',
    parts: {
      tools: [[1, 1], [0x77, 8], 0, 2, [1, 1], 0, [1, 1], 2, [5, 8], [1, 1], [9, 8], [0, 1]],
      vui: VUI,
    },
    expected: ASPECT_4_3,
  },
  {
    name: 'predicted reference picture sets',
    parts: { tools: [[0, 1], 3, ...FIRST_SET, ...PREDICTED, ...PREDICTED_AGAIN, [0, 1]], vui: VUI },
    expected: ASPECT_4_3,
  },
  {
    name: 'a set told outright behind another',
    parts: { tools: [[0, 1], 2, ...FIRST_SET, [0, 1], ...FIRST_SET, [0, 1]], vui: VUI },
    expected: ASPECT_4_3,
  },
  {
    name: 'bitstream restriction',
    parts: { vui: [[0, 4], [0, 5], [1, 1], [0, 3], 300, 0, 0, 15, 15] },
    expected: { minSpatialSegmentation: 300 },
  },
  {
    name: 'low delay HRD, then bitstream restriction',
    parts: {
      vui: [
        [0, 8],
        [1, 1],
        [1, 32],
        [25, 32],
        [0, 1],
        [1, 1],
        [0b10, 2],
        [0, 1],
        [0, 8],
        [0, 15],
        [0b001, 3],
        9,
        9,
        [0, 1],
        [1, 1],
        [0, 3],
        7,
        0,
        0,
        15,
        15,
      ],
    },
    expected: { frameRate: { num: 25, den: 1 }, minSpatialSegmentation: 7 },
  },
  {
    name: 'timing with sub-picture HRD of both kinds, then bitstream restriction',
    parts: {
      vui: [
        [0, 4],
        [0, 4],
        [1, 1],
        [1001, 32],
        [60_000, 32],
        [1, 1],
        0,
        [1, 1],
        [0b111, 3],
        [0, 19],
        [0, 8],
        [0, 4],
        [0, 15],
        [0b00, 2],
        [0, 1],
        1,
        ...[9, 9, 9, 9, [0, 1] as const, 9, 9, 9, 9, [1, 1] as const],
        ...[9, 9, 9, 9, [0, 1] as const, 9, 9, 9, 9, [1, 1] as const],
        [1, 1],
        [0, 3],
        7,
        0,
        0,
        15,
        15,
      ],
    },
    expected: { frameRate: { num: 60_000, den: 1001 }, minSpatialSegmentation: 7 },
  },
];

describe.each(PARTS)('$name', ({ parts, expected }) => {
  const sps = spsOf(parts);

  test('SPS', () => {
    expect(parseH265Sps(sps)).toMatchObject(expected);
  });

  test('any changed byte parses or throws MediaError', () => {
    expectMediaErrors(sps, parseH265Sps);
  });
});

const IMPOSSIBLE: readonly { name: string; parts: SpsParts }[] = [
  { name: 'chroma format 4', parts: { chroma: [4] } },
  { name: 'more reordering than the buffer holds', parts: { ordering: [[0, 1], 16, 16, 0] } },
  { name: '65 reference picture sets', parts: { tools: [[0, 1], 65] } },
  { name: 'a reference picture set of four thousand million', parts: { tools: [[0, 1], 1, 2 ** 32 - 2, 0] } },
  { name: '33 long-term reference pictures', parts: { tools: [[0, 1], 0, [1, 1], 33] } },
];

test.each(IMPOSSIBLE)('$name', ({ parts }) => {
  expect(() => parseH265Sps(spsOf(parts))).toThrow(MediaError);
});

test('a parameter set of another type or layer', () => {
  const sps = bytesOf(H265_ROWS[0]?.sps ?? '');
  expect(() => parseH265Pps(sps)).toThrow(/type 33 where 34/);
  expect(() => parseH265Sps(Uint8Array.of(0x42, 0x09, ...sps.subarray(2)))).toThrow(/layer 1/);
});

/** From pps_pic_parameter_set_id to entropy_coding_sync_enabled_flag: 7.3.2.3.1. */
const ppsOf = (ids: readonly [number, number], parallel: number) =>
  nalOf(0x4401, [...ids, [0, 7], 0, 0, 0, [0b001, 3], 1, 0, 0, [0, 4], [parallel, 2], [0, 8]]);

test.each([
  [0b00, { hasTiles: false, hasWavefronts: false }],
  [0b10, { hasTiles: true, hasWavefronts: false }],
  [0b01, { hasTiles: false, hasWavefronts: true }],
])('PPS with parallel tools %i', (parallel, expected) => {
  expect(parseH265Pps(ppsOf([63, 15], parallel))).toEqual({ id: 63, spsId: 15, ...expected });
  expect(() => parseH265Pps(ppsOf([64, 0], parallel))).toThrow(MediaError);
});

test('VPS timing', () => {
  const profile: readonly Field[] = [
    [1, 8],
    [0, 32],
    [0, 32],
    [0, 16],
    [93, 8],
  ];
  const head: readonly Field[] = [[5, 4], [0b11, 2], [0, 6], [0, 3], [1, 1], [0xffff, 16], ...profile];
  const sets: readonly Field[] = [[0, 1], 4, 2, 0, [1, 6], 2, [0b1101, 4]];
  const timing: readonly Field[] = [[1, 1], [1001, 32], [24_000, 32], [0, 1], 0];
  const vps = nalOf(0x4001, [...head, ...sets, ...timing]);
  expect(parseH265Vps(vps)).toEqual({ id: 5, frameRate: { num: 24_000, den: 1001 } });
  expect(parseH265Vps(vps.subarray(0, -4))).toEqual({ id: 5, frameRate: null });
  expect(() => parseH265Vps(vps.subarray(0, 5))).toThrow(MediaError);
  expectMediaErrors(vps, parseH265Vps);
});
