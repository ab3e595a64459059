import { describe, expect, test } from 'vitest';
import {
  dec3Record,
  eac3Info,
  eac3Samples,
  isEac3,
  parseDec3,
  parseEac3Frame,
} from '../../src/codecs/eac3.ts';
import { silentEac3Frame } from '../../src/codecs/eac3-silence.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { concat } from '../../src/core/bytes.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

/** A whole frame of the size that its header tells, of which only the header matters. */
function frameOf(header: Uint8Array): Uint8Array {
  const frame = new Uint8Array((((header[2] ?? 0) & 7) * 256 + (header[3] ?? 0) + 1) * 2);
  frame.set(header.subarray(0, frame.length));
  return frame;
}

/** Beginnings of frames of `ffmpeg -f lavfi -i aevalsrc=… -c:a eac3 -b:a … out.mp4`, and the dec3 of that file. */
const ENCODED = [
  { name: 'mono 64k', head: '0b77007f3287c000', dec3: '0200200200', rate: 48_000, channels: 1, size: 256 },
  { name: 'stereo 192k', head: '0b77017f3487c000', dec3: '0600200400', rate: 48_000, channels: 2, size: 768 },
  { name: '44.1 kHz', head: '0b7701157487c000', dec3: '0400600400', rate: 44_100, channels: 2, size: 556 },
  { name: '32 kHz', head: '0b77077fb487c000', dec3: '1400a00400', rate: 32_000, channels: 2, size: 3840 },
  { name: '3.0', head: '0b7701ff3687c000', dec3: '0800200600', rate: 48_000, channels: 3, size: 1024 },
  { name: '5.0', head: '0b7702ff3e87c000', dec3: '0c00200e00', rate: 48_000, channels: 5, size: 1536 },
  { name: '5.1 1024k', head: '0b7707ff3f87c000', dec3: '2000200f00', rate: 48_000, channels: 6, size: 4096 },
  { name: '5.1 384k', head: '0b7703427f87c000', dec3: '0c00600f00', rate: 44_100, channels: 6, size: 1670 },
];

describe('frames of an encoder', () => {
  test.each(ENCODED)('$name', ({ head, dec3, rate, channels, size }) => {
    const sample = frameOf(bytesOf(head));
    const expected = { sampleRate: rate, frameBytes: size, blocks: 6, type: 0, substream: 0, bsid: 16 };
    expect(parseEac3Frame(sample)).toMatchObject(expected);
    expect(eac3Samples(sample)).toBe(1536);
    expect(isEac3(sample)).toBe(true);
    expect(hexOf(dec3Record(sample))).toBe(dec3);
    expect(eac3Info(bytesOf(dec3))).toMatchObject({ channels, isAtmos: false });
    expectMediaErrors(bytesOf(head), dec3Record);
    expectMediaErrors(bytesOf(dec3), (mutant) => silentEac3Frame(mutant, 1536));
  });
});

interface Fields {
  readonly type?: number;
  readonly id?: number;
  readonly fscod?: number;
  /** numblkscod, or fscod2 at fscod 3. */
  readonly code?: number;
  readonly acmod?: number;
  readonly lfe?: number;
  readonly chanmap?: number;
  /** From mixmdate on; without: mixmdate and addbsie 0, infomdate with the bsmod. */
  readonly rest?: string;
}

const BSMOD = 5;
const FRAME_WORDS = 64;

/** By hand: 128 bytes; `rest` is a list of bits. */
function handmade(fields: Fields): Uint8Array {
  const { type = 0, id = 0, fscod = 0, code = 3, acmod = 2, lfe = 0, chanmap, rest = '00' } = fields;
  const bits = new BitWriter()
    .u(0x0b77, 16)
    .u(type, 2)
    .u(id, 3)
    .u(FRAME_WORDS - 1, 11);
  bits.u(fscod, 2).u(code, 2).u(acmod, 3).u(lfe, 1).u(16, 5);
  bits.u(31, 5).u(0, 1);
  if (acmod === 0) bits.u(31, 5).u(0, 1);
  if (type === 1) bits.flag(chanmap !== undefined);
  if (type === 1 && chanmap !== undefined) bits.u(chanmap, 16);
  for (const bit of rest.replaceAll(' ', '')) bits.flag(bit === '1');
  return frameOf(bits.bytes());
}

/** infomdate with bsmod 5, copyrightb, origbs: what stands in front must be skipped to find it. */
const INFORMATION = '1 101 00';

