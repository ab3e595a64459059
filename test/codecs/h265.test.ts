import { describe, expect, test } from 'vitest';
import {
  buildHvcRecord,
  collectH265ParameterSets,
  h265CodecString,
  h265RecordFromAnnexB,
  mergeH265ParameterSets,
  missingH265ParameterSets,
  parseHvcRecord,
} from '../../src/codecs/h265.ts';
import { joinAnnexB } from '../../src/codecs/nal.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';
import { H265_ROWS } from './h265-rows.ts';

type Row = (typeof H265_ROWS)[number];

const setsOf = (row: Row | undefined) => ({
  vps: [bytesOf(row?.vps ?? '')],
  sps: [bytesOf(row?.sps ?? '')],
  pps: [bytesOf(row?.pps ?? '')],
});
const rowNamed = (name: string) => H265_ROWS.find((row) => row.name.startsWith(name));
const array = (type: string, hex: string) =>
  `${type}0001${(hex.length / 2).toString(16).padStart(4, '0')}${hex}`;

describe.each(H265_ROWS)('record of $name', (row) => {
  const record = buildHvcRecord(setsOf(row));

  test('is what ffmpeg writes', () => {
    const arrays = array('a0', row.vps) + array('a1', row.sps) + array('a2', row.pps);
    expect(hexOf(record)).toBe(`${row.head}03${arrays}`);
    expect(h265CodecString(record)).toBe(row.codec);
  });

  test('parse ∘ build', () => {
    const parsed = parseHvcRecord(record);
    const { reorderDepth, vpsId, ...known } = { reorderDepth: 0, vpsId: 0, ...row.expected };
    const shared = Object.fromEntries(Object.entries(known).filter(([name]) => name in parsed));
    expect(parsed).toMatchObject({ ...shared, ...setsOf(row), sei: [], lengthSize: 4 });
    expect(buildHvcRecord(parsed)).toEqual(record);
  });

  test('any changed byte parses or throws MediaError', () => {
    expectMediaErrors(record, (bytes) => buildHvcRecord(parseHvcRecord(bytes)));
    expectMediaErrors(record, h265CodecString);
  });
});

/** Payload types 137 and 144, as libx265 3.5 wrote them for master-display and max-cll; 5, shortened. */
const MASTERING = '4e01891833c286c41d4c0bb884d03e803d13404200989680000003003280';
const LIGHT = '4e01900403e8019080';
const USER_DATA = '4e0105102ca2de09b51747dbbb55a4fe7fc2fc4e80';
const PICTURE_TIMING = '4e0101011180';

describe('parseHvcRecord', () => {
  const [row] = H265_ROWS;
  const record = buildHvcRecord(setsOf(row));

  test('takes records without arrays', () => {
    for (const size of [22, 23])
      expect(parseHvcRecord(Uint8Array.of(...record.subarray(0, size)))).toMatchObject({
        vps: [],
        sps: [],
        pps: [],
        lengthSize: 4,
        level: 93,
      });
  });

  test('takes version 0, rejects others', () => {
    expect(parseHvcRecord(Uint8Array.of(0, ...record.subarray(1)))).toEqual(parseHvcRecord(record));
    expect(() => parseHvcRecord(Uint8Array.of(2, ...record.subarray(1)))).toThrow(/version 2/);
    expect(() => parseHvcRecord(bytesOf(''))).toThrow(MediaError);
  });

  test.each([
    ['0c', 1],
    ['0d', 2],
    ['0f', 4],
  ])('byte 21 of %s', (byte, lengthSize) => {
    const head = hexOf(record.subarray(0, 21));
    expect(parseHvcRecord(bytesOf(`${head}${byte}00`)).lengthSize).toBe(lengthSize);
  });

  test('keeps SEI, which is not declared complete', () => {
    const withSei = buildHvcRecord({ ...setsOf(row), sei: [bytesOf(MASTERING)] });
    expect(parseHvcRecord(withSei).sei).toEqual([bytesOf(MASTERING)]);
    expect(hexOf(withSei)).toBe(`${row?.head}04${hexOf(record).slice(46)}${array('27', MASTERING)}`);
  });

  test('leaves out other layers and other NAL units', () => {
    const others = array('a1', '4209010160000003') + array('28', '5001840100');
    const hex = `${hexOf(record.subarray(0, 22))}05${hexOf(record).slice(46)}${others}`;
    expect(parseHvcRecord(bytesOf(hex))).toEqual(parseHvcRecord(record));
  });
});

test('a record needs an SPS', () => {
  expect(() => buildHvcRecord({ vps: [], sps: [], pps: [] })).toThrow(MediaError);
});

test('several SPS share what they all conform to', () => {
  const [high, main10] = [rowNamed('High tier'), rowNamed('Main 10')];
  const sps = [high, main10].flatMap((row) => setsOf(row).sps);
  expect(parseHvcRecord(buildHvcRecord({ vps: [], sps, pps: [] }))).toMatchObject({
    tier: 1,
    level: 123,
    profile: 2,
    compatibility: 0x20000000,
    temporalIdNested: true,
  });
});

test('the level is that of the highest tier', () => {
  const [high, main] = [rowNamed('High tier')?.sps ?? '', rowNamed('1080p')?.sps ?? ''];
  const sps = [bytesOf(high.replace('007ba005', '001ea005')), bytesOf(main)];
  expect(parseHvcRecord(buildHvcRecord({ vps: [], sps, pps: [] }))).toMatchObject({ tier: 1, level: 30 });
});

