import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { av1Metadata, readLeb128, readObus, withSizeField, writeLeb128 } from '../../src/codecs/av1-obu.ts';
import { readAv1HdrCll } from '../../src/codecs/hdr.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

describe('leb128', () => {
  /** AV1 specification, 4.10.5. */
  test.each([
    { hex: '00', value: 0, size: 1 },
    { hex: '7f', value: 127, size: 1 },
    { hex: '8001', value: 128, size: 2 },
    { hex: 'e58e26', value: 624_485, size: 3 },
    { hex: '8000', value: 0, size: 2 },
    { hex: '8080808080808000', value: 0, size: 8 },
    { hex: 'ffffffff0f', value: 2 ** 32 - 1, size: 5 },
  ])('$hex', ({ hex, value, size }) => {
    expect(readLeb128(bytesOf(hex), 0)).toEqual({ value, size });
    expect(readLeb128(bytesOf(`ff${hex}`), 1)).toEqual({ value, size });
    expect(readLeb128(bytesOf(hex).subarray(0, size - 1), 0)).toBeNull();
  });

  test.each(['8080808010', '808080808080808000', 'ffffffffffffffff7f'])('%s is too large', (hex) => {
    expect(() => readLeb128(bytesOf(hex), 0)).toThrow(MediaError);
  });

  test('read ∘ write, in the shortest form', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
        const bytes = writeLeb128(value);
        expect(readLeb128(bytes, 0)).toEqual({ value, size: bytes.length });
        expect(bytes.length).toBe(Math.max(1, Math.ceil(Math.log2(value + 1) / 7)));
      }),
    );
  });
});

describe('readObus', () => {
  const view = (hex: string) =>
    [...readObus(bytesOf(hex))].map(({ payload, whole, ...rest }) => ({
      ...rest,
      payload: hexOf(payload),
      whole: hexOf(whole),
    }));
  const base = { temporalId: 0, spatialId: 0, hasSize: true, missing: 0 };

  test('delimiter, frame with extension, last one without size', () => {
    expect(view('1200 3644 03 102030 1811')).toEqual([
      { ...base, type: 2, offset: 0, payload: '', whole: '1200' },
      { ...base, type: 6, offset: 2, temporalId: 2, payload: '102030', whole: '364403102030', spatialId: 0 },
      { ...base, type: 3, offset: 8, hasSize: false, payload: '11', whole: '1811' },
    ]);
  });

  test('spatial layer', () => {
    expect(view('3628 01 10')[0]).toMatchObject({ temporalId: 1, spatialId: 1 });
    expect(view('36f0 01 10')[0]).toMatchObject({ temporalId: 7, spatialId: 2 });
  });

  test.each([
    { name: 'payload', hex: '320510', missing: 4, payload: '10' },
    { name: 'payload after the size', hex: '3205', missing: 5, payload: '' },
    { name: 'size', hex: '32', missing: 1, payload: '' },
    { name: 'middle of the size', hex: '32ffff', missing: 1, payload: '' },
    { name: 'extension', hex: '36', missing: 1, payload: '' },
    { name: 'extension of an OBU without size', hex: '34', missing: 1, payload: '' },
  ])('cut in the $name', ({ hex, missing, payload }) => {
    const obus = view(`1200${hex}`);
    expect(obus).toHaveLength(2);
    expect(obus[1]).toMatchObject({ type: 6, missing, payload, whole: hex });
  });

  test('forbidden bit', () => {
    expect(() => view('1200 b20110')).toThrow(expect.objectContaining({ code: 'corrupt', offset: 2 }));
  });

  test('any changed byte reads or throws MediaError', () => {
    expectMediaErrors(bytesOf('1200 0a0618157ffda008 3644 03 102030 1811'), (bytes) => {
      const obus = [...readObus(bytes)];
      const last = obus.at(-1);
      expect(last ? last.offset + last.whole.length : 0).toBe(bytes.length);
      return [...av1Metadata(bytes)];
    });
  });
});

test.each([
  { hex: '1811', sized: '1a0111' },
  { hex: '10', sized: '1200' },
  { hex: '34441020', sized: '3644021020' },
  { hex: '1a0111', sized: '1a0111' },
  { hex: `30${'11'.repeat(200)}`, sized: `32c801${'11'.repeat(200)}` },
])('$hex with a size field', ({ hex, sized }) => {
  const [obu] = readObus(bytesOf(hex));
  expect(obu && hexOf(withSizeField(obu))).toBe(sized);
});

describe('av1Metadata', () => {
  test('types and payloads', () => {
    const data = bytesOf(`1200 2a06 01 03e80190 80 2a1a 02${'11'.repeat(24)}80 2a05 04 b5003c 80 320110`);
    const found = [...av1Metadata(data)];
    expect(found.map(({ type }) => type)).toEqual([1, 2, 4]);
    expect(found.map(({ payload }) => payload.length)).toEqual([5, 25, 4]);
    expect(found[0] && readAv1HdrCll(found[0].payload)).toEqual({ maxContent: 1000, maxAverage: 400 });
  });

  test.each(['2a06 01 03e8', '2a00', '2a01 80', '320110', ''])('nothing in %s', (hex) => {
    expect([...av1Metadata(bytesOf(hex))]).toEqual([]);
  });
});
