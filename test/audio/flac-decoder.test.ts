import { describe, expect, it } from 'vitest';
import { createFlacDecoder } from '../../src/audio/flac-decoder.ts';
import { crc16 } from '../../src/codecs/crc.ts';
import { dfLaRecord, readFlacPrivate, silentFlacFrame } from '../../src/codecs/flac.ts';
import { MediaError } from '../../src/core/errors.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
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

describe('FLAC decoder', () => {
  it.for(ROWS.map((row) => [row.name, row] as const))('gives every bit: %s', async ([, row], context) => {
    needsFfmpeg(context);
    const { file, record, packets } = encode(row);
    const parts = decodeInOrder(await createFlacDecoder(record), packets);
    for (const part of parts) expect(part).toMatchObject({ rate: row.rate, speakers: row.speakers });
    const expected = decodeWhole(file, row.channels);
    const got = joinChannels(parts);
    expect(got).toHaveLength(row.channels);
    for (const [i, plane] of expected.entries()) expect(largestError(got[i], plane)).toBe(0);
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
