import { describe, expect, it } from 'vitest';
import { createFlacDecoder } from '../../src/audio/flac-decoder.ts';
import { crc8, crc16 } from '../../src/codecs/crc.ts';
import { dfLaRecord, readFlacPrivate, silentFlacFrame } from '../../src/codecs/flac.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { concat } from '../../src/core/bytes.ts';
import { MediaError } from '../../src/core/errors.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { someOf } from '../helpers/rows.ts';
import {
  decodeWhole,
  type Encoding,
  encodeMatroska,
  largestError,
  readMatroska,
  type StoredTrack,
} from './matroska-packets.ts';
import { decodeInOrder, expectNoFault, expectPositionPure, joinChannels } from './wasm/decoder-checks.ts';

interface Row extends Encoding {
  readonly name: string;
  readonly speakers: readonly string[];
}

const flac = (format: string, ...options: readonly string[]) => ({
  options: ['-c:a', 'flac', '-sample_fmt', format, '-strict', '-2', ...options],
});
const stereo = { rate: 48_000, layout: 'stereo', channels: 2, speakers: ['FL', 'FR'] };
const mono = { rate: 44_100, layout: 'mono', channels: 1, speakers: ['FC'] };
const mode = (ch: string) => ['-ch_mode', ch, '-lpc_type', 'levinson'];

const ROWS: readonly Row[] = [
  { name: '16 bits, stereo', ...flac('s16'), ...stereo },
  { name: '16 bits, mono', ...flac('s16'), ...mono },
  { name: '24 bits, stereo', ...flac('s32', '-bits_per_raw_sample', '24'), ...stereo },
  {
    name: 'wasted bits',
    ...flac('s32', '-bits_per_raw_sample', '24', '-af', 'aformat=s16,aformat=s32'),
    ...stereo,
  },
  { name: 'left and side', ...flac('s16', ...mode('left_side')), ...stereo },
  { name: 'right and side', ...flac('s16', ...mode('right_side')), ...stereo },
  { name: 'middle and side', ...flac('s16', ...mode('mid_side')), ...stereo },
  { name: 'fixed predictors', ...flac('s16', '-lpc_type', 'fixed'), ...stereo },
  { name: 'no prediction', ...flac('s16', '-lpc_type', 'none'), ...stereo },
  {
    name: 'order 32',
    ...flac('s32', '-lpc_type', 'cholesky', '-max_prediction_order', '32', '-min_prediction_order', '32'),
    ...stereo,
  },
  { name: 'frames of 333 samples', ...flac('s16', '-frame_size', '333'), ...stereo },
  {
    name: '5.1',
    ...flac('s16'),
    rate: 48_000,
    layout: '5.1',
    channels: 6,
    speakers: ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR'],
  },
  { name: 'a rate in units of 10 Hz', ...flac('s16'), ...stereo, rate: 96_010 },
  { name: '192 kHz', ...flac('s32'), ...stereo, rate: 192_000 },
];

const made = new Map<Row, { readonly file: Uint8Array; readonly track: StoredTrack }>();

function encode(row: Row) {
  const file = made.get(row)?.file ?? encodeMatroska(row);
  const track = readMatroska(file);
  made.set(row, { file, track });
  return { file, record: dfLaRecord(readFlacPrivate(track.codecPrivate)), packets: track.packets };
}

const [FIRST] = ROWS as [Row];

/** Sample size bits of a frame header: RFC 9639, 9.1.4. */
const SIZE_CODES: Readonly<Record<number, number>> = { 8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7 };
/** Channel assignment of middle and side. */
const MID_SIDE = 10;

/** A value of up to 33 bits in two's complement. */
const signed = (bits: BitWriter, value: number, size: number): BitWriter => {
  const whole = value < 0 ? value + 2 ** size : value;
  return bits.u(Math.floor(whole / 2 ** 16), size - 16).u(whole % 2 ** 16, 16);
};

/** Two channels of plain samples. */
function plainFrame(size: number, middle: readonly number[], side: readonly number[]): Uint8Array {
  const header = new BitWriter().u(0x3ffe, 14).u(0, 2).u(6, 4).u(10, 4).u(MID_SIDE, 4);
  header
    .u(SIZE_CODES[size] ?? 0, 3)
    .u(0, 1 + 8)
    .u(middle.length - 1, 8);
  const body = new BitWriter();
  for (const [values, bits] of [
    [middle, size],
    [side, size + 1],
  ] as const) {
    body.u(2, 8);
    for (const value of values) {
      if (bits > 16) signed(body, value, bits);
      else body.u(value < 0 ? value + 2 ** bits : value, bits);
    }
  }
  const start = header.bytes();
  const frame = concat([start, Uint8Array.of(crc8(start)), body.align().bytes()]);
  const crc = crc16(frame);
  return concat([frame, Uint8Array.of(crc >> 8, crc & 255)]);
}

