import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BitReader,
  BitWriter,
  insertEmulationPrevention,
  removeEmulationPrevention,
} from '../../src/core/bits.ts';

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

/** ITU-T H.264, Tables 9-2 and 9-3: bits, unsigned and signed meaning. */
const EXP_GOLOMB = [
  { bits: '1', ue: 0, se: 0 },
  { bits: '010', ue: 1, se: 1 },
  { bits: '011', ue: 2, se: -1 },
  { bits: '00100', ue: 3, se: 2 },
  { bits: '00101', ue: 4, se: -2 },
  { bits: '00110', ue: 5, se: 3 },
  { bits: '00111', ue: 6, se: -3 },
  { bits: '0001000', ue: 7, se: 4 },
  { bits: '0001001', ue: 8, se: -4 },
  { bits: `${'0'.repeat(31)}1${'1'.repeat(31)}`, ue: 2 ** 32 - 2, se: 1 - 2 ** 31 },
];

const pack = (bits: string) =>
  Uint8Array.from(bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? [], (byte) =>
    Number.parseInt(byte, 2),
  );

describe('BitReader', () => {
  test.each(EXP_GOLOMB)('reads $bits as ue $ue and se $se', ({ bits, ue, se }) => {
    const readers = [new BitReader(pack(bits)), new BitReader(pack(bits))] as const;
    expect([readers[0].ue(), readers[1].se()]).toEqual([ue, se]);
    expect(readers.map((reader) => [reader.position, reader.overrun])).toEqual(
      Array(2).fill([bits.length, false]),
    );
  });

  test.each(EXP_GOLOMB)('BitWriter writes ue $ue and se $se as $bits', ({ bits, ue, se }) => {
    expect(new BitWriter().ue(ue).bytes()).toEqual(pack(bits));
    expect(new BitWriter().se(se).bytes()).toEqual(pack(bits));
  });

  test('latches where a field does not fit: 0 from then on', () => {
    const bits = new BitReader(bytesOf('ffff'));
    expect([bits.u(12), bits.overrun]).toEqual([0xfff, false]);
    expect([bits.u(5), bits.overrun]).toEqual([0, true]);
    expect([bits.u(1), bits.flag(), bits.ue(), bits.se(), bits.remaining]).toEqual([0, false, 0, 0, 0]);
  });

  test('latches on a code longer than the standard allows', () => {
    const bits = new BitReader(new Uint8Array(16));
    expect([bits.ue(), bits.overrun]).toEqual([0, true]);
  });

  test('skips and aligns', () => {
    const bits = new BitReader(bytesOf('00ff80'));
    bits.skip(3);
    bits.align();
    expect([bits.position, bits.u(8), bits.flag()]).toEqual([8, 255, true]);
    bits.skip(1_000_000);
    expect([bits.overrun, bits.position]).toEqual([true, 24]);
  });
});

const field = fc
  .integer({ min: 0, max: 32 })
  .chain((size) => fc.record({ size: fc.constant(size), value: fc.integer({ min: 0, max: 2 ** size - 1 }) }));

test('what BitWriter writes BitReader reads', () => {
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const writer = new BitWriter();
      for (const { value, size } of fields) writer.u(value, size);
      const reader = new BitReader(writer.bytes());
      expect(fields.map(({ size }) => reader.u(size))).toEqual(fields.map(({ value }) => value));
      expect(reader.overrun).toBe(false);
    }),
  );
});

test('Exp-Golomb codes come back', () => {
  const codes = fc.record({
    ue: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
    se: fc.integer({ min: 1 - 2 ** 31, max: 2 ** 31 - 1 }),
  });
  fc.assert(
    fc.property(fc.array(codes), (list) => {
      const writer = new BitWriter();
      for (const { ue, se } of list) writer.ue(ue).se(se);
      const reader = new BitReader(writer.bytes());
      expect(list.map(() => ({ ue: reader.ue(), se: reader.se() }))).toEqual(list);
    }),
  );
});

describe('emulation prevention', () => {
  test.each([
    { rbsp: '000000', nal: '00000300' },
    { rbsp: '00000001', nal: '0000030001' },
    { rbsp: '000003', nal: '00000303' },
    { rbsp: '000004', nal: '000004' },
    { rbsp: '0000', nal: '000003' },
    { rbsp: '0000000000000000', nal: '0000030000030000030000'.concat('03') },
    { rbsp: '67640028', nal: '67640028' },
  ])('$rbsp ⇄ $nal', ({ rbsp, nal }) => {
    expect(insertEmulationPrevention(bytesOf(rbsp))).toEqual(bytesOf(nal));
    expect(removeEmulationPrevention(bytesOf(nal))).toEqual(bytesOf(rbsp));
  });

  test('gives the same view when there is nothing to remove', () => {
    const nal = bytesOf('67640028acd9');
    expect(removeEmulationPrevention(nal)).toBe(nal);
  });

  test('never leaves a start code, and comes back', () => {
    const bytes = fc.uint8Array({ max: 5, maxLength: 40 });
    fc.assert(
      fc.property(bytes, (rbsp) => {
        const nal = insertEmulationPrevention(rbsp);
        expect(Buffer.from(nal).toString('hex')).not.toMatch(/^(..)*00000[012]/);
        expect(removeEmulationPrevention(nal)).toEqual(rbsp);
      }),
    );
  });
});
