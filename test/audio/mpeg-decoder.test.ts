import { describe, expect, it, onTestFinished } from 'vitest';
import { createMpegDecoder, PRE_ROLL_PACKETS } from '../../src/audio/mpeg-decoder.ts';
import type { PacketDecoder } from '../../src/audio/pcm.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { decodeWhole, encodeMatroska, largestError, readMatroska } from './matroska-packets.ts';
import { decodeInOrder, expectNoFault, joinChannels } from './wasm/decoder-checks.ts';

/** A tenth of a step of 16 bits: what rounding does to sums of floats. */
const ROUNDING = 3e-6;

async function open(): Promise<PacketDecoder> {
  const decoder = await createMpegDecoder();
  onTestFinished(() => decoder.close());
  return decoder;
}

interface Row {
  readonly encoder: string;
  readonly decoder: string;
  readonly rate: number;
  readonly channels: 1 | 2;
  readonly bitrate: string;
  readonly samples: number;
}

const mp3 = { encoder: 'libmp3lame', decoder: 'mp3float' };
const mp2 = { encoder: 'mp2', decoder: 'mp2float' };
const ROWS: readonly Row[] = [
  { ...mp3, rate: 44_100, channels: 2, bitrate: '128k', samples: 1152 },
  { ...mp3, rate: 48_000, channels: 2, bitrate: '320k', samples: 1152 },
  { ...mp3, rate: 32_000, channels: 1, bitrate: '48k', samples: 1152 },
  { ...mp3, rate: 22_050, channels: 2, bitrate: '64k', samples: 576 },
  { ...mp3, rate: 11_025, channels: 1, bitrate: '16k', samples: 576 },
  { ...mp2, rate: 48_000, channels: 2, bitrate: '192k', samples: 1152 },
  { ...mp2, rate: 44_100, channels: 1, bitrate: '96k', samples: 1152 },
  { ...mp2, rate: 24_000, channels: 2, bitrate: '96k', samples: 1152 },
];

const made = new Map<Row, Uint8Array>();

function encode(row: Row): Uint8Array {
  const { encoder, bitrate, rate, channels } = row;
  const options = ['-c:a', encoder, '-b:a', bitrate];
  const layout = channels === 1 ? 'mono' : 'stereo';
  const file = made.get(row) ?? encodeMatroska({ options, rate, channels, layout });
  made.set(row, file);
  return file;
}

const SPEAKERS = { 1: ['FC'], 2: ['FL', 'FR'] };

