import { describe, expect, test } from 'vitest';
import {
  parseVp9CodecPrivate,
  parseVpcRecord,
  vp9CodecString,
  vp9ConfigOf,
  vp9IsHidden,
  vp9Kind,
  vp9Level,
  vpcRecord,
} from '../../src/codecs/vp9.ts';
import { parseVp9FrameHeader } from '../../src/codecs/vp9-header.ts';
import { joinSuperframe } from '../../src/codecs/vp9-superframe.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';
import { VP9_ROWS } from './vp9-rows.ts';

describe.each(VP9_ROWS)('key frame: $name', ({ frame, expected, vpcc, codec }) => {
  const bytes = bytesOf(frame);

  test('configuration', () => {
    expect(vp9ConfigOf(bytes)).toEqual(expected);
    expect(vp9ConfigOf(bytes, 41)).toEqual({ ...expected, level: 41 });
  });

  test('record', () => {
    const { width, height, ...record } = expected;
    expect(hexOf(vpcRecord(expected)).slice(0, 6)).toBe(vpcc);
    expect(vpcRecord(expected)).toHaveLength(8);
    expect(parseVpcRecord(vpcRecord(expected))).toEqual(record);
    expect(vp9CodecString(vpcRecord(expected))).toBe(codec);
  });

  test('is a place to begin, whole or cut', () => {
    for (let size = 1; size <= bytes.length; size++) expect(vp9Kind(bytes.subarray(0, size))).toBe('idr');
    expect(vp9Kind(bytes.subarray(0, 0))).toBe('unknown');
    expect(vp9IsHidden(bytes)).toBe(false);
  });

  test('any changed byte parses or throws MediaError', () => {
    expectMediaErrors(bytes, (mutant) => {
      vp9Kind(mutant);
      vp9IsHidden(mutant);
      vp9CodecString(vpcRecord(vp9ConfigOf(mutant)));
    });
  });
});

/** The shown inter frames as libvpx 1.12 wrote them; the others by 6.2 of the specification, bit by bit. */
const FRAMES = [
  { name: 'hidden key frame', hex: '8049834200', kind: 'idr', isHidden: true },
  { name: 'hidden frame', hex: '8400', kind: 'other', isHidden: true },
  { name: 'hidden frame of profile 3', hex: 'b200', kind: 'other', isHidden: true },
  { name: 'hidden intra-only frame', hex: '8489306840', kind: 'other', isHidden: true },
  { name: 'frame shown again', hex: '88', kind: 'other', isHidden: false },
  { name: 'frame of profile 3 shown again', hex: 'b480', kind: 'other', isHidden: false },
  { name: 'wrong frame marker', hex: '4249834200', kind: 'none', isHidden: false },
  { name: 'superframe of nothing', hex: 'c000c0', kind: 'none', isHidden: false },
  { name: 'reserved profile', hex: 'b8', kind: 'none', isHidden: false },
  { name: 'wrong sync code', hex: '82498343', kind: 'none', isHidden: false },
  { name: 'VP8 key frame', hex: '9042009d012a40010800', kind: 'none', isHidden: false },
  { name: 'shown inter frame', hex: '86004092f12140000018', kind: 'other', isHidden: false },
  { name: 'shown inter frame of profile 3', hex: 'b30020497890a000008c', kind: 'other', isHidden: false },
];

describe.each(FRAMES)('$name', ({ hex, kind, isHidden }) => {
  test('kind and visibility', () => {
    expect(vp9Kind(bytesOf(hex))).toBe(kind);
    expect(vp9IsHidden(bytesOf(hex))).toBe(isHidden);
  });

  test('gives no configuration', () => {
    expect(() => vp9ConfigOf(bytesOf(hex))).toThrow(MediaError);
  });
});

describe('superframes', () => {
  const key = bytesOf('82498342');
  const [hiddenKey, hidden, shown] = [bytesOf('80498342'), bytesOf('8400'), bytesOf('8600')];

  test.each([
    {
      name: 'hidden key frame, then a shown frame',
      frames: [hiddenKey, shown],
      kind: 'idr',
      isHidden: false,
    },
    { name: 'hidden frame, then a shown one', frames: [hidden, shown], kind: 'other', isHidden: false },
    { name: 'only hidden frames', frames: [hidden, hidden], kind: 'other', isHidden: true },
    {
      name: 'hidden frame, then it is shown',
      frames: [hidden, bytesOf('88')],
      kind: 'other',
      isHidden: false,
    },
    { name: 'key frame behind another frame', frames: [hidden, key], kind: 'other', isHidden: false },
  ])('$name', ({ frames, kind, isHidden }) => {
    const sample = joinSuperframe(frames);
    expect(vp9Kind(sample)).toBe(kind);
    expect(vp9Kind(sample.subarray(0, 3))).toBe(kind);
    expect(vp9IsHidden(sample)).toBe(isHidden);
  });

  test('configuration from the first frame', () => {
    const [row] = VP9_ROWS;
    expect(vp9ConfigOf(joinSuperframe([bytesOf(row?.frame ?? ''), shown]))).toEqual(row?.expected);
  });
});

