import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { av1Kind, av1SampleOf, av1SequenceHeader } from '../../src/codecs/av1.ts';
import { readObus } from '../../src/codecs/av1-obu.ts';
import { concat } from '../../src/core/bytes.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

const TD = '1200';
const HEADER = '0a0b000000043cfeccdaf90040';
const STILL = '0a0618157ffda008';

/**
 * Temporal units: those of libaom 3.6, librav1e and libaom's still picture cut behind the first bytes of the frame and
 * given their length; forward key frames by 5.9.2 of the AV1 specification.
 */
const UNITS = [
  { name: 'libaom key frame', hex: `${TD}${HEADER}3204 1400a032`, kind: 'idr' },
  { name: 'librav1e key frame', hex: `${TD}0a0e000000fa1e7f66210a88101010a0 3203 100227`, kind: 'idr' },
  { name: 'still picture with a reduced header', hex: `${TD}${STILL}3204 60001042`, kind: 'idr' },
  { name: 'shown inter frame', hex: `${TD}3204 290bf020`, kind: 'other' },
  { name: 'hidden inter frame', hex: `${TD}3203 230720`, kind: 'other' },
  { name: 'frame shown again', hex: `${TD}1a01c8`, kind: 'other' },
  { name: 'key frame header and tile group', hex: `${TD}${HEADER}1a03100000 2203000000`, kind: 'idr' },
  { name: 'forward key frame', hex: `${TD}${HEADER}3203 000000 3203300000`, kind: 'recovery' },
  { name: 'hidden frame before a key frame', hex: `${TD}${HEADER}3203 200000 3203100000`, kind: 'other' },
  { name: 'intra-only frame', hex: `${TD}${HEADER}3203 500000`, kind: 'other' },
  { name: 'switch frame', hex: `${TD}3203 700000`, kind: 'other' },
  { name: 'key frame without a sequence header', hex: `${TD}3203 100000`, kind: 'idr' },
  { name: 'key frame behind metadata', hex: `${TD}2a0601 03e80190 80${HEADER}3203 100000`, kind: 'idr' },
  { name: 'key frame of a layer', hex: `${TD}${HEADER}3628 03 100000`, kind: 'idr' },
  { name: 'frame without size', hex: `${TD}${HEADER}30 100000`, kind: 'idr' },
] as const;

const KINDS = ['idr', 'recovery', 'other', 'none', 'unknown'];

describe.each(UNITS)('$name', ({ hex, kind }) => {
  const unit = bytesOf(hex);
  const obus = [...readObus(unit)];
  /** Where data that are cut look whole. */
  const bounds = new Set(obus.map(({ offset }) => offset));
  const frame = obus.find(({ type }) => type === 3 || type === 6);
  const firstByte = frame ? frame.offset + frame.whole.length - frame.payload.length : unit.length;

  test(`is ${kind}, whole, cut or as a sample`, () => {
    expect(av1Kind(unit)).toBe(kind);
    expect(av1Kind(av1SampleOf(unit))).toBe(kind);
    for (let size = 1; size < unit.length; size++) {
      const cut = size > firstByte ? kind : bounds.has(size) ? 'none' : 'unknown';
      expect(av1Kind(unit.subarray(0, size))).toBe(cut);
    }
  });

  test('any changed byte gives a kind', () => {
    for (const parse of [av1SampleOf, av1SequenceHeader]) expectMediaErrors(unit, parse);
    expectMediaErrors(unit, (mutant) => expect(KINDS).toContain(av1Kind(mutant)));
  });
});

test.each([
  { name: 'nothing yet', hex: '', kind: 'unknown' },
  { name: 'cut sequence header', hex: `${TD}0a0b0000`, kind: 'unknown' },
  { name: 'cut before the frame header', hex: `${TD}${HEADER}3204`, kind: 'unknown' },
  { name: 'cut in a header', hex: `${TD}32`, kind: 'unknown' },
  { name: 'no frame', hex: `${TD}${HEADER}7a020080`, kind: 'none' },
  { name: 'a frame of no bytes', hex: `${TD}3200`, kind: 'none' },
  { name: 'forbidden bit', hex: `${TD}b20110`, kind: 'none' },
  { name: 'damaged sequence header', hex: `${TD}0a020000320110`, kind: 'none' },
])('$name: $kind', ({ hex, kind }) => {
  expect(av1Kind(bytesOf(hex))).toBe(kind);
});

