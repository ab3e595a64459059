import { describe, expect, test } from 'vitest';
import { bitmapInfo } from '../../src/codecs/bitmap-info.ts';
import { decodeOnlyKind, isDecodeOnlyVideo, videoConfigs } from '../../src/codecs/decode-only-video.ts';
import { isMpeg2FieldPair, loneMpeg2Field, mpeg2Beginning } from '../../src/codecs/mpeg2-picture.ts';
import { parseMpeg2Sequence } from '../../src/codecs/mpeg2-sequence.ts';
import { parseMpeg4Layer, splitMpeg4 } from '../../src/codecs/mpeg4-headers.ts';
import { quickTimeDescription } from '../../src/codecs/quicktime-description.ts';
import { parseVc1Picture, parseVc1Sequence } from '../../src/codecs/vc1-headers.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { concat } from '../../src/core/bytes.ts';
import type { DecodeOnlyVideo } from '../../src/core/media.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

const unit = (code: number, bits: BitWriter): Uint8Array =>
  concat([Uint8Array.of(0, 0, 1, code), bits.align().bytes()]);
const withBytes = (code: number, text: string): Uint8Array =>
  concat([Uint8Array.of(0, 0, 1, code), bytesOf(text)]);

describe('MPEG-1 and MPEG-2: sequence header', () => {
  const header = (width: number, height: number, aspect: number, rate: number) =>
    unit(
      0xb3,
      new BitWriter().u(width, 12).u(height, 12).u(aspect, 4).u(rate, 4).u(0xffff, 18).u(1, 1).u(0, 13),
    );
  const extension = ({ isProgressive = false, width = 0, isLowDelay = false, num = 0, den = 0 } = {}) => {
    const bits = new BitWriter().u(1, 4).u(0x48, 8).flag(isProgressive).u(1, 2).u(width, 2).u(0, 2);
    return unit(0xb5, bits.u(0, 12).u(1, 1).u(0, 8).flag(isLowDelay).u(num, 2).u(den, 5));
  };
  const display = (primaries: number, transfer: number, matrix: number) =>
    unit(0xb5, new BitWriter().u(2, 4).u(1, 3).u(1, 1).u(primaries, 8).u(transfer, 8).u(matrix, 8).u(0, 32));
  const PAL = { width: 720, height: 576, frameRate: { num: 25, den: 1 } };

  test.each([
    {
      name: 'PAL, 4:3',
      parts: [header(720, 576, 2, 3), extension()],
      expected: { ...PAL, pixelAspect: { h: 16, v: 15 }, isMpeg1: false, isProgressive: false, colour: null },
    },
    {
      name: 'PAL, 16:9, colours told',
      parts: [header(720, 576, 3, 3), extension(), display(5, 5, 5)],
      expected: {
        pixelAspect: { h: 64, v: 45 },
        colour: { primaries: 5, transfer: 5, matrix: 5, fullRange: false },
      },
    },
    {
      name: 'colours that say nothing',
      parts: [header(720, 576, 3, 3), extension(), display(2, 2, 2)],
      expected: { colour: null },
    },
    {
      name: 'wider than 4095, no B-pictures',
      parts: [header(0, 2160, 1, 4), extension({ isProgressive: true, width: 1, isLowDelay: true })],
      expected: {
        ...{ width: 4096, height: 2160, pixelAspect: { h: 1, v: 1 }, isProgressive: true, isLowDelay: true },
        frameRate: { num: 30_000, den: 1001 },
      },
    },
    {
      name: 'a rate with an extension',
      parts: [header(720, 480, 2, 5), extension({ num: 1, den: 3 })],
      expected: { frameRate: { num: 15, den: 1 }, pixelAspect: { h: 8, v: 9 } },
    },
    {
      name: 'MPEG-1 of PAL',
      parts: [header(352, 288, 8, 3)],
      expected: { isMpeg1: true, isProgressive: true, width: 352, pixelAspect: { h: 10_000, v: 9157 } },
    },
    {
      name: 'reserved values',
      parts: [header(352, 288, 0, 0), extension()],
      expected: { frameRate: null, pixelAspect: null },
    },
  ])('$name', ({ parts, expected }) => {
    const stream = concat(parts);
    const picture = unit(0, new BitWriter().u(0, 10).u(1, 3).u(0, 16));
    expect(parseMpeg2Sequence(concat([Uint8Array.of(0), stream, picture]))).toMatchObject(expected);
    expect(hexOf(parseMpeg2Sequence(concat([stream, picture]))?.header ?? new Uint8Array())).toBe(
      hexOf(stream),
    );
  });

  test.each([
    { name: 'nothing', stream: new Uint8Array() },
    { name: 'a picture', stream: withBytes(0, '000fffff') },
    { name: 'no size', stream: header(0, 0, 1, 3) },
  ])('$name is none', ({ stream }) => expect(parseMpeg2Sequence(stream)).toBeNull());

  test('any change', () => {
    expectMediaErrors(concat([header(720, 576, 2, 3), extension(), display(5, 5, 5)]), parseMpeg2Sequence);
  });
});

