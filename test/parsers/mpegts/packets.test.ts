import { describe, expect, test } from 'vitest';
import { findFraming, findPacket } from '../../../parsers/mpegts/framing.ts';
import { PacketHead } from '../../../parsers/mpegts/packet.ts';
import { parsePesHeader } from '../../../parsers/mpegts/pes.ts';
import { parsePat, parsePmt, SectionReader } from '../../../parsers/mpegts/psi.ts';
import { streamLanguage } from '../../../parsers/mpegts/stream-types.ts';
import { concat } from '../../../src/core/bytes.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { asStride, pat, pesPacket, pmt, section, tsPacket } from '../../helpers/ts-writer.ts';

const stream = (count: number): Uint8Array =>
  concat(
    Array.from({ length: count }, (_, i) =>
      tsPacket({ pid: 256, counter: i, payload: new Uint8Array(184).fill(0x11) }),
    ),
  );
/** A picture whose host takes nothing else. */
const PNG = bytesOf(`89504e470d0a1a0a${'00'.repeat(113)}`);

describe('framing', () => {
  test.each([
    { name: '188', bytes: stream(8), framing: { stride: 188, lead: 0, start: 0 } },
    { name: '192', bytes: asStride(stream(8), 192), framing: { stride: 192, lead: 4, start: 0 } },
    { name: '204', bytes: asStride(stream(8), 204), framing: { stride: 204, lead: 0, start: 0 } },
    {
      name: 'behind a picture',
      bytes: concat([PNG, stream(8)]),
      framing: { stride: 188, lead: 0, start: 121 },
    },
    { name: 'one packet', bytes: stream(1), framing: { stride: 188, lead: 0, start: 0 } },
    {
      name: 'three and a half',
      bytes: stream(4).subarray(0, 660),
      framing: { stride: 188, lead: 0, start: 0 },
    },
    { name: 'four behind a picture', bytes: concat([PNG, stream(4)]), framing: null },
    { name: 'nothing', bytes: new Uint8Array(0), framing: null },
    { name: 'sync bytes alone', bytes: bytesOf('47'), framing: null },
    { name: 'noise', bytes: new Uint8Array(5000).map((_, i) => (i * 7919) >> 3), framing: null },
  ])('$name', ({ bytes, framing }) => expect(findFraming(bytes)).toEqual(framing));

  test.each([188, 192, 204] as const)('the next packet of %i bytes from anywhere', (stride) => {
    const bytes = stride === 188 ? stream(12) : asStride(stream(12), stride);
    const form = { stride, lead: stride === 192 ? 4 : 0 } as const;
    for (let from = 0; from < 3 * stride; from += 17)
      expect(findPacket(bytes, from, form)).toBe(Math.ceil(from / stride) * stride);
  });
});

describe('packet heads', () => {
  const read = (bytes: Uint8Array) => {
    const head = new PacketHead();
    return { isPacket: head.read(bytes, 0), head };
  };

  test('all fields', () => {
    const packet = tsPacket({
      pid: 0x1abc,
      isStart: true,
      counter: 13,
      payload: new Uint8Array(100),
      pcr: 2 ** 33 - 1,
      isDiscontinuity: true,
      isRandomAccess: true,
      scrambling: 2,
    });
    const { isPacket, head } = read(packet);
    expect(isPacket).toBe(true);
    expect({ ...head }).toEqual({
      pid: 0x1abc,
      isStart: true,
      isDamaged: false,
      isScrambled: true,
      counter: 13,
      hasPayload: true,
      isDiscontinuity: true,
      isRandomAccess: true,
      pcr: (2 ** 33 - 1) * 300,
      payloadStart: 88,
      payloadEnd: 188,
    });
  });

  test.each([
    { name: 'full payload', packet: tsPacket({ pid: 1, payload: new Uint8Array(184) }), start: 4 },
    { name: 'one byte of stuffing', packet: tsPacket({ pid: 1, payload: new Uint8Array(183) }), start: 5 },
    { name: 'one byte of payload', packet: tsPacket({ pid: 1, payload: new Uint8Array(1) }), start: 187 },
  ])('$name', ({ packet, start }) => expect(read(packet).head.payloadStart).toBe(start));

  test('an adaptation field longer than the packet, and no sync byte, are no packet', () => {
    const packet = tsPacket({ pid: 1, payload: new Uint8Array(100) });
    packet[4] = 184;
    expect(read(packet).isPacket).toBe(false);
    expect(read(packet.subarray(1)).isPacket).toBe(false);
  });
});