/** general_profile_space to general_level_idc, then an empty rest. */
const recordOf = (first: number, compatibility: number, constraints: string, level: number) =>
  bytesOf(
    `01${first.toString(16).padStart(2, '0')}${compatibility.toString(16).padStart(8, '0')}${constraints}${level.toString(16)}f000fcfdf8f800000f00`,
  );

/** The examples of ISO/IEC 14496-15, E.3, and strings in public use. */
test.each([
  ['hvc1', recordOf(0x01, 0x40000000, 'b00000000000', 93), 'hvc1.1.2.L93.B0'],
  ['hev1', recordOf(0x64, 0x82000000, 'b02300000000', 120), 'hev1.A4.41.H120.B0.23'],
  ['hvc1', recordOf(0x02, 0x20000000, 'b00000000000', 153), 'hvc1.2.4.L153.B0'],
  ['hvc1', recordOf(0x01, 0x60000000, '000000000000', 30), 'hvc1.1.6.L30'],
  ['hvc1', recordOf(0x04, 0x08000000, '900000000010', 93), 'hvc1.4.10.L93.90.0.0.0.0.10'],
] as const)('%s codec string', (entry, record, expected) => {
  expect(h265CodecString(record, entry)).toBe(expected);
});

describe('parameter sets in access units', () => {
  const known = setsOf(rowNamed('Main 720p'));
  const sameId = setsOf(rowNamed('Main 10'));
  const pps4 = new BitWriter().u(0x4401, 16).ue(4).ue(0).u(0, 7).ue(0).ue(0).ue(0).u(0, 3).ue(0).ue(0);
  const otherPps = pps4.u(0, 6).u(0x80, 8).bytes();
  const slice = bytesOf('2801ac7460ba');
  const enhancement = bytesOf('4209010160000003');

  test('Annex B becomes a record', () => {
    const stream = joinAnnexB([...known.vps, ...known.sps, ...known.pps, slice]);
    expect(h265RecordFromAnnexB(stream)).toMatchObject({ ...known, lengthSize: 4, level: 93 });
    expect(h265RecordFromAnnexB(joinAnnexB([...known.sps, ...known.pps, slice]))).toBeNull();
  });

  test('collects each id once, the later one, of the base layer', () => {
    const nals = [...known.vps, ...known.sps, enhancement, ...known.pps, slice, ...sameId.sps, otherPps];
    expect(collectH265ParameterSets(nals)).toEqual({
      vps: known.vps,
      sps: sameId.sps,
      pps: [...known.pps, otherPps],
      sei: [],
    });
  });

  test('collects SEI that speaks of the whole stream', () => {
    const nals = [MASTERING, LIGHT, USER_DATA, PICTURE_TIMING, LIGHT].map(bytesOf);
    expect(collectH265ParameterSets(nals).sei).toEqual([bytesOf(MASTERING), bytesOf(LIGHT)]);
  });

  test('tells which sets the record lacks', () => {
    const nals = [...known.vps, ...known.sps, ...sameId.sps, otherPps, bytesOf(LIGHT), slice];
    const sei = [bytesOf(LIGHT)];
    expect(missingH265ParameterSets(known, nals)).toEqual({ vps: [], sps: sameId.sps, pps: [otherPps], sei });
    expect(missingH265ParameterSets({ ...known, sei }, [...known.vps, ...sei])).toMatchObject({ sei: [] });
  });

  test('merges new ids only', () => {
    const added = { vps: [], sps: sameId.sps, pps: [otherPps] };
    expect(mergeH265ParameterSets(known, added)).toEqual({
      ...known,
      pps: [...known.pps, otherPps],
      sei: [],
    });
    expect(mergeH265ParameterSets({ vps: [], sps: [], pps: [] }, known)).toMatchObject(known);
  });
});

/** 64 slices a picture (E.3.1), and the tools of one or two PPS. */
describe('parallelism', () => {
  const sps = new BitWriter().u(0x42010101, 32).u(0x60000000, 32);
  sps.u(0x90, 8).u(0, 8).u(0, 32).u(93, 8).ue(0).ue(1).ue(640).ue(360).u(0, 1).ue(0).ue(0).ue(4).u(0, 1);
  sps.ue(4).ue(2).ue(0).ue(0).ue(3).ue(0).ue(3).ue(0).ue(0).u(0b0110, 4).ue(0).u(0b0111, 4);
  sps.u(0, 4).u(0, 5).u(0b1000, 4).ue(300).ue(0).ue(0).ue(15).ue(15).u(0b01, 2);
  const ppsOf = (id: number, tools: number) =>
    new BitWriter()
      .u(0x4401, 16)
      .ue(id)
      .ue(0)
      .u(0, 7)
      .ue(0)
      .ue(0)
      .ue(0)
      .u(0, 3)
      .ue(0)
      .ue(0)
      .u(0, 4)
      .u(tools, 2)
      .u(0x80, 8)
      .bytes();

  test.each([
    { tools: [0b00], type: 1 },
    { tools: [0b10], type: 2 },
    { tools: [0b01], type: 3 },
    { tools: [0b11], type: 0 },
    { tools: [0b10, 0b01], type: 0 },
    { tools: [0b01, 0b01], type: 3 },
    { tools: [], type: 0 },
  ])('of PPS with $tools is $type', ({ tools, type }) => {
    const pps = tools.map((flags, id) => ppsOf(id, flags));
    const record = buildHvcRecord({ vps: [], sps: [sps.bytes()], pps });
    expect(hexOf(record.subarray(13, 16))).toBe(`f12cf${(12 + type).toString(16)}`);
    expect(parseHvcRecord(record).minSpatialSegmentation).toBe(300);
  });
});