describe('MPEG audio decoder', () => {
  it.for(
    ROWS.map((row) => [row.encoder, row.rate, row.channels, row] as const),
  )('gives what ffmpeg gives, from the first sample on: %s %i Hz %i channels', async ([
    ,
    ,
    ,
    row,
  ], context) => {
    needsFfmpeg(context);
    const file = encode(row);
    const parts = decodeInOrder(await open(), readMatroska(file).packets);
    for (const part of parts) {
      expect(part).toMatchObject({ rate: row.rate, speakers: SPEAKERS[row.channels] });
      expect(part?.channels.map(({ length }) => length)).toEqual(Array(row.channels).fill(row.samples));
    }
    const expected = decodeWhole(file, row.channels, ['-c:a', row.decoder]);
    const got = joinChannels(parts);
    expect(got).toHaveLength(row.channels);
    for (const [i, plane] of expected.entries()) expect(largestError(got[i], plane)).toBeLessThan(ROUNDING);
  });

  it.for(
    ROWS.map((row) => [row.encoder, row.bitrate, row] as const),
  )('gives the same in the middle after its pre-roll, and as many samples before: %s %s', async ([
    ,
    ,
    row,
  ], context) => {
    needsFfmpeg(context);
    const { packets } = readMatroska(encode(row));
    const whole = decodeInOrder(await open(), packets);
    const from = 7;
    const jumped = decodeInOrder(await open(), packets.slice(from));
    expect(jumped.map((part) => part?.channels[0]?.length)).toEqual(
      packets.slice(from).map(() => row.samples),
    );
    for (const [i, part] of jumped.entries()) {
      if (i < PRE_ROLL_PACKETS) continue;
      part?.channels.forEach((plane, channel) => {
        expect(largestError(plane, whole[from + i]?.channels[channel])).toBeLessThan(ROUNDING);
      });
    }
  });

  const row = ROWS[0] as Row;

  it('gives nothing for what is no frame, and lives on', async (context) => {
    needsFfmpeg(context);
    const { packets } = readMatroska(encode(row));
    const whole = decodeInOrder(await open(), packets);
    const decoder = await open();
    const at = 4;
    const frame = packets[at] ?? new Uint8Array();
    const broken = [
      new Uint8Array(),
      new Uint8Array(400),
      frame.subarray(0, 3),
      frame.subarray(0, frame.length - 1),
      frame.map((byte, i) => (i === 2 ? byte & 0x0f : byte)),
      frame.map((byte) => byte ^ 0xff),
    ];
    decodeInOrder(decoder, packets.slice(0, at));
    for (const packet of broken) expect(decoder.decode(packet, at)).toBeNull();
    const rest = decodeInOrder(decoder, packets.slice(at));
    expect(largestError(joinChannels(rest)[0], joinChannels(whole.slice(at))[0])).toBeLessThan(ROUNDING);
  });

  it('takes the first frame for one of its packet when bytes follow it', async (context) => {
    needsFfmpeg(context);
    const [first = new Uint8Array(), second = new Uint8Array()] = readMatroska(encode(row)).packets;
    const decoder = await open();
    const both = Uint8Array.from([...first, ...second]);
    expect(decoder.decode(both, 0)?.channels[0]).toHaveLength(1152);
    expect(decoder.decode(second, 1)?.channels[0]).toHaveLength(1152);
  });

  it('follows a change of layer, rate and channels', async (context) => {
    needsFfmpeg(context);
    const decoder = await open();
    for (const other of [...ROWS, ...ROWS]) {
      const parts = decodeInOrder(decoder, readMatroska(encode(other)).packets.slice(0, 3));
      for (const part of parts) expect(part?.channels[0]).toHaveLength(other.samples);
      expect(parts[1]).toMatchObject({ rate: other.rate, speakers: SPEAKERS[other.channels] });
    }
  });

  it('gives nothing for an Info frame at the beginning, then every frame', async (context) => {
    needsFfmpeg(context);
    const { packets } = readMatroska(encode(row));
    const info = (packets[0] ?? new Uint8Array()).slice().fill(0, 4);
    info.set(
      [...'Info'].map((char) => char.charCodeAt(0)),
      36,
    );
    const decoder = await open();
    expect(decoder.decode(info, 0)).toBeNull();
    const whole = decodeInOrder(await open(), packets);
    const got = joinChannels(decodeInOrder(decoder, packets));
    expect(largestError(got[0], joinChannels(whole)[0])).toBeLessThan(ROUNDING);
  });

  it('decodes layer I', async () => {
    const decoder = await open();
    for (let i = 0; i < 4; i++) decoder.decode(layerOne(), i);
    const pcm = decoder.decode(layerOne(), 4);
    expect(pcm).toMatchObject({ rate: 48_000, speakers: ['FC'] });
    expect(pcm?.channels[0]).toHaveLength(384);
    const peak = Math.max(...(pcm?.channels[0] ?? []));
    // A constant of 2/3 in the lowest subband, whose 32 samples each stand for one of them.
    expect(peak).toBeGreaterThan(0.5);
    expect(peak).toBeLessThan(1.2);
  });

  it('takes no harm from damaged frames', async (context) => {
    needsFfmpeg(context);
    for (const other of [row, ROWS[5] as Row]) {
      expectNoFault(await open(), readMatroska(encode(other)).packets.slice(0, 20));
    }
  });
});

/** Mono, 128 kbit/s, 48 kHz: the lowest subband alone, two bits a sample, all of one value. ISO/IEC 11172-3, 2.4.1.5. */
function layerOne(): Uint8Array {
  const bits = new BitWriter().u(0xffff, 16).u(4, 4).u(1, 2).u(0, 2).u(3, 2).u(0, 6);
  bits.u(1, 4);
  for (let band = 1; band < 32; band++) bits.u(0, 4);
  bits.u(3, 6);
  for (let i = 0; i < 12; i++) bits.u(2, 2);
  const frame = new Uint8Array(128);
  frame.set(bits.bytes());
  return frame;
}
