import { describe, expect, it, onTestFinished } from 'vitest';
import type { PacketDecoder } from '../../src/audio/pcm.ts';
import { createVorbisDecoder, PRE_ROLL_PACKETS } from '../../src/audio/vorbis-decoder.ts';
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

const ROUNDING = 3e-6;

interface Row extends Encoding {
  /** In the order of the stream. */
  readonly speakers: readonly string[];
  /** In the order of ffmpeg, which sorts them. */
  readonly sorted: readonly string[];
}

const vorbis = (quality: number) => ({ options: ['-c:a', 'libvorbis', '-q:a', `${quality}`] });
const ROWS: readonly Row[] = [
  { ...vorbis(4), rate: 44_100, layout: 'stereo', channels: 2, speakers: ['FL', 'FR'], sorted: ['FL', 'FR'] },
  { ...vorbis(0), rate: 22_050, layout: 'mono', channels: 1, speakers: ['FC'], sorted: ['FC'] },
  {
    ...vorbis(6),
    rate: 48_000,
    layout: '5.1',
    channels: 6,
    speakers: ['FL', 'FC', 'FR', 'BL', 'BR', 'LFE'],
    sorted: ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR'],
  },
];
const [FIRST] = ROWS as [Row];
const made = new Map<Row, Uint8Array>();

function encode(row: Row) {
  const file = made.get(row) ?? encodeMatroska(row);
  made.set(row, file);
  return { file, ...readMatroska(file) };
}

async function open(headers: Uint8Array): Promise<PacketDecoder> {
  const decoder = await createVorbisDecoder(headers);
  onTestFinished(() => decoder.close());
  return decoder;
}

describe('Vorbis decoder', () => {
  it.for(
    ROWS.map((row) => [row.layout, row.rate, row] as const),
  )('gives what ffmpeg gives, sample by sample: %s %i Hz', async ([, , row], context) => {
    needsFfmpeg(context);
    const { file, codecPrivate, packets } = encode(row);
    const [first, ...parts] = decodeInOrder(await open(codecPrivate), packets);
    expect(first).toBeNull();
    for (const part of parts) expect(part).toMatchObject({ rate: row.rate, speakers: row.speakers });
    const expected = decodeWhole(file, row.channels);
    const got = joinChannels(parts);
    expect(got).toHaveLength(row.channels);
    for (const [i, plane] of got.entries()) {
      const at = row.sorted.indexOf(row.speakers[i] ?? '');
      expect(largestError(plane, expected[at])).toBeLessThan(ROUNDING);
    }
  });

  it('gives a quarter of the window before and one of its own', async (context) => {
    needsFfmpeg(context);
    const { codecPrivate, packets } = encode(FIRST);
    const parts = decodeInOrder(await open(codecPrivate), packets);
    // Windows of 256 and 2048 samples: short ones follow, a long one, or both meet.
    const lengths = new Set(parts.flatMap((part) => part?.channels[0]?.length ?? []));
    expect([...lengths].sort((a, b) => a - b)).toEqual([128, 576, 1024]);
  });

  it('gives the same in the middle after its pre-roll', async (context) => {
    needsFfmpeg(context);
    const { codecPrivate, packets } = encode(FIRST);
    const whole = decodeInOrder(await open(codecPrivate), packets);
    const jumped = decodeInOrder(await open(codecPrivate), packets.slice(20));
    expect(jumped[0]).toBeNull();
    for (const [i, part] of jumped.entries()) {
      if (i >= PRE_ROLL_PACKETS) expect(part).toEqual(whole[20 + i]);
    }
  });

  it('gives nothing for what is no sound, and goes on as if it had not been there', async (context) => {
    needsFfmpeg(context);
    const { codecPrivate, packets } = encode(FIRST);
    const decoder = await open(codecPrivate);
    const whole = decodeInOrder(await open(codecPrivate), packets);
    decodeInOrder(decoder, packets.slice(0, 20));
    const header = Uint8Array.from(codecPrivate.subarray(3));
    for (const packet of [new Uint8Array(), header, new Uint8Array(200_000)]) {
      expect(decoder.decode(packet, 20)).toBeNull();
    }
    expect(decodeInOrder(decoder, packets.slice(20))).toEqual(whole.slice(20));
  });

  it('takes no harm from damaged packets', async (context) => {
    needsFfmpeg(context);
    const { codecPrivate, packets } = encode(FIRST);
    const whole = decodeInOrder(await open(codecPrivate), packets);
    const decoder = await open(codecPrivate);
    expectNoFault(decoder, packets);
    expect(decodeInOrder(decoder, packets).slice(1)).toEqual(whole.slice(1));
  });

  it('wants headers that are whole', async (context) => {
    needsFfmpeg(context);
    const { codecPrivate } = encode(FIRST);
    const damaged = codecPrivate.map((byte, i) => (i > 200 && i < 300 ? byte ^ 0xff : byte));
    const broken = [new Uint8Array(), Uint8Array.of(2), codecPrivate.subarray(0, 100), damaged];
    for (const headers of [...broken, codecPrivate.subarray(0, 400)]) {
      await expect(createVorbisDecoder(headers)).rejects.toThrow(MediaError);
    }
  });
});