describe('FLAC decoder', () => {
  it.for(someOf(ROWS, 2).map((row) => [row.name, row] as const))('gives every bit: %s', async ([
    ,
    row,
  ], context) => {
    needsFfmpeg(context);
    const { file, record, packets } = encode(row);
    const parts = decodeInOrder(await createFlacDecoder(record), packets);
    for (const part of parts) expect(part).toMatchObject({ rate: row.rate, speakers: row.speakers });
    const expected = decodeWhole(file, row.channels);
    const got = joinChannels(parts);
    expect(got).toHaveLength(row.channels);
    for (const [i, plane] of expected.entries()) expect(largestError(got[i], plane)).toBe(0);
  });

  it.each([8, 12, 16, 20, 24, 32])('takes %i bits for full scale', async (size) => {
    const streamInfo = new BitWriter()
      .u(16, 16)
      .u(4096, 16)
      .u(0, 48)
      .u(48_000, 20)
      .u(1, 3)
      .u(size - 1, 5);
    const record = concat([Uint8Array.of(0x80, 0, 0, 34), streamInfo.bytes(), new Uint8Array(34)]);
    const decoder = await createFlacDecoder(record);
    const full = 2 ** (size - 1);
    // Left and right at both ends: the sum's lowest bit is the difference's.
    const [left, right] = [
      [full - 1, -full, 5, -full],
      [-full, full - 1, 2, -full],
    ] as const;
    const side = left.map((value, i) => value - (right[i] ?? 0));
    const middle = left.map((value, i) => Math.floor((value + (right[i] ?? 0)) / 2));
    const pcm = decoder.decode(plainFrame(size, middle, side), 0);
    expect(pcm?.channels).toEqual(
      [left, right].map((plane) => Float32Array.from(plane, (value) => value / full)),
    );
    // Behind the end of what left can be.
    expect(decoder.decode(plainFrame(size, [full - 1], [full]), 0)).toBeNull();
  });

  it('decodes each frame for itself', async (context) => {
    needsFfmpeg(context);
    const { record, packets } = encode(FIRST);
    const [one, other] = [await createFlacDecoder(record), await createFlacDecoder(record)];
    let isFirst = true;
    const open = () => {
      const decoder = isFirst ? one : other;
      isFirst = !isFirst;
      return decoder;
    };
    expectPositionPure(open, packets.slice(0, 10));
  });

  it('decodes the silence that is made here', async (context) => {
    needsFfmpeg(context);
    const { record } = encode(FIRST);
    const pcm = (await createFlacDecoder(record)).decode(silentFlacFrame(record, 500) ?? new Uint8Array(), 0);
    expect(pcm?.channels).toEqual([new Float32Array(500), new Float32Array(500)]);
  });

  it('gives nothing for what is broken, wherever it is', async (context) => {
    needsFfmpeg(context);
    const { record, packets } = encode(FIRST);
    const decoder = await createFlacDecoder(record);
    const [frame = new Uint8Array()] = packets;
    for (const size of [0, 1, 4, 10, frame.length >> 1, frame.length - 1]) {
      expect(decoder.decode(frame.subarray(0, size), 0)).toBeNull();
    }
    for (let at = 0; at < frame.length; at += 97) {
      const damaged = frame.map((byte, i) => (i === at ? byte ^ 0x10 : byte));
      expect(decoder.decode(damaged, 0)).toBeNull();
    }
    expect(decoder.decode(frame, 0)).not.toBeNull();
  });

  it('takes no harm from damage that checksums do not tell', async (context) => {
    needsFfmpeg(context);
    const { record, packets } = encode(FIRST);
    const decoder = await createFlacDecoder(record);
    const repaired = (packet: Uint8Array): Uint8Array => {
      const crc = crc16(packet.subarray(0, -2));
      packet.set([crc >> 8, crc & 255], packet.length - 2);
      return packet;
    };
    const patched = { ...decoder, decode: (packet: Uint8Array) => decoder.decode(repaired(packet), 0) };
    expectNoFault(patched, packets.slice(0, 4));
  });

  it('wants a record that is whole', async () => {
    await expect(createFlacDecoder(new Uint8Array(10))).rejects.toThrow(MediaError);
  });
});