describe('av1SampleOf', () => {
  const frame = '3203100000';

  test.each([
    { name: 'temporal delimiter', hex: `${TD}${HEADER}${frame}`, sample: HEADER + frame },
    { name: 'padding in between', hex: `${HEADER}7a020080${frame}`, sample: HEADER + frame },
    { name: 'padding at the end', hex: `${TD}${frame}7a020080`, sample: frame },
    { name: 'tile list', hex: `${frame}4201ff`, sample: frame },
    { name: 'repeated frame header', hex: '1a0110 3a0110 220100', sample: '1a0110220100' },
    { name: 'last OBU without size', hex: `${TD}${HEADER}30100000`, sample: HEADER + frame },
    { name: 'only OBU without size, with extension', hex: '3428100000', sample: '362803100000' },
    {
      name: 'metadata and reserved OBUs stay',
      hex: `${TD}2a0204b5 4a01ff${frame}`,
      sample: `2a0204b54a01ff${frame}`,
    },
    { name: 'nothing but a delimiter', hex: TD, sample: '' },
    { name: 'nothing', hex: '', sample: '' },
  ])('$name', ({ hex, sample }) => {
    const made = av1SampleOf(bytesOf(hex));
    expect(hexOf(made)).toBe(sample);
    expect(av1SampleOf(made)).toBe(made);
    expectMediaErrors(bytesOf(hex), av1SampleOf);
  });

  test('gives views where it can', () => {
    const unit = bytesOf(`${TD}${HEADER}${frame}`);
    expect(av1SampleOf(unit).buffer).toBe(unit.buffer);
    const clean = bytesOf(HEADER + frame);
    expect(av1SampleOf(clean)).toBe(clean);
  });

  test.each([`${TD}3205100000`, `${TD}32`, `${TD}b20110`])('throws where %s is damaged', (hex) => {
    expect(() => av1SampleOf(bytesOf(hex))).toThrow(MediaError);
  });

  test('keeps all payloads but of what does not belong, in order', () => {
    const obu = fc.record({ type: fc.nat(15), payload: fc.uint8Array({ maxLength: 300 }) });
    fc.assert(
      fc.property(fc.array(obu, { maxLength: 12 }), fc.boolean(), (obus, isLastSized) => {
        const unit = concat(obus.map((o, i) => write(o, isLastSized || i < obus.length - 1)));
        const kept = obus.filter(({ type }) => ![2, 7, 8, 15].includes(type));
        const sample = av1SampleOf(unit);
        expect([...readObus(sample)].map(({ type, payload }) => ({ type, payload }))).toEqual(kept);
        expect([...readObus(sample)].every(({ hasSize }) => hasSize)).toBe(true);
      }),
    );
  });
});

/** An OBU by 5.3.1 of the specification, its size in two bytes of leb128. */
function write({ type, payload }: { type: number; payload: Uint8Array }, isSized: boolean): Uint8Array {
  const size = [(payload.length & 0x7f) | 0x80, payload.length >> 7];
  return Uint8Array.of((type << 3) | (isSized ? 2 : 0), ...(isSized ? size : []), ...payload);
}

describe('av1SequenceHeader', () => {
  test.each([
    { name: 'of a temporal unit', hex: `${TD}${HEADER}3203100000`, header: HEADER },
    { name: 'of configOBUs', hex: `${HEADER}2a0204b5`, header: HEADER },
    { name: 'behind metadata', hex: `2a0204b5${STILL}`, header: STILL },
    { name: 'without size', hex: `${TD}08000000043cfeccdaf90040`, header: '08000000043cfeccdaf90040' },
    { name: 'that is cut', hex: `${TD}0a0b0000`, header: null },
    { name: 'that is not there', hex: `${TD}3203100000`, header: null },
    { name: 'of nothing', hex: '', header: null },
  ])('$name', ({ hex, header }) => {
    const found = av1SequenceHeader(bytesOf(hex));
    expect(found && hexOf(found)).toBe(header);
  });

  test('throws on damage before it', () => {
    expect(() => av1SequenceHeader(bytesOf(`b200${HEADER}`))).toThrow(MediaError);
  });
});