describe('metadata are skipped to the bit: E.1.2.2', () => {
  test.each<{ name: string; fields: Fields }>([
    { name: 'none in front', fields: { rest: `0 ${INFORMATION} 0000 0 0` } },
    // No dmixmod in stereo: pgmscle, extpgmscle, mixdef 0, frmmixcfginfoe.
    { name: 'mixing, stereo', fields: { rest: `1 0 0 00 0 ${INFORMATION}` } },
    {
      name: 'mixing, 5.1: dmixmod, four levels, lfemixlevcode',
      fields: {
        acmod: 7,
        lfe: 1,
        rest: `1 10 101 010 111 000 1 10101 1 111111 1 000001 00 0 ${INFORMATION}`,
      },
    },
    {
      name: 'mixing, 3.0: centre levels only',
      fields: { acmod: 3, rest: `1 01 111 111 0 0 00 0 ${INFORMATION}` },
    },
    { name: 'mixdef 1', fields: { rest: `1 0 0 01 11111 0 ${INFORMATION}` } },
    { name: 'mixdef 2', fields: { rest: `1 0 0 10 111111111111 0 ${INFORMATION}` } },
    { name: 'mixdef 3, two bytes', fields: { rest: `1 0 0 11 00000 ${'1'.repeat(16)} 0 ${INFORMATION}` } },
    { name: 'pan of mono', fields: { acmod: 1, rest: `1 0 0 00 1 ${'1'.repeat(14)} 0 ${INFORMATION}` } },
    {
      name: 'dual mono: two of each',
      fields: {
        acmod: 0,
        rest: `1 1 111111 1 111111 0 00 1 ${'1'.repeat(14)} 1 ${'1'.repeat(14)} 0 ${INFORMATION}`,
      },
    },
    { name: 'block mixing, one block', fields: { code: 0, rest: `1 0 0 00 1 11111 ${INFORMATION}` } },
    { name: 'block mixing, two blocks', fields: { code: 1, rest: `1 0 0 00 1 1 11111 0 ${INFORMATION}` } },
    {
      name: 'block mixing, six blocks',
      fields: { rest: `1 0 0 00 1 1 11111 0 0 1 11111 0 0 ${INFORMATION}` },
    },
  ])('$name', ({ fields }) => {
    const frame = handmade(fields);
    expect(parseEac3Frame(frame).bsmod).toBe(BSMOD);
    expectMediaErrors(frame.subarray(0, 24), parseEac3Frame);
  });

  /** addbsie, addbsil 1, seven bits, flag_ec3_extension_type_a, complexity_index_type_a 16: TS 103 420, 8.3. */
  const JOC = '1 000001 0000000 1 00010000';
  test.each<{ name: string; fields: Fields; complexity: number }>([
    { name: 'six blocks', fields: { rest: `0 0 ${JOC}` }, complexity: 16 },
    { name: 'convsync of fewer blocks', fields: { code: 1, rest: `0 0 1 ${JOC}` }, complexity: 16 },
    { name: 'converted from AC-3', fields: { type: 2, rest: `0 0 111111 ${JOC}` }, complexity: 16 },
    { name: 'converted, blkid 0', fields: { type: 2, code: 0, rest: `0 0 0 ${JOC}` }, complexity: 16 },
    { name: 'converted, blkid 1', fields: { type: 2, code: 0, rest: `0 0 1 111111 ${JOC}` }, complexity: 16 },
    {
      name: 'stereo information',
      fields: { rest: `0 ${INFORMATION} 1111 1 11111111 1 ${JOC}` },
      complexity: 16,
    },
    {
      name: '5.1 information',
      fields: { acmod: 7, lfe: 1, rest: `0 ${INFORMATION} 11 0 1 ${JOC}` },
      complexity: 16,
    },
    {
      name: 'dual mono information, without sourcefscod',
      fields: { acmod: 0, fscod: 3, code: 0, rest: `0 ${INFORMATION} 1 11111111 1 11111111 ${JOC}` },
      complexity: 16,
    },
    { name: 'another extension', fields: { rest: '0 0 1 000001 0000000 0 00010000' }, complexity: 0 },
    { name: 'one byte is no extension', fields: { rest: '0 0 1 000000 00000001 00010000' }, complexity: 0 },
  ])('joint object coding: $name', ({ fields, complexity }) => {
    const frame = handmade(fields);
    expect(parseEac3Frame(frame).complexityIndex).toBe(complexity);
    const info = eac3Info(dec3Record(frame));
    expect(info).toMatchObject({ complexityIndex: complexity, isAtmos: complexity > 0 });
  });
});

const FIVE_ONE = handmade({ acmod: 7, lfe: 1 });
/** 448 kbit/s, 3/2 and LFE: its size is that of Table 4.13. */
const AC3_CORE = new Uint8Array(1792);
AC3_CORE.set(bytesOf('0b77b1b61e40ebf8403e'));
/** 128 bytes in 1536 samples at 48 kHz are 32 kbit/s each. */
const dependent = (fields: Fields): Uint8Array => handmade({ type: 1, rest: '0 0 0', ...fields });

