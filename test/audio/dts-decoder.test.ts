import { beforeAll, describe, expect, it } from 'vitest';
import { openDtsDecoder } from '../../src/audio/dts-decoder.ts';
import type { PacketDecoder } from '../../src/audio/pcm.ts';
import type { NativeInstance } from '../../src/audio/wasm/instance.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import {
  decodeInOrder,
  expectNoFault,
  expectPositionPure,
  expectToSurvive,
  joinChannels,
} from './wasm/decoder-checks.ts';
import { dtsFrames } from './wasm/frames.ts';
import { loadInstance } from './wasm/node-loader.ts';
import { decode, encode, errorLevel, music } from './wasm/sound.ts';

const PACKETS = 40;
let instance: NativeInstance;
const open = (): PacketDecoder => openDtsDecoder(instance);

beforeAll(async () => {
  instance = await loadInstance('dts');
});

const stream = (layout: string, channels: number): Uint8Array => {
  const options = ['-c:a', 'dca', '-strict', '-2', '-b:a', `${channels * 160 + 256}k`, '-f', 'dts'];
  return encode(music(channels, 512 * PACKETS), layout, options);
};

describe('DTS decoder', () => {
  it.for([
    ['mono', ['FC']],
    ['stereo', ['FL', 'FR']],
    ['quad(side)', ['FL', 'FR', 'SL', 'SR']],
    ['5.0(side)', ['FL', 'FR', 'FC', 'SL', 'SR']],
    ['5.1(side)', ['FL', 'FR', 'FC', 'LFE', 'SL', 'SR']],
  ] as const)('gives what ffmpeg gives: %s', ([layout, speakers], context) => {
    needsFfmpeg(context);
    const data = stream(layout, speakers.length);
    const parts = decodeInOrder(open(), dtsFrames(data));
    for (const part of parts) expect(part).toMatchObject({ rate: 48_000, speakers });
    const expected = decode(data, 'dts', speakers.length);
    const got = joinChannels(parts);
    for (const [channel, plane] of expected.entries()) {
      expect(got[channel]).toHaveLength(plane.length);
      expect(errorLevel(plane, got[channel] ?? plane.subarray(1))).toBeLessThan(-100);
    }
  });

  it('depends on the packet before alone', (context) => {
    needsFfmpeg(context);
    expectPositionPure(open, dtsFrames(stream('5.1(side)', 6)).slice(0, 20));
  });

  it('lives on after what is no frame', (context) => {
    needsFfmpeg(context);
    expectToSurvive(open, dtsFrames(stream('5.1(side)', 6)));
  });

  it('takes no harm from damaged frames', (context) => {
    needsFfmpeg(context);
    const packets = dtsFrames(stream('5.1(side)', 6));
    const decoder = open();
    expectNoFault(decoder, packets);
    decoder.close();
    expect(instance.isBroken).toBe(false);
    expectPositionPure(open, packets.slice(0, 5));
  });
});