/** A picture; of a field where a structure is given. */
const picture = (type: number, reference = 0, structure = 3): Uint8Array => {
  const coding = new BitWriter().u(8, 4).u(0xffff, 16).u(0, 2).u(structure, 2).u(0, 10);
  return concat([unit(0, new BitWriter().u(reference, 10).u(type, 3).u(0, 20)), unit(0xb5, coding)]);
};
const SLICE = withBytes(0x01, '1122');

describe('fields of MPEG-2', () => {
  test.each([
    { name: 'both fields', first: picture(1, 4, 1), second: picture(2, 4, 2), isPair: true },
    { name: 'of two frames', first: picture(2, 4, 1), second: picture(2, 5, 2), isPair: false },
    { name: 'of one parity', first: picture(3, 4, 1), second: picture(3, 4, 1), isPair: false },
  ])('$name', ({ first, second, isPair }) => {
    const [a, b] = [first, second].map((one) => loneMpeg2Field(concat([one, SLICE])));
    expect(a && b && isMpeg2FieldPair(a, b)).toBe(isPair);
    expect(loneMpeg2Field(concat([first, SLICE, second, SLICE]))).toBeNull();
  });

  test('a frame is none', () => expect(loneMpeg2Field(concat([picture(1), SLICE]))).toBeNull());
});

describe('MPEG-4: video object layer', () => {
  interface Layer {
    readonly aspect?: number;
    readonly control?: boolean;
    readonly resolution?: number;
    readonly increment?: number;
    readonly isInterlaced?: boolean;
    readonly width?: number;
  }
  const layer = ({ aspect = 1, control, resolution = 25, increment, isInterlaced, width = 96 }: Layer) => {
    const bits = new BitWriter().u(0, 1).u(17, 8).u(1, 1).u(2, 4).u(1, 3).u(aspect, 4);
    if (aspect === 15) bits.u(4, 8).u(3, 8);
    bits.flag(control !== undefined);
    if (control !== undefined) bits.u(1, 2).flag(control).u(0, 1);
    bits
      .u(0, 2)
      .u(1, 1)
      .u(resolution, 16)
      .u(1, 1)
      .flag(increment !== undefined);
    if (increment !== undefined) bits.u(increment, 32 - Math.clz32(resolution - 1));
    return unit(
      0x20,
      bits
        .u(1, 1)
        .u(width, 13)
        .u(1, 1)
        .u(64, 13)
        .u(1, 1)
        .flag(isInterlaced === true)
        .u(0, 8),
    );
  };
  const signal = unit(
    0xb5,
    new BitWriter().u(0, 1).u(1, 4).u(1, 1).u(5, 3).u(0, 1).u(1, 1).u(1, 8).u(1, 8).u(6, 8),
  );

  test.each([
    {
      name: 'a usual one',
      stream: layer({}),
      expected: { width: 96, height: 64, pixelAspect: { h: 1, v: 1 }, isInterlaced: false, isLowDelay: null },
    },
    {
      name: 'no B-pictures, a constant rate',
      stream: layer({ control: true, resolution: 30_000, increment: 1001 }),
      expected: { isLowDelay: true, frameRate: { num: 30_000, den: 1001 }, resolution: 30_000 },
    },
    {
      name: 'a rate that no film has',
      stream: layer({ resolution: 2050, increment: 3550 }),
      expected: { frameRate: null },
    },
    {
      name: 'fields',
      stream: layer({ isInterlaced: true, control: false }),
      expected: { isInterlaced: true, isLowDelay: false },
    },
    {
      name: 'a shape from the table',
      stream: layer({ aspect: 3 }),
      expected: { pixelAspect: { h: 10, v: 11 } },
    },
    { name: 'a shape of its own', stream: layer({ aspect: 15 }), expected: { pixelAspect: { h: 4, v: 3 } } },
    {
      name: 'colours',
      stream: concat([signal, layer({})]),
      expected: { colour: { primaries: 1, transfer: 1, matrix: 6, fullRange: false } },
    },
  ])('$name', ({ stream, expected }) => {
    expect(parseMpeg4Layer(stream)).toMatchObject(expected);
    const header = parseMpeg4Layer(
      concat([stream, withBytes(0xb3, '00104700'), withBytes(0xb6, '10c0')]),
    )?.header;
    expect(hexOf(header ?? new Uint8Array())).toBe(hexOf(stream));
  });

  test('without a size it is none', () => expect(parseMpeg4Layer(layer({ width: 0 }))).toBeNull());
  test('any change', () =>
    expectMediaErrors(concat([signal, layer({ control: true, increment: 1 })]), parseMpeg4Layer));

  test('pictures of a packet', () => {
    const vop = (type: number, isCoded: boolean) =>
      unit(0xb6, new BitWriter().u(type, 2).u(0, 1).u(1, 1).u(5, 5).u(1, 1).flag(isCoded));
    const [i, b, placeholder] = [vop(0, true), vop(2, true), vop(1, false)];
    const head = withBytes(0xb2, '446976583530336231333933');
    const parts = splitMpeg4(concat([head, i, b, placeholder]), 25);
    expect(parts.map(({ type, isCoded }) => [type, isCoded])).toEqual([
      [0, true],
      [2, true],
      [1, false],
    ]);
    expect(parts.map(({ data }) => data.length)).toEqual([
      head.length + i.length,
      b.length,
      placeholder.length,
    ]);
    expect(parts[0]?.phase).toBe(0.2);
  });
});

