import { describe, expect, it } from 'vitest';
import { createAlacDecoder } from '../../src/audio/alac-decoder.ts';
import { alacRecord, readAlacCookie, silentAlacFrame } from '../../src/codecs/alac.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { MediaError } from '../../src/core/errors.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { someOf } from '../helpers/rows.ts';
import {
  decodeWhole,
  type Encoding,
  encodeMatroska,
  largestError,
  readMatroska,
} from './matroska-packets.ts';
import { decodeInOrder, digest, expectNoFault, joinChannels } from './wasm/decoder-checks.ts';

interface Row extends Encoding {
  readonly name: string;
  /** In the order of the stream. */
  readonly speakers: readonly string[];
  /** In the order of ffmpeg, which sorts them. */
  readonly sorted: readonly string[];
}

const alac = (format: string, ...options: readonly string[]) => ({
  options: ['-c:a', 'alac', '-sample_fmt', format, ...options],
  rate: 48_000,
});
const mono = { layout: 'mono', channels: 1, speakers: ['FC'], sorted: ['FC'] };
const stereo = { layout: 'stereo', channels: 2, speakers: ['FL', 'FR'], sorted: ['FL', 'FR'] };
const surround = {
  layout: '5.1',
  channels: 6,
  speakers: ['FC', 'FL', 'FR', 'BL', 'BR', 'LFE'],
  sorted: ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR'],
};
const wide = {
  layout: '7.1(wide)',
  channels: 8,
  speakers: ['FC', 'FLC', 'FRC', 'FL', 'FR', 'BL', 'BR', 'LFE'],
  sorted: ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'FLC', 'FRC'],
};

const ROWS: readonly Row[] = [
  { name: '16 bits, mono', ...alac('s16p'), ...mono },
  { name: '16 bits, stereo', ...alac('s16p'), ...stereo },
  { name: '16 bits, 5.1', ...alac('s16p'), ...surround },
  { name: '16 bits, 7.1', ...alac('s16p'), ...wide },
  { name: '24 bits, mono', ...alac('s32p'), ...mono },
  { name: '24 bits, stereo', ...alac('s32p'), ...stereo },
  { name: '24 bits, 5.1', ...alac('s32p'), ...surround },
  { name: '44.1 kHz', ...alac('s16p'), ...stereo, rate: 44_100 },
  {
    name: 'order 30',
    ...alac('s16p', '-min_prediction_order', '30', '-max_prediction_order', '30'),
    ...stereo,
  },
  { name: 'order 1', ...alac('s16p', '-min_prediction_order', '1', '-max_prediction_order', '1'), ...stereo },
  { name: 'plain frames', ...alac('s16p', '-compression_level', '0'), ...stereo },
  { name: 'the lowest compression', ...alac('s16p', '-compression_level', '1'), ...stereo },
  { name: 'noise beyond compression', ...alac('s16p', '-af', 'volume=40dB'), ...stereo },
  { name: 'silence, then sound', ...alac('s16p', '-af', "volume=0:enable='lt(t,0.5)'"), ...stereo },
  { name: 'very soft', ...alac('s16p', '-af', 'volume=-85dB'), ...stereo },
];

const made = new Map<Row, Uint8Array>();

function encode(row: Row) {
  const file = made.get(row) ?? encodeMatroska(row);
  made.set(row, file);
  const { codecPrivate, packets } = readMatroska(file);
  return { file, record: alacRecord(readAlacCookie(codecPrivate)), packets };
}

const STEREO = ROWS[1] as Row;

/** ALACSpecificConfig of frames of 16 samples. */
const cookie = (bitDepth: number, channels: number): Uint8Array =>
  new BitWriter()
    .u(16, 32)
    .u(0, 8)
    .u(bitDepth, 8)
    .u(40, 8)
    .u(10, 8)
    .u(14, 8)
    .u(channels, 8)
    .u(0, 80)
    .u(48_000, 32)
    .bytes();

