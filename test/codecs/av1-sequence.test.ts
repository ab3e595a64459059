import { describe, expect, test } from 'vitest';
import { av1CodecString, buildAv1Record, parseAv1Record } from '../../src/codecs/av1.ts';
import { parseAv1SequenceHeader } from '../../src/codecs/av1-sequence.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';
import { AV1_ROWS } from './av1-rows.ts';

describe.each(AV1_ROWS)('$name', ({ obu, expected, record, codec }) => {
  const bytes = bytesOf(obu);

  test('sequence header, as OBU and as payload', () => {
    expect(parseAv1SequenceHeader(bytes)).toEqual(expected);
    expect(parseAv1SequenceHeader(bytes.subarray(2))).toEqual(expected);
  });

  test('record', () => {
    const built = buildAv1Record(bytes);
    expect(hexOf(built)).toBe(record + obu);
    const { configObus, initialPresentationDelay, ...fields } = parseAv1Record(built);
    expect(hexOf(configObus)).toBe(obu);
    expect(initialPresentationDelay).toBeNull();
    expect(expected).toMatchObject(fields);
  });

  test('codec string', () => {
    expect(av1CodecString(bytesOf(record + obu))).toBe(codec);
  });

  test('any changed byte parses or throws MediaError', () => {
    expectMediaErrors(bytes, (mutant) => av1CodecString(buildAv1Record(mutant)));
    expectMediaErrors(bytesOf(record + obu), av1CodecString);
  });
});

describe('records', () => {
  const [row] = AV1_ROWS;
  const header = bytesOf(row?.obu ?? '');

  test('metadata follow the sequence header, each OBU with its size', () => {
    const light = bytesOf('28 01 03e80190 80');
    expect(hexOf(buildAv1Record(header, [light]))).toBe(`81000c00${row?.obu}2a060103e8019080`);
    const unsized = bytesOf(`08${row?.obu.slice(4)}`);
    expect(hexOf(buildAv1Record(unsized))).toBe(`81000c00${row?.obu}`);
  });

  test('without configOBUs colour is taken for BT.709', () => {
    expect(av1CodecString(bytesOf('81054c00'))).toBe('av01.0.05M.10');
    expect(av1CodecString(bytesOf('81094e00'))).toBe('av01.0.09M.10.0.112.01.01.01.0');
    expect(av1CodecString(bytesOf('810ccc00'))).toBe('av01.0.12H.10');
    expect(av1CodecString(bytesOf('81250200'))).toBe('av01.1.05M.08.0.000.01.01.01.0');
  });

  test('presentation delay', () => {
    expect(parseAv1Record(bytesOf('81000c13')).initialPresentationDelay).toBe(3);
    expect(parseAv1Record(bytesOf('81000c03')).initialPresentationDelay).toBeNull();
  });

  test.each([
    { name: 'three bytes', hex: '81000c', code: 'truncated' },
    { name: 'nothing', hex: '', code: 'truncated' },
    { name: 'bare OBUs', hex: row?.obu ?? '', code: 'corrupt' },
    { name: 'version 2', hex: '82000c00', code: 'corrupt' },
  ])('$name is none', ({ hex, code }) => {
    expect(() => parseAv1Record(bytesOf(hex))).toThrow(expect.objectContaining({ code }));
  });

  test.each(['', '1200', '3203100000', '0a0b0000'])('%s gives none', (hex) => {
    expect(() => buildAv1Record(bytesOf(hex))).toThrow(MediaError);
  });
});

test.each([
  { name: 'ends early', hex: '0a05000000043c', code: 'corrupt' },
  { name: 'is cut', hex: '0a0b0000', code: 'truncated' },
  { name: 'has a reserved profile', hex: '0a0b600000043cfeccdaf90040', code: 'corrupt' },
  { name: 'is reduced without a still picture', hex: '0a0608157ffda008', code: 'corrupt' },
  { name: 'is empty', hex: '', code: 'corrupt' },
])('throws $code where the header $name', ({ hex, code }) => {
  expect(() => parseAv1SequenceHeader(bytesOf(hex))).toThrow(expect.objectContaining({ code }));
});
