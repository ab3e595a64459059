import { describe, expect, it, onTestFinished } from 'vitest';
import { createOpusDecoder, PRE_ROLL_SAMPLES } from '../../src/audio/opus-decoder.ts';
import type { PacketDecoder } from '../../src/audio/pcm.ts';
import { dOpsRecord, opusPacketSamples, parseOpusHead, silentOpusPacket } from '../../src/codecs/opus.ts';
import { MediaError } from '../../src/core/errors.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import {
  decodeWhole,
  type Encoding,
  encodeMatroska,
  largestError,
  readMatroska,
} from './matroska-packets.ts';
import { decodeInOrder, expectNoFault, joinChannels } from './wasm/decoder-checks.ts';

/** ffmpeg's libopus gives 16 bits: a step of them is 3e-5. */
const STEPS = 1e-4;

interface Row extends Encoding {
  readonly name: string;
  /** In the order of the stream. */
  readonly speakers: readonly string[];
  /** In the order of ffmpeg, which sorts them. */
  readonly sorted: readonly string[];
}

const opus = (...options: readonly string[]) => ({
  options: ['-c:a', 'libopus', '-mapping_family', '0', ...options],
  rate: 48_000,
});
const surround = (...options: readonly string[]) => ({
  options: ['-c:a', 'libopus', '-mapping_family', '1', ...options],
  rate: 48_000,
});
const stereo = { layout: 'stereo', channels: 2, speakers: ['FL', 'FR'], sorted: ['FL', 'FR'] };

const ROWS: readonly Row[] = [
  { name: 'stereo', ...opus('-b:a', '128k'), ...stereo },
  {
    name: 'mono, speech',
    ...opus('-b:a', '16k', '-application', 'voip'),
    layout: 'mono',
    channels: 1,
    speakers: ['FC'],
    sorted: ['FC'],
  },
  { name: 'frames of 60 ms', ...opus('-b:a', '96k', '-frame_duration', '60'), ...stereo },
  { name: 'frames of 2.5 ms', ...opus('-b:a', '128k', '-frame_duration', '2.5'), ...stereo },
  {
    name: '5.1',
    ...surround('-b:a', '256k'),
    layout: '5.1',
    channels: 6,
    speakers: ['FL', 'FC', 'FR', 'BL', 'BR', 'LFE'],
    sorted: ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR'],
  },
  {
    name: '7.1',
    ...surround('-b:a', '400k'),
    layout: '7.1',
    channels: 8,
    speakers: ['FL', 'FC', 'FR', 'SL', 'SR', 'BL', 'BR', 'LFE'],
    sorted: ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'SL', 'SR'],
  },
];

const made = new Map<Row, Uint8Array>();

function encode(row: Row) {
  const file = made.get(row) ?? encodeMatroska(row);
  made.set(row, file);
  const { codecPrivate, packets } = readMatroska(file);
  const head = parseOpusHead(codecPrivate);
  return { file, head, record: dOpsRecord(head), packets };
}

async function open(record: Uint8Array): Promise<PacketDecoder> {
  const decoder = await createOpusDecoder(record);
  onTestFinished(() => decoder.close());
  return decoder;
}

const [FIRST] = ROWS as [Row];

describe('Opus decoder', () => {
  it.for(
    ROWS.map((row) => [row.name, row] as const),
  )('gives what libopus gives in ffmpeg, pre-skip and all: %s', async ([, row], context) => {
    needsFfmpeg(context);
    const { file, record, packets } = encode(row);
    const parts = decodeInOrder(await open(record), packets);
    for (const [i, part] of parts.entries()) {
      expect(part).toMatchObject({ rate: 48_000, speakers: row.speakers });
      expect(part?.channels[0]).toHaveLength(opusPacketSamples(packets[i] ?? new Uint8Array()) ?? 0);
    }
    const expected = decodeWhole(file, row.channels, ['-c:a', 'libopus']);
    const got = joinChannels(parts);
    expect(got).toHaveLength(row.channels);
    for (const [i, plane] of got.entries()) {
      const at = row.sorted.indexOf(row.speakers[i] ?? '');
      expect(largestError(plane, expected[at])).toBeLessThan(STEPS);
    }
  });

  it('comes near after its pre-roll, and to the same after 0.4 s', async (context) => {
    needsFfmpeg(context);
    const { record, packets } = encode(FIRST);
    const whole = decodeInOrder(await open(record), packets);
    const jumped = decodeInOrder(await open(record), packets.slice(20));
    const errors = jumped.map((part, i) => largestError(part?.channels[0], whole[20 + i]?.channels[0]));
    expect(errors[PRE_ROLL_SAMPLES / 960]).toBeLessThan(0.15);
    expect(Math.max(...errors.slice(20))).toBeLessThan(1e-4);
  });

  it('applies the output gain', async (context) => {
    needsFfmpeg(context);
    const { head, record, packets } = encode(FIRST);
    const [packet = new Uint8Array()] = packets.slice(10);
    const plain = (await open(record)).decode(packet, 0)?.channels[0];
    const louder = await open(dOpsRecord({ ...head, gain: 6 * 256 }));
    const expected = plain?.map((sample) => sample * 10 ** (6 / 20));
    expect(largestError(louder.decode(packet, 0)?.channels[0], expected)).toBeLessThan(1e-6);
  });

  it('decodes the silence that is made here', async (context) => {
    needsFfmpeg(context);
    for (const row of ROWS) {
      const { head, record } = encode(row);
      const pcm = (await open(record)).decode(silentOpusPacket(head, 960) ?? new Uint8Array(), 0);
      expect(pcm?.channels).toHaveLength(row.channels);
      for (const plane of pcm?.channels ?? []) {
        expect(largestError(plane, new Float32Array(960))).toBeLessThan(1e-9);
      }
    }
  });

  it('gives nothing for what is broken, and lives on', async (context) => {
    needsFfmpeg(context);
    const { record, packets } = encode(FIRST);
    const decoder = await open(record);
    const [first = new Uint8Array(), second = new Uint8Array()] = packets;
    const empty = new Uint8Array();
    /** Three frames, which do not share the bytes evenly; a length beyond the end; too large. */
    const broken = [
      empty,
      Uint8Array.of(3, 3, 1, 2, 3, 4),
      Uint8Array.of(2, 200, 1),
      new Uint8Array(20_000).fill(252),
    ];
    for (const packet of broken) expect(decoder.decode(packet, 0)).toBeNull();
    expect(decoder.decode(first, 1)).toMatchObject({ speakers: ['FL', 'FR'] });
    expect(decoder.decode(second, 2)?.channels[0]).toHaveLength(960);
  });

  it('takes no harm from damaged packets', async (context) => {
    needsFfmpeg(context);
    for (const row of ROWS.slice(0, 2)) {
      const { record, packets } = encode(row);
      expectNoFault(await open(record), packets);
    }
  });

  it.each([
    ['no version', []],
    ['nine channels', [0, 9, 1, 56, 0, 0, 187, 128, 0, 0, 1, 9, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]],
    ['ambisonics', [0, 4, 1, 56, 0, 0, 187, 128, 0, 0, 2, 4, 0, 0, 1, 2, 3]],
  ])('does not open with %s', async (_, record) => {
    await expect(createOpusDecoder(Uint8Array.from(record))).rejects.toThrow(MediaError);
  });
});