/** Elements of filling and data, then one of plain samples; the last frame of a stream may be shorter. */
function plainFrame(bitDepth: number, values: readonly number[]): Uint8Array {
  const bits = new BitWriter()
    .u(6, 3)
    .u(15, 4)
    .u(3, 8)
    .u(0, 17 * 8);
  bits.u(4, 3).u(0, 4).flag(true).u(2, 8).align().u(0xabcd, 16);
  bits.u(0, 3).u(0, 16).flag(true).u(0, 2).flag(true).u(values.length, 32);
  for (const value of values) bits.u(value < 0 ? value + 2 ** bitDepth : value, bitDepth);
  return bits.u(7, 3).bytes();
}

describe('ALAC decoder', () => {
  it.for(someOf(ROWS, 3).map((row) => [row.name, row] as const))('gives every bit: %s', ([
    ,
    row,
  ], context) => {
    needsFfmpeg(context);
    const { file, record, packets } = encode(row);
    const parts = decodeInOrder(createAlacDecoder(record), packets);
    for (const part of parts) expect(part).toMatchObject({ rate: row.rate, speakers: row.speakers });
    const expected = decodeWhole(file, row.channels);
    const got = joinChannels(parts);
    expect(got).toHaveLength(row.channels);
    for (const [i, plane] of got.entries()) {
      expect(largestError(plane, expected[row.sorted.indexOf(row.speakers[i] ?? '')])).toBe(0);
    }
  });

  it.each([16, 20, 24, 32])('reads plain samples of %i bits behind what is no sound', (bits) => {
    const values = [0, 1, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1))];
    const pcm = createAlacDecoder(cookie(bits, 1)).decode(plainFrame(bits, values), 0);
    expect(pcm?.channels).toEqual([Float32Array.from(values, (value) => value / 2 ** (bits - 1))]);
  });

  it.each(
    [16, 20, 24, 32].flatMap((bits) => [1, 2, 3, 4, 5, 6, 7, 8].map((channels) => [bits, channels])),
  )('decodes the silence that is made here: %i bits, %i channels', (bits, channels) => {
    const record = cookie(bits, channels);
    for (const samples of [1, 16]) {
      const frame = silentAlacFrame(record, samples) ?? new Uint8Array();
      const pcm = createAlacDecoder(record).decode(frame, 0);
      expect(pcm?.channels).toEqual(Array(channels).fill(new Float32Array(samples)));
      expect(new Set(pcm?.speakers).size).toBe(channels);
    }
  });

  it('decodes each frame for itself', (context) => {
    needsFfmpeg(context);
    const { record, packets } = encode(STEREO);
    const decoder = createAlacDecoder(record);
    const inOrder = packets.map((packet) => digest(decoder.decode(packet, 0)));
    const backwards = packets.toReversed().map((packet) => digest(decoder.decode(packet, 0)));
    expect(backwards.toReversed()).toEqual(inOrder);
  });

  it('gives nothing for what ends early or has other elements, and lives on', (context) => {
    needsFfmpeg(context);
    const { record, packets } = encode(STEREO);
    const decoder = createAlacDecoder(record);
    const [frame = new Uint8Array()] = packets;
    for (const size of [0, 1, 3, 10, frame.length >> 1]) {
      expect(decoder.decode(frame.subarray(0, size), 0)).toBeNull();
    }
    /** The end, coupling, configuration. */
    for (const first of [0xe0, 0x40, 0xa0]) {
      expect(decoder.decode(new Uint8Array(frame.length).fill(first, 0, 1), 0)).toBeNull();
    }
    expect(
      createAlacDecoder(cookie(16, 1)).decode(silentAlacFrame(cookie(16, 2), 16) ?? frame, 0),
    ).toBeNull();
    expect(decoder.decode(frame, 0)).not.toBeNull();
    const noLimit = record.map((byte, i) => (i === 8 ? 0 : byte));
    expect(createAlacDecoder(noLimit).decode(frame, 0)).toBeNull();
  });

  it('takes no harm from damaged frames', (context) => {
    needsFfmpeg(context);
    for (const row of [ROWS[1] as Row, ROWS[6] as Row]) {
      const { record, packets } = encode(row);
      expectNoFault(createAlacDecoder(record), packets.slice(0, 4));
    }
  });

  it('wants a record that is whole', () => {
    expect(() => createAlacDecoder(new Uint8Array(10))).toThrow(MediaError);
  });
});