/** As published with the specification of the format. */
const VC1_SEQUENCE = bytesOf('0000010fdbfe3bf21bca3bf886f180ca02020309a5b8d707fc');
const VC1_ENTRY = bytesOf('0000010e5ac7fcefc86c40');

describe('VC-1', () => {
  test('sequence header', () => {
    expect(parseVc1Sequence(concat([VC1_SEQUENCE, VC1_ENTRY, withBytes(0x0d, 'c0aa')]))).toMatchObject({
      ...{ width: 1920, height: 1080, isInterlaced: true, pixelAspect: { h: 1, v: 1 } },
      frameRate: { num: 30_000, den: 1001 },
      colour: { primaries: 1, transfer: 1, matrix: 1 },
      header: concat([VC1_SEQUENCE, VC1_ENTRY]),
    });
  });

  test.each([
    { name: 'a simple profile', stream: withBytes(0x0f, '4000') },
    { name: 'cut off', stream: VC1_SEQUENCE.subarray(0, 9) },
    { name: 'nothing', stream: new Uint8Array() },
  ])('$name is none', ({ stream }) => expect(parseVc1Sequence(stream)).toBeNull());

  test.each([
    { bits: '0', isInterlaced: false, isB: false },
    { bits: '10', isInterlaced: false, isB: true },
    { bits: '110', isInterlaced: false, isB: false },
    { bits: '1110', isInterlaced: false, isB: true },
    { bits: '1111', isInterlaced: false, isB: false },
    { bits: '0 10', isInterlaced: true, isB: true },
    { bits: '10 110', isInterlaced: true, isB: false },
    { bits: '11 011', isInterlaced: true, isB: false },
    { bits: '11 100', isInterlaced: true, isB: true },
  ])('picture $bits, of fields: $isInterlaced', ({ bits, isInterlaced, isB }) => {
    const writer = new BitWriter();
    for (const bit of bits.replaceAll(' ', '')) writer.u(Number(bit), 1);
    expect(parseVc1Picture(writer.align().bytes(), isInterlaced)).toEqual({ isB });
  });

  test('any change', () => expectMediaErrors(concat([VC1_SEQUENCE, VC1_ENTRY]), parseVc1Sequence));
});

