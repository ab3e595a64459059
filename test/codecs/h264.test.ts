import { describe, expect, test } from 'vitest';
import {
  buildAvcRecord,
  collectParameterSets,
  h264CodecString,
  mergeParameterSets,
  missingParameterSets,
  parseAvcRecord,
  recordFromAnnexB,
} from '../../src/codecs/h264.ts';
import { joinAnnexB } from '../../src/codecs/nal.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';
import { SPS_ROWS } from './h264-rows.ts';

const setsOf = (row: (typeof SPS_ROWS)[number] | undefined) => ({
  sps: [bytesOf(row?.sps ?? '')],
  pps: [bytesOf(row?.pps ?? '')],
});
const rowNamed = (name: string) => SPS_ROWS.find((row) => row.name.startsWith(name));

describe.each(SPS_ROWS)('record of $name', (row) => {
  const sets = setsOf(row);
  const record = buildAvcRecord(sets);

  test('parse ∘ build', () => {
    const { profile, compatibility, level, lengthSize, ...rest } = parseAvcRecord(record);
    expect([profile, compatibility, level]).toEqual([...bytesOf(row.sps).subarray(1, 4)]);
    expect(lengthSize).toBe(4);
    expect(rest).toEqual({ ...sets, spsExtensions: [] });
    expect(buildAvcRecord(parseAvcRecord(record))).toEqual(record);
  });

  test('any changed byte parses or throws MediaError', () => {
    expectMediaErrors(record, (bytes) => buildAvcRecord(parseAvcRecord(bytes)));
  });
});

/** As ffmpeg 5.1 wrote them into avcC. */
const RECORDS = [
  { name: 'with the tail of High', row: 'progressive', prefix: '0164001fffe1001a', tail: 'fdf8f800' },
  { name: 'of 4:4:4', row: '4:4:4', prefix: '01f4000dffe1001a', tail: 'fff8f800' },
  { name: 'of 10 bits', row: 'High 10, BT', prefix: '016e001fffe1001d', tail: 'fdfafa00' },
  { name: 'without tail for Main', row: 'Main', prefix: '014d401effe10018', tail: '' },
  { name: 'without tail for Baseline', row: 'constrained', prefix: '0142c00cffe10018', tail: '' },
];

test.each(RECORDS)('builds a record $name', ({ row, prefix, tail }) => {
  const found = rowNamed(row);
  const pps = found?.pps ?? '';
  const ppsLength = (pps.length / 2).toString(16).padStart(4, '0');
  expect(hexOf(buildAvcRecord(setsOf(found)))).toBe(`${prefix}${found?.sps}01${ppsLength}${pps}${tail}`);
});

describe('parseAvcRecord', () => {
  const [row] = SPS_ROWS;
  const record = buildAvcRecord(setsOf(row));

  test('takes a high profile without its tail', () => {
    const { sps, pps, spsExtensions } = parseAvcRecord(record.subarray(0, record.length - 4));
    expect({ sps, pps, spsExtensions }).toEqual({ ...setsOf(row), spsExtensions: [] });
  });

  test('takes empty lists', () => {
    for (const hex of ['0164001fffe000', '0164001fffe0', '0164001fff', '0164001fffe000fdf8f800'])
      expect(parseAvcRecord(bytesOf(hex))).toMatchObject({ sps: [], pps: [], lengthSize: 4 });
  });

  test.each([
    ['fc', 1],
    ['fd', 2],
    ['fe', 3],
    ['ff', 4],
    ['03', 4],
  ])('length byte %s', (byte, lengthSize) => {
    expect(parseAvcRecord(bytesOf(`0164001f${byte}e000`)).lengthSize).toBe(lengthSize);
  });

  test('rejects other versions', () => {
    expect(() => parseAvcRecord(bytesOf('0064001fffe000'))).toThrow(/version 0/);
    expect(() => parseAvcRecord(bytesOf(''))).toThrow(MediaError);
  });
});

test('a record needs an SPS', () => {
  expect(() => buildAvcRecord({ sps: [], pps: [] })).toThrow(MediaError);
});

test('profile and level of several SPS', () => {
  const high = bytesOf(rowNamed('1080p')?.sps ?? '');
  const other = bytesOf(rowNamed('SPS and PPS')?.sps ?? '');
  expect(parseAvcRecord(buildAvcRecord({ sps: [other, high], pps: [] })).level).toBe(40);
});

test.each([
  ['progressive', 'avc1.64001f'],
  ['constrained', 'avc1.42c00c'],
  ['High 10 Intra', 'avc1.6e1028'],
])('codec string of %s', (name, expected) => {
  expect(h264CodecString(buildAvcRecord(setsOf(rowNamed(name))))).toBe(expected);
});

describe('parameter sets in access units', () => {
  const known = setsOf(rowNamed('progressive'));
  const other = setsOf(rowNamed('SPS and PPS'));
  const sameId = setsOf(rowNamed('Main'));
  const slice = bytesOf('6588840033ff');

  test('Annex B becomes a record', () => {
    const stream = joinAnnexB([...known.sps, ...known.pps, slice]);
    expect(recordFromAnnexB(stream)).toMatchObject({ ...known, lengthSize: 4 });
    expect(recordFromAnnexB(joinAnnexB([slice]))).toBeNull();
  });

  test('collects each id once, the later one', () => {
    const { sps, pps } = collectParameterSets([
      ...known.sps,
      ...known.pps,
      slice,
      ...sameId.sps,
      ...other.pps,
    ]);
    expect({ sps, pps }).toEqual({ sps: sameId.sps, pps: [...known.pps, ...other.pps] });
  });

  test('tells which sets the record lacks', () => {
    const missing = missingParameterSets(known, [...known.sps, ...known.pps, ...other.sps, slice]);
    expect(missing).toEqual({ sps: other.sps, pps: [], spsExtensions: [] });
  });

  test('merges new ids only', () => {
    expect(mergeParameterSets(known, other)).toMatchObject({
      sps: [...known.sps, ...other.sps],
      pps: [...known.pps, ...other.pps],
    });
    expect(mergeParameterSets(known, sameId)).toMatchObject(known);
  });
});