describe('samples of several substreams', () => {
  test.each([
    // Ls, Rs (replaced) and Lrs/Rrs: bits 3, 4, 6 of Table E.1.4, the highest being 0; chan_loc 0x002.
    {
      name: '7.1',
      parts: [FIVE_ONE, dependent({ acmod: 6, chanmap: 0x1a00 })],
      dec3: '0200 20 0f 02 02',
      channels: 8,
    },
    {
      name: '6.1',
      parts: [FIVE_ONE, dependent({ acmod: 1, chanmap: 0x0100 })],
      dec3: '0200 20 0f 02 04',
      channels: 7,
    },
    // Lvh/Rvh and LFE2: chan_loc 0x140.
    {
      name: 'heights and a second LFE',
      parts: [FIVE_ONE, dependent({ acmod: 2, lfe: 1, chanmap: 0x0012 })],
      dec3: '0200 20 0f 03 40',
      channels: 9,
    },
    // LFE of the dependent substream replaces that of the main one.
    {
      name: 'replaced LFE',
      parts: [FIVE_ONE, dependent({ acmod: 2, lfe: 1, chanmap: 0x0201 })],
      dec3: '0200 20 0f 02 02',
      channels: 8,
    },
    {
      name: 'two dependent ones',
      parts: [FIVE_ONE, dependent({ chanmap: 0x0200 }), dependent({ id: 1, chanmap: 0x0020 })],
      dec3: '0300 20 0f 04 22',
      channels: 10,
    },
    {
      name: 'AC-3 core',
      parts: [AC3_CORE, dependent({ chanmap: 0x0200 })],
      dec3: '0f00 10 0f 02 02',
      channels: 8,
    },
    {
      name: 'two programmes',
      parts: [FIVE_ONE, handmade({ id: 1 })],
      dec3: '0201 20 0f 00 20 04 00',
      channels: 6,
    },
  ])('$name', ({ parts, dec3, channels }) => {
    const sample = concat(parts);
    expect(hexOf(dec3Record(sample))).toBe(dec3.replaceAll(' ', ''));
    expect(eac3Info(bytesOf(dec3)).channels).toBe(channels);
    expect(eac3Samples(sample)).toBe(1536);
    expect(isEac3(sample)).toBe(true);
    expectMediaErrors(bytesOf(dec3), (mutant) => silentEac3Frame(mutant, 1536));
  });

  test('AC-3 alone is not E-AC-3', () => {
    expect(isEac3(AC3_CORE)).toBe(false);
  });

  test('six frames of one block are one sample', () => {
    const sample = concat(Array.from({ length: 6 }, () => handmade({ code: 0, rest: '0 0 1 0' })));
    expect(eac3Samples(sample)).toBe(1536);
    // 128 bytes in 256 samples at 48 kHz.
    expect(parseDec3(dec3Record(sample))).toMatchObject({ bitrate: 192, substreams: [{ acmod: 2 }] });
  });

  test.each([
    ['no independent substream', dependent({ chanmap: 0x0200 })],
    ['strmtyp 3', handmade({ type: 3 })],
    ['fscod2 3', handmade({ fscod: 3, code: 3 })],
    ['nothing', new Uint8Array()],
  ])('none: %s', (_, sample) => {
    expect(() => dec3Record(sample)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});

describe('silent frames have the record of the stream', () => {
  test.each([
    ['5.1', '20 0f 00'],
    ['dual mono', '20 00 00'],
    ['7.1', '20 0f 02 02'],
    ['heights and a second LFE', '20 0f 03 40'],
    ['a second LFE alone', '20 0f 03 00'],
    ['all that can be added, in three', '20 0f 07 ff'],
    ['an AC-3 core', '10 0f 02 02'],
    ['two programmes, one with more', '20 0f 00 60 0f 02 04'],
  ])('%s', (_, substreams) => {
    const count = substreams.length > 12 ? 1 : 0;
    const record = bytesOf(`000${count} ${substreams}`);
    const silence = silentEac3Frame(record, 1536) ?? new Uint8Array();
    // All but the data rate.
    expect(parseDec3(dec3Record(silence)).substreams).toEqual(parseDec3(record).substreams);
    expect(eac3Samples(silence)).toBe(1536);
  });

  test('none where the record does not tell the rate', () => {
    expect(silentEac3Frame(bytesOf('0200 e0 04 00'), 1536)).toBeNull();
  });

  const withDependent = bytesOf('1400 20 0f 02 02');

  test.each([256, 512, 768, 1536])('as long as asked for: %d samples', (samples) => {
    expect(eac3Samples(silentEac3Frame(withDependent, samples) ?? new Uint8Array())).toBe(samples);
  });

  test.each([
    0, -256, 255, 1024, 3072,
  ])('none of %d samples: numblkscod has 1, 2, 3 and 6 blocks', (samples) => {
    expect(silentEac3Frame(withDependent, samples)).toBeNull();
  });

  test('none shorter than its AC-3 core', () => {
    expect(silentEac3Frame(bytesOf('1400 0c 0f 02 02'), 256)).toBeNull();
  });
});