describe('what a picture is as a place to begin', () => {
  const config = (codec: DecodeOnlyVideo['codec']): DecodeOnlyVideo => ({
    ...{ codec, codecId: 'V_ANY', codecPrivate: new Uint8Array(), mayBeInterlaced: false },
  });
  const [open, closed] = [withBytes(0xb8, '00080000'), withBytes(0xb8, '00080040')];
  const [openGov, closedGov] = [withBytes(0xb3, '00104700'), withBytes(0xb3, '00106700')];
  const closedEntry = withBytes(0x0e, '5ac7');
  const openEntry = withBytes(0x0e, '1ac7');

  test.each([
    { codec: 'mpeg2', name: 'I, first of its group', parts: [open, picture(1)], kind: 'idr' },
    { codec: 'mpeg2', name: 'I of a closed group', parts: [closed, picture(1, 2)], kind: 'radl' },
    { codec: 'mpeg2', name: 'I of an open group', parts: [open, picture(1, 2)], kind: 'cra' },
    { codec: 'mpeg2', name: 'I without a group', parts: [picture(1)], kind: 'cra' },
    { codec: 'mpeg2', name: 'P', parts: [picture(2)], kind: 'other' },
    { codec: 'mpeg2', name: 'B', parts: [picture(3)], kind: 'other' },
    { codec: 'mpeg2', name: 'a header alone', parts: [open], kind: 'unknown' },
    { codec: 'mpeg4', name: 'I', parts: [withBytes(0xb6, '10c0')], kind: 'cra' },
    { codec: 'mpeg4', name: 'I of an open group', parts: [openGov, withBytes(0xb6, '10c0')], kind: 'cra' },
    {
      codec: 'mpeg4',
      name: 'I of a closed group',
      parts: [closedGov, withBytes(0xb6, '10c0')],
      kind: 'radl',
    },
    { codec: 'mpeg4', name: 'P', parts: [withBytes(0xb6, '50c0')], kind: 'other' },
    { codec: 'mpeg4', name: 'headers alone', parts: [openGov], kind: 'unknown' },
    {
      codec: 'vc1',
      name: 'closed entry point',
      parts: [VC1_SEQUENCE, closedEntry, withBytes(0x0d, 'c0')],
      kind: 'radl',
    },
    { codec: 'vc1', name: 'open entry point', parts: [openEntry, withBytes(0x0d, 'c0')], kind: 'cra' },
    { codec: 'vc1', name: 'a frame', parts: [withBytes(0x0d, 'c0')], kind: 'other' },
    { codec: 'vc1', name: 'without start codes', parts: [bytesOf('c0aa')], isKey: true, kind: 'cra' },
    { codec: 'vp8', name: 'key frame', parts: [bytesOf('5042009d012a')], kind: 'idr' },
    { codec: 'vp8', name: 'cut off', parts: [bytesOf('504200')], kind: 'unknown' },
    { codec: 'vp8', name: 'zeros', parts: [bytesOf('000000000000')], kind: 'none' },
    { codec: 'vp8', name: 'shown', parts: [bytesOf('3142')], kind: 'other' },
    { codec: 'vp8', name: 'only referred to', parts: [bytesOf('2142')], kind: 'none' },
    { codec: 'intra', name: 'anything', parts: [bytesOf('00')], kind: 'idr' },
    { codec: 'other', name: 'claimed', parts: [bytesOf('00')], isKey: true, kind: 'cra' },
    { codec: 'other', name: 'not claimed', parts: [bytesOf('00')], kind: 'other' },
    { codec: 'other', name: 'untold', parts: [bytesOf('00')], isKey: null, kind: 'unknown' },
  ] as const)('$codec: $name', ({ codec, parts, kind, ...claim }) => {
    const isKey = 'isKey' in claim ? claim.isKey : false;
    expect(decodeOnlyKind(config(codec), { data: concat(parts), isKey })).toBe(kind);
  });

  test('any change of a picture', () => {
    expectMediaErrors(concat([closed, picture(1, 2), SLICE]), (data) => [
      mpeg2Beginning(data),
      loneMpeg2Field(data),
    ]);
    expectMediaErrors(concat([openGov, withBytes(0xb6, '10c0')]), (data) => splitMpeg4(data, 25));
  });

  test('is told apart from video that is copied', () => {
    const record = new Uint8Array();
    expect(isDecodeOnlyVideo(config('vp8'))).toBe(true);
    expect(isDecodeOnlyVideo({ codec: 'vp9', record })).toBe(false);
    expect(videoConfigs({ codec: 'vp9', record })).toEqual({
      configs: [{ codec: 'vp9', record }],
      decodeOnly: null,
    });
    expect(videoConfigs(null)).toEqual({ configs: [], decodeOnly: null });
  });
});

test('BITMAPINFOHEADER', () => {
  expect(hexOf(bitmapInfo(bytesOf('57564331'), { width: 320, height: 240 }))).toBe(
    '28000000 40010000 f0000000 0100 1800 57564331'.replaceAll(' ', '').padEnd(80, '0'),
  );
});

test('ImageDescription', () => {
  const entry = quickTimeDescription('vc-1', { width: 320, height: 240 }, bytesOf('0102'));
  expect(hexOf(entry.subarray(0, 8))).toBe('0000006076632d31');
  expect(hexOf(entry.subarray(14, 16))).toBe('0001');
  expect(hexOf(entry.subarray(32, 36))).toBe('014000f0');
  expect(hexOf(entry.subarray(86))).toBe('0000000a676c626c0102');
});
