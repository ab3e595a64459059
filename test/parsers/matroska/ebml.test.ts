import { describe, expect, test } from 'vitest';
import { Master, readElementHead, readSignedVarint, readVarint } from '../../../parsers/matroska/ebml.ts';
import { ByteCursor } from '../../../src/core/bytes.ts';
import * as w from '../../helpers/matroska-writer.ts';

const code = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
};

describe('readElementHead', () => {
  test.each([
    { name: 'one-byte ID and size', hex: 'ec81', id: 0xec, headSize: 2, size: 1 },
    { name: 'two-byte ID', hex: '428280', id: 0x4282, headSize: 3, size: 0 },
    { name: 'three-byte ID', hex: '2ad7b1 83', id: 0x2ad7b1, headSize: 4, size: 3 },
    { name: 'four-byte ID', hex: '1a45dfa3 9f', id: 0x1a45dfa3, headSize: 5, size: 31 },
    { name: 'two-byte size', hex: 'ec4080', id: 0xec, headSize: 3, size: 128 },
    { name: 'four-byte size', hex: 'ec10203040', id: 0xec, headSize: 5, size: 0x203040 },
    { name: 'a size in more bytes than it needs', hex: 'ec08 00000001', id: 0xec, headSize: 6, size: 1 },
    { name: 'eight-byte size', hex: 'ec01 00000000000005', id: 0xec, headSize: 9, size: 5 },
    { name: 'the largest size of one byte', hex: 'ecfe', id: 0xec, headSize: 2, size: 126 },
    { name: 'unknown size, 1 byte', hex: '1f43b675 ff', id: 0x1f43b675, headSize: 5, size: null },
    { name: 'unknown size, 2 bytes', hex: '1f43b675 7fff', id: 0x1f43b675, headSize: 6, size: null },
    { name: 'unknown size, 4 bytes', hex: '1f43b675 1fffffff', id: 0x1f43b675, headSize: 8, size: null },
    {
      name: 'unknown size, 8 bytes',
      hex: '18538067 01ffffffffffffff',
      id: 0x18538067,
      headSize: 12,
      size: null,
    },
    { name: 'almost unknown size', hex: 'ec 7ffe', id: 0xec, headSize: 3, size: 0x3ffe },
  ])('$name', ({ hex, id, headSize, size }) => {
    const bytes = w.hex(hex);
    expect(readElementHead(bytes, 0)).toEqual({ id, headSize, size });
    for (let cut = 0; cut < bytes.length; cut++)
      expect(readElementHead(bytes.subarray(0, cut), 0)).toBeNull();
  });

  test.each([
    { name: 'ID beginning with 0', hex: '00 81' },
    { name: 'ID of five bytes', hex: '08 42 82 11 22 81' },
    { name: 'ID of eight bytes', hex: '01 42 82 11 22 81 00 00 81' },
    { name: 'size beginning with 0', hex: 'ec 00' },
    { name: 'size beyond 2^53', hex: 'ec 01 7f ff ff ff ff ff ff' },
  ])('$name is corrupt', ({ hex }) => {
    expect(code(() => readElementHead(w.hex(hex), 500))).toBe('corrupt');
  });
});

describe('variable-size integers', () => {
  test.each([
    { hex: '80', value: 0, signed: -63 },
    { hex: 'bf', value: 63, signed: 0 },
    { hex: 'c0', value: 64, signed: 1 },
    { hex: 'ff', value: 127, signed: 64 },
    { hex: '4000', value: 0, signed: -8191 },
    { hex: '5fff', value: 8191, signed: 0 },
    { hex: '5fd0', value: 8144, signed: -47 },
    { hex: '2fffff', value: 1_048_575, signed: 0 },
    { hex: '1fffffff', value: 2 ** 28 - 1, signed: 2 ** 27 },
    { hex: '0100000000000001', value: 1, signed: 2 - 2 ** 55 },
  ])('$hex', ({ hex, value, signed }) => {
    expect(readVarint(new ByteCursor(w.hex(hex)))).toBe(value);
    expect(readSignedVarint(new ByteCursor(w.hex(hex)))).toBe(signed);
  });

  test.each([
    { hex: '', is: 'corrupt' },
    { hex: '00', is: 'corrupt' },
    { hex: '40', is: 'truncated' },
    { hex: '017fffffffffffff', is: 'corrupt' },
  ])('$hex is $is', ({ hex, is }) => {
    expect(code(() => readVarint(new ByteCursor(w.hex(hex))))).toBe(is);
  });

  test('come back from the writer, signed', () => {
    for (const value of [0, 1, -1, 62, 63, -63, 64, -64, 8190, 8191, -8191, 8192, 1e6, -1e6, 2 ** 27])
      expect(readSignedVarint(new ByteCursor(w.signedVint(value)))).toBe(value);
  });
});