describe('PES headers', () => {
  const payload = new Uint8Array(10);
  test.each([
    { streamId: 0xe0, pts: 0, dts: undefined },
    { streamId: 0xc0, pts: 2 ** 33 - 1, dts: undefined },
    { streamId: 0xbd, pts: 123_456_789, dts: 2 ** 32 + 5 },
    { streamId: 0xe0, pts: undefined, dts: undefined },
  ])('stream $streamId, PTS $pts, DTS $dts', ({ streamId, pts, dts }) => {
    const bytes = pesPacket({
      streamId,
      payload,
      ...(pts === undefined ? {} : { pts }),
      ...(dts === undefined ? {} : { dts }),
    });
    const header = parsePesHeader(bytes);
    expect(header).toMatchObject({ streamId, pts: pts ?? null, dts: dts ?? null, payloadBytes: 10 });
    expect(header?.headerBytes).toBe(bytes.length - payload.length);
    for (let size = 4; size < bytes.length - payload.length; size++)
      expect(parsePesHeader(bytes.subarray(0, size))).toBeNull();
    expectMediaErrors(bytes, parsePesHeader);
  });

  test('unbounded, padding, broken markers, no start code', () => {
    expect(
      parsePesHeader(pesPacket({ streamId: 0xe0, pts: 1, payload, isUnbounded: true }))?.payloadBytes,
    ).toBeNull();
    expect(parsePesHeader(bytesOf('000001be0004ffffffff'))).toMatchObject({
      headerBytes: 6,
      payloadBytes: 4,
    });
    const broken = pesPacket({ streamId: 0xe0, pts: 90_000, payload });
    broken[13] = (broken[13] ?? 0) & 0xfe;
    expect(parsePesHeader(broken)?.pts).toBeNull();
    expect(() => parsePesHeader(bytesOf('000002e00000800000'))).toThrow('No start code');
  });
});

describe('stream_id_extension', () => {
  const PTS = '210005bf21';
  test.each([
    { what: 'none', flags: '80', fields: PTS, extension: null },
    { what: 'behind a PTS', flags: '81', fields: `${PTS}0f8172`, extension: 0x72 },
    { what: 'behind PTS and DTS', flags: 'c1', fields: `${PTS}${PTS}0f8176`, extension: 0x76 },
    { what: 'alone', flags: '01', fields: '0f8155', extension: 0x55 },
    {
      what: 'behind all other fields',
      flags: 'ff',
      fields: `${PTS}${PTS}${'00'.repeat(6 + 3 + 1 + 1 + 2)}ff${'11'.repeat(16)}020000${'00'.repeat(4)}8171`,
      extension: 0x71,
    },
    { what: 'an extension without it', flags: '01', fields: '1e0000', extension: null },
    { what: 'another meaning', flags: '01', fields: '0f81f2', extension: null },
    { what: 'cut off', flags: '01', fields: '0f81', extension: null },
    { what: 'of no bytes', flags: '01', fields: '0f8072', extension: null },
  ])('$what', ({ flags, fields, extension }) => {
    const length = (fields.length / 2).toString(16).padStart(2, '0');
    const bytes = bytesOf(`000001fd000080${flags}${length}${fields}ffff`);
    expect(parsePesHeader(bytes)?.extension).toBe(extension);
    expectMediaErrors(bytes, parsePesHeader);
  });
});

describe('tables', () => {
  const PROGRAMS = [
    { number: 0, pid: 16 },
    { number: 1, pid: 4096 },
    { number: 7, pid: 0x1fff },
  ];
  const STREAMS = Array.from({ length: 60 }, (_, i) => ({
    type: 0x1b,
    pid: 256 + i,
    descriptors: [0x0a, 4, 0x64, 0x65, 0x75, 0],
  }));
  const long = pmt({
    program: 3,
    version: 5,
    pcrPid: 300,
    descriptors: [5, 4, 72, 68, 77, 86],
    streams: STREAMS,
  });

  test('a PAT without the network', () => {
    expect(parsePat(pat(PROGRAMS, 9))).toEqual({
      version: 9,
      isCurrent: true,
      section: 0,
      lastSection: 0,
      programs: PROGRAMS.slice(1),
    });
    expect(parsePat(long)).toBeNull();
    expectMediaErrors(pat(PROGRAMS), parsePat);
  });

  test('a PMT', () => {
    const found = parsePmt(long);
    expect(found).toMatchObject({ program: 3, version: 5, pcrPid: 300 });
    expect(found?.streams.map(({ type, pid }) => ({ type, pid }))).toEqual(
      STREAMS.map(({ type, pid }) => ({ type, pid })),
    );
    expect(found?.streams.map(streamLanguage)).toEqual(STREAMS.map(() => 'de'));
    expectMediaErrors(pmt({ pcrPid: 256, streams: STREAMS.slice(0, 2) }), parsePmt);
  });

  test('sections over packets, behind each other, behind a pointer, with damage', () => {
    const reader = new SectionReader();
    const small = pat(PROGRAMS);
    const all = concat([Uint8Array.of(0), long, small, new Uint8Array(50).fill(255)]);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < all.length; at += 184)
      parts.push(...reader.push(all.subarray(at, at + 184), at === 0));
    expect(parts).toEqual([long, small]);
    const middle = pmt({ pcrPid: 300, streams: STREAMS.slice(0, 20) });
    const rest = middle.subarray(183);
    reader.push(concat([Uint8Array.of(0), middle.subarray(0, 183)]), true);
    expect(reader.push(concat([Uint8Array.of(rest.length), rest, small]), true)).toEqual([middle, small]);
    const damaged = small.slice();
    damaged[9] = (damaged[9] ?? 0) ^ 1;
    expect(reader.push(concat([Uint8Array.of(0), damaged, small]), true)).toEqual([small]);
    reader.push(concat([Uint8Array.of(0), long.subarray(0, 184)]), true);
    reader.lose();
    expect(reader.push(rest, false)).toEqual([]);
    expect(reader.push(Uint8Array.of(200), true)).toEqual([]);
  });

  test('a section of the greatest length, all of it', () => {
    const bytes = section(0x80, 1, new Uint8Array(4000));
    const reader = new SectionReader();
    expect(reader.push(concat([Uint8Array.of(0), bytes]), true)).toEqual([bytes]);
  });
});