describe('parseVp9FrameHeader', () => {
  const intraOnly = (profile: number) => {
    const bits = new BitWriter()
      .u(2, 2)
      .u(profile & 1, 1)
      .u(profile >> 1, 1);
    bits.u(0, 1).u(1, 1).u(0, 1).u(0, 1).u(1, 1).u(0, 2).u(0x498342, 24);
    if (profile === 2) bits.u(1, 1).u(5, 3).u(1, 1);
    return bits.u(0x24, 8).u(639, 16).u(359, 16).u(0, 1).bytes();
  };

  test('intra-only frame of profile 0 implies its format', () => {
    expect(parseVp9FrameHeader(intraOnly(0))).toEqual({
      profile: 0,
      showExistingFrame: false,
      frameType: 'inter',
      showFrame: false,
      errorResilient: false,
      intraOnly: true,
      refreshFrameFlags: 0x24,
      format: {
        bitDepth: 8,
        colorSpace: 1,
        colorRange: false,
        subsamplingX: true,
        subsamplingY: true,
        width: 640,
        height: 360,
      },
    });
  });

  test('intra-only frame of profile 2 tells its format', () => {
    const { format, refreshFrameFlags } = parseVp9FrameHeader(intraOnly(2));
    expect(refreshFrameFlags).toBe(0x24);
    expect(format).toMatchObject({ bitDepth: 12, colorSpace: 5, colorRange: true, width: 640, height: 360 });
  });

  /** Written by libvpx and read by ffmpeg's trace_headers, but the error resilient one. */
  test.each([
    { hex: '86004092f12140000018', flags: 1, isShown: true },
    { hex: '840080497a3091000082', flags: 4, isShown: false },
    { hex: '8724', flags: 0x24, isShown: true },
    { hex: '840040857a308fc00000', flags: 2, isShown: false },
  ])('references of the inter frame $hex', ({ hex, flags, isShown }) => {
    const header = parseVp9FrameHeader(bytesOf(hex));
    expect(header).toMatchObject({ refreshFrameFlags: flags, showFrame: isShown, format: null });
  });

  test.each(['82498342', '86', '848930', ''])('%s ends early', (hex) => {
    expect(() => parseVp9FrameHeader(bytesOf(hex))).toThrow(MediaError);
  });
});

test('BT.2020 of 12 bits has its own transfer', () => {
  const bits = new BitWriter().u(0b1001, 4).u(0b0010, 4).u(0x498342, 24).u(1, 1).u(5, 3).u(0, 1);
  const frame = bits.u(3839, 16).u(2159, 16).u(0, 1).bytes();
  const { colour, level } = vp9ConfigOf(frame);
  expect(colour).toEqual({ primaries: 9, transfer: 15, matrix: 9, fullRange: false });
  expect(level).toBe(50);
});

test('4:4:0 does not fit into vpcC', () => {
  const frame = bytesOf('a249834204027e0166c0c70483830940');
  expect(() => vp9ConfigOf(frame)).toThrow(expect.objectContaining({ code: 'unsupported' }));
});

/** Sizes of the examples at webmproject.org/vp9/levels and the limits themselves. */
test.each([
  { width: 256, height: 144, rate: 15, bitrate: null, level: 10 },
  { width: 384, height: 192, rate: 30, bitrate: null, level: 11 },
  { width: 480, height: 256, rate: 30, bitrate: null, level: 20 },
  { width: 640, height: 384, rate: 30, bitrate: null, level: 21 },
  { width: 1080, height: 512, rate: 30, bitrate: null, level: 30 },
  { width: 1280, height: 768, rate: 30, bitrate: null, level: 31 },
  { width: 2048, height: 1088, rate: 30, bitrate: null, level: 40 },
  { width: 2048, height: 1088, rate: 60, bitrate: null, level: 41 },
  { width: 4096, height: 2176, rate: 30, bitrate: null, level: 50 },
  { width: 4096, height: 2176, rate: 60, bitrate: null, level: 51 },
  { width: 4096, height: 2176, rate: 120, bitrate: null, level: 52 },
  { width: 8192, height: 4352, rate: 30, bitrate: null, level: 60 },
  { width: 8192, height: 4352, rate: 60, bitrate: null, level: 61 },
  { width: 8192, height: 4352, rate: 120, bitrate: null, level: 62 },
  { width: 512, height: 16, rate: 10, bitrate: null, level: 10 },
  { width: 16, height: 513, rate: 10, bitrate: null, level: 11 },
  { width: 2752, height: 2, rate: 10, bitrate: null, level: 31 },
  { width: 256, height: 144, rate: 15, bitrate: 200_000, level: 10 },
  { width: 256, height: 144, rate: 15, bitrate: 200_001, level: 11 },
  { width: 1920, height: 1080, rate: 24, bitrate: 60_000_000, level: 50 },
  { width: 65_536, height: 65_536, rate: 240, bitrate: null, level: 62 },
])('level of $width × $height at $rate, $bitrate bit/s', ({ level, ...load }) => {
  expect(vp9Level(load)).toBe(level);
});

describe('CodecPrivate', () => {
  const none = { profile: null, level: null, bitDepth: null, chromaSubsampling: null };

  test.each([
    {
      hex: '010102 02011f 03010a 040101',
      features: { profile: 2, level: 31, bitDepth: 10, chromaSubsampling: 1 },
    },
    { hex: '02010a', features: { ...none, level: 10 } },
    { hex: '', features: none },
    { hex: '7f03010203 010100', features: { ...none, profile: 0 } },
    { hex: '01020001 0200', features: none },
  ])('$hex', ({ hex, features }) => {
    expect(parseVp9CodecPrivate(bytesOf(hex))).toEqual(features);
    expectMediaErrors(bytesOf(hex), parseVp9CodecPrivate);
  });

  test('cut', () => {
    expect(() => parseVp9CodecPrivate(bytesOf('0101'))).toThrow(
      expect.objectContaining({ code: 'truncated' }),
    );
  });
});

test('a record of seven bytes is cut', () => {
  expect(() => parseVpcRecord(bytesOf('000a8202020200'))).toThrow(
    expect.objectContaining({ code: 'truncated' }),
  );
});