describe('Master', () => {
  const master = (...content: w.Content[]) => new Master(w.bytes(content), 100);

  test.each([
    { name: 'absent', content: [], value: null },
    { name: 'empty', content: [w.element(w.ID.TrackNumber)], value: 0 },
    { name: 'of one byte', content: [w.uint(w.ID.TrackNumber, 7)], value: 7 },
    { name: 'of eight bytes', content: [w.uint(w.ID.TrackNumber, 2 ** 40 + 1, 8)], value: 2 ** 40 + 1 },
    {
      name: 'twice: the first',
      content: [w.uint(w.ID.TrackNumber, 1), w.uint(w.ID.TrackNumber, 2)],
      value: 1,
    },
    {
      name: 'behind Void and CRC',
      content: [w.voidOf(9), w.withCrc32(w.uint(w.ID.TrackNumber, 3))],
      value: 3,
    },
    { name: 'of nine bytes', content: [w.element(w.ID.TrackNumber, new Uint8Array(9))], value: 'corrupt' },
    {
      name: 'beyond 2^53',
      content: [w.element(w.ID.TrackNumber, w.hex('ffffffffffffffff'))],
      value: 'corrupt',
    },
  ])('uint $name', ({ content, value }) => {
    expect(code(() => master(...content).uint('TrackNumber'))).toBe(value);
  });

  test.each([
    { name: 'absent', content: [], value: null },
    { name: 'empty', content: [w.element(w.ID.Duration)], value: 0 },
    { name: 'of four bytes', content: [w.float(w.ID.Duration, 0.5, 4)], value: 0.5 },
    { name: 'of eight bytes', content: [w.float(w.ID.Duration, 1 / 3)], value: 1 / 3 },
    { name: 'of ten bytes', content: [w.element(w.ID.Duration, new Uint8Array(10))], value: 'corrupt' },
  ])('float $name', ({ content, value }) => {
    expect(code(() => master(...content).float('Duration'))).toBe(value);
  });

  test.each([
    { name: 'absent', content: [], value: null },
    { name: 'empty', content: [w.string(w.ID.Name, '')], value: '' },
    { name: 'in UTF-8', content: [w.string(w.ID.Name, 'Türkçe 日本')], value: 'Türkçe 日本' },
    { name: 'padded with zeros', content: [w.string(w.ID.Name, 'eng\0\0')], value: 'eng' },
  ])('string $name', ({ content, value }) => {
    expect(master(...content).string('Name')).toBe(value);
  });

  test.each([
    { name: 'absent', content: [], value: null },
    {
      name: 'of 64 bits',
      content: [w.element(w.ID.TrackUID, w.hex('f000000000000001'))],
      value: 'f000000000000001',
    },
    { name: 'with leading zeros', content: [w.element(w.ID.TrackUID, w.hex('0000000000000a'))], value: 'a' },
    { name: 'of a megabyte', content: [w.element(w.ID.TrackUID, new Uint8Array(1e6).fill(1))], value: null },
  ])('identity $name', ({ content, value }) => {
    const identity = master(...content).identity('TrackUID');
    expect(identity).toBe(value);
  });

  test('masters in order, each with its children', () => {
    const list = master([1, 2, 3].map((n) => w.element(w.ID.TrackEntry, w.uint(w.ID.TrackNumber, n))));
    expect(list.masters('TrackEntry').map((entry) => entry.uint('TrackNumber'))).toEqual([1, 2, 3]);
    expect([list.has('TrackEntry'), list.has('Tags')]).toEqual([true, false]);
    expect(list.master('TrackEntry')?.uint('TrackNumber')).toBe(1);
    expect(list.master('Tags')).toBeNull();
  });

  test.each([
    {
      name: 'a child beyond its parent',
      bytes: w.lyingElement(w.ID.TrackNumber, 5, Uint8Array.of(1)),
      is: 'corrupt',
    },
    { name: 'a child of 2^52 bytes', bytes: w.lyingElement(w.ID.TrackNumber, 2 ** 52), is: 'corrupt' },
    { name: 'a child of unknown size', bytes: w.unknownSize(w.ID.TrackEntry, []), is: 'corrupt' },
    { name: 'half a head', bytes: w.hex('42'), is: 'truncated' },
    { name: 'an ID that none can be', bytes: w.hex('0000'), is: 'corrupt' },
  ])('$name is $is, with its offset', ({ bytes, is }) => {
    const before = w.uint(w.ID.TrackType, 1);
    const error = (() => {
      try {
        return new Master(w.bytes(before, bytes), 100);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ code: is, offset: 100 + before.length });
  });

  test('more elements than the limit are corrupt, soon and without gigabytes', { timeout: 20_000 }, () => {
    const many = new Uint8Array(16 * 1024 * 1024);
    for (let i = 0; i < many.length; i += 2) many.set([0xec, 0x80], i);
    expect(code(() => new Master(many, 0))).toBe('corrupt');
  });
});
