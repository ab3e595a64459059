import { beforeAll, describe, expect, it } from 'vitest';
import { type Ac3Decoding, createAc3Decoding } from '../../src/audio/ac3-decoder.ts';
import type { NativeInstance } from '../../src/audio/wasm/instance.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import {
  decodeInOrder,
  digest,
  expectNoFault,
  expectPositionPure,
  expectToSurvive,
  joinChannels,
} from './wasm/decoder-checks.ts';
import { ac3Frames, silentDependent, silentMain } from './wasm/frames.ts';
import { loadInstance } from './wasm/node-loader.ts';
import { decode, encode, errorLevel, music } from './wasm/sound.ts';

const SAMPLES = 1536;
const PACKETS = 20;
let instance: NativeInstance;
let decoding: Ac3Decoding;

beforeAll(async () => {
  instance = await loadInstance('ac3');
  decoding = createAc3Decoding(instance);
});

const stream = (
  codec: string,
  layout: string,
  channels: number,
  options: readonly string[] = [],
): Uint8Array => encode(music(channels, SAMPLES * PACKETS), layout, ['-c:a', codec, ...options, '-f', codec]);

const SURROUND = ['FL', 'FR', 'FC', 'LFE', 'SL', 'SR'] as const;

describe('AC-3 decoder', () => {
  it('makes dither of the index, by the module that is installed', () => {
    expect(decoding.dither).toBe('by-index');
  });

  it.for([
    ['ac3', 'mono', ['FC'], 96],
    ['ac3', 'stereo', ['FL', 'FR'], 192],
    ['ac3', '3.0', ['FL', 'FR', 'FC'], 256],
    ['ac3', '3.0(back)', ['FL', 'FR', 'BC'], 256],
    ['ac3', '4.0', ['FL', 'FR', 'FC', 'BC'], 320],
    ['ac3', 'quad(side)', ['FL', 'FR', 'SL', 'SR'], 320],
    ['ac3', '5.0(side)', ['FL', 'FR', 'FC', 'SL', 'SR'], 384],
    ['ac3', '5.1(side)', SURROUND, 384],
    ['eac3', 'stereo', ['FL', 'FR'], 128],
    ['eac3', '5.1(side)', SURROUND, 256],
  ] as const)('gives what ffmpeg gives, but for dither: %s %s', ([
    codec,
    layout,
    speakers,
    kilobits,
  ], context) => {
    needsFfmpeg(context);
    const data = stream(codec, layout, speakers.length, ['-b:a', `${kilobits}k`]);
    const parts = decodeInOrder(decoding.open(), ac3Frames(data));
    for (const part of parts) expect(part).toMatchObject({ rate: 48_000, speakers });
    const expected = decode(data, codec, speakers.length);
    const got = joinChannels(parts);
    expect(got).toHaveLength(speakers.length);
    for (const [channel, plane] of expected.entries()) {
      expect(got[channel]).toHaveLength(plane.length);
      expect(errorLevel(plane, got[channel] ?? plane.subarray(1))).toBeLessThan(-20);
    }
  });

  it.for(['ac3', 'eac3'])('depends on the packet before and on the index alone: %s', (codec, context) => {
    needsFfmpeg(context);
    expectPositionPure(decoding.open, ac3Frames(stream(codec, '5.1(side)', 6, ['-b:a', '224k'])));
  });

  it('makes other dither of another index', (context) => {
    needsFfmpeg(context);
    const [packet = new Uint8Array()] = ac3Frames(stream('ac3', '5.1(side)', 6, ['-b:a', '224k']));
    const [one, same, other] = [5, 5, 6].map((index) => decoding.open().decode(packet, index));
    const digests = [one, same, other].map((pcm) => digest(pcm ?? null));
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  it.for([
    ['ac3', ['-center_mixlev', '0.595', '-surround_mixlev', '0.5'], 2 ** -0.75, 0.5],
    ['ac3', ['-center_mixlev', '0.5', '-surround_mixlev', '0'], 0.5, 0],
    ['ac3', ['-loro_cmixlev', '1.0', '-loro_surmixlev', '0.841'], 1, 2 ** -0.25],
    ['eac3', ['-loro_cmixlev', '1.189', '-loro_surmixlev', '0.595'], 2 ** 0.25, 2 ** -0.75],
    ['eac3', ['-loro_cmixlev', '0', '-loro_surmixlev', '0.707'], 0, Math.SQRT1_2],
  ] as const)('knows how the stream is to be mixed: %s %s', ([codec, options, center, surround], context) => {
    needsFfmpeg(context);
    const [packet = new Uint8Array()] = ac3Frames(stream(codec, '5.1(side)', 6, options));
    const mix = decoding.open().decode(packet, 0)?.mix;
    expect(mix?.center).toBeCloseTo(center, 6);
    expect(mix?.surround).toBeCloseTo(surround, 6);
  });

  it('knows nothing of it where there is nothing to mix, or nothing said', (context) => {
    needsFfmpeg(context);
    const packets = [stream('ac3', 'stereo', 2), stream('eac3', '5.1(side)', 6)].map(
      (data) => ac3Frames(data)[0] ?? new Uint8Array(),
    );
    for (const packet of packets) expect(decoding.open().decode(packet, 0)).not.toHaveProperty('mix');
  });

  it('joins the frames of one packet', (context) => {
    needsFfmpeg(context);
    const [one = new Uint8Array(), two = new Uint8Array()] = ac3Frames(stream('ac3', 'stereo', 2));
    const pair = decoding.open().decode(Buffer.concat([one, two]), 0);
    const single = decoding.open().decode(one, 0);
    expect(pair?.channels[0]).toHaveLength(2 * SAMPLES);
    expect(pair?.channels.map((plane) => plane.slice(0, SAMPLES))).toEqual(single?.channels);
  });

  it('gives eight channels where dependent frames bring the surrounds of 7.1', () => {
    const packet = Buffer.concat([silentMain(), silentDependent(4, 0x1a00)]);
    const decoder = decoding.open();
    for (const index of [0, 1]) {
      const pcm = decoder.decode(packet, index);
      expect(pcm?.speakers).toEqual(['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'SL', 'SR']);
      expect(pcm?.channels.map(({ length }) => length)).toEqual(Array(8).fill(SAMPLES));
    }
  });

  it.for(['ac3', 'eac3'])('lives on after what is no frame: %s', (codec, context) => {
    needsFfmpeg(context);
    expectToSurvive(decoding.open, ac3Frames(stream(codec, '5.1(side)', 6)));
  });

  it.for(['ac3', 'eac3'])('takes no harm from damaged frames: %s', (codec, context) => {
    needsFfmpeg(context);
    const packets = ac3Frames(stream(codec, '5.1(side)', 6));
    const decoder = decoding.open();
    expectNoFault(decoder, packets);
    decoder.close();
    expect(instance.isBroken).toBe(false);
    expectPositionPure(decoding.open, packets.slice(0, 5));
  });
});
