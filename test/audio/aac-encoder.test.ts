import { beforeAll, describe, expect, it } from 'vitest';
import { type AacEncoding, audioSpecificConfig, createAacEncoding } from '../../src/audio/aac-encoder.ts';
import type { NativeInstance } from '../../src/audio/wasm/instance.ts';
import { parseAudioSpecificConfig } from '../../src/codecs/aac.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { loadInstance } from './wasm/node-loader.ts';
import { decode, errorLevel, music, noise } from './wasm/sound.ts';

const FRAME = 1024;
const STEREO = { rate: 48_000, lambda: 120, tail: 'end' } as const;
let instance: NativeInstance;
let aac: AacEncoding;

beforeAll(async () => {
  instance = await loadInstance('aac-encoder');
  aac = createAacEncoding(instance);
});

const sizeOf = (packets: readonly Uint8Array[]): number =>
  packets.reduce((sum, { length }) => sum + length, 0);

/** ISO/IEC 13818-7, 6.2, at 48 kHz. */
function adts(packet: Uint8Array, channelConfiguration: number): Uint8Array {
  const head = new BitWriter().u(0xfff1, 16).u(1, 2).u(3, 4).flag(false).u(channelConfiguration, 3).u(0, 4);
  head
    .u(packet.length + 7, 13)
    .u(0x7ff, 11)
    .u(0, 2);
  return Buffer.concat([head.bytes(), packet]);
}

/** As ffmpeg decodes them: each packet gives a frame. */
const decodeAll = (packets: readonly Uint8Array[], channels: number): Float32Array[] =>
  decode(Buffer.concat(packets.map((packet) => adts(packet, channels))), 'aac', channels);

/** Offset at which `got` follows `expected` best, of those within two frames. */
function lagOf(expected: Float32Array, got: Float32Array): number {
  const [from, size] = [4 * FRAME, 4 * FRAME];
  const alike = (lag: number): number => {
    let sum = 0;
    for (let i = from; i < from + size; i++) sum += (expected[i] ?? 0) * (got[i + lag] ?? 0);
    return sum;
  };
  const lags = Array.from({ length: 4 * FRAME + 1 }, (_, i) => i - 2 * FRAME);
  return lags.reduce((best, lag) => (alike(lag) > alike(best) ? lag : best), 0);
}

describe('AAC encoder', () => {
  it('holds the quality, by the module that is installed', () => {
    expect(aac.rateControl).toBe('quality');
    const [coarse, fine] = [30, 400].map((lambda) =>
      sizeOf(aac.encode(music(2, 40 * FRAME), { ...STEREO, lambda })),
    );
    expect(fine).toBeGreaterThan(1.5 * (coarse ?? 0));
  });

  it.each([
    { frames: 0, cut: 0, end: 0 },
    { frames: 1, cut: 0, end: 2 },
    { frames: 2, cut: 1, end: 3 },
    { frames: 20, cut: 19, end: 21 },
  ])('makes of $frames frames $cut packets, or $end at the end', ({ frames, cut, end }) => {
    const planes = music(2, frames * FRAME);
    expect(aac.encode(planes, { ...STEREO, tail: 'cut' })).toHaveLength(cut);
    expect(aac.encode(planes, STEREO)).toHaveLength(end);
  });

  it('makes the same packets with the tail cut and not, but for the last two', () => {
    const planes = music(2, 30 * FRAME);
    expect(aac.encode(planes, STEREO).slice(0, 29)).toEqual(aac.encode(planes, { ...STEREO, tail: 'cut' }));
  });

  it('makes the same of the same, whatever came before and in whichever instance', async () => {
    const planes = music(2, 20 * FRAME);
    const first = aac.encode(planes, STEREO);
    aac.encode(noise(6, 5 * FRAME), { ...STEREO, rate: 44_100 });
    expect(aac.encode(planes, STEREO)).toEqual(first);
    expect(createAacEncoding(await loadInstance('aac-encoder')).encode(planes, STEREO)).toEqual(first);
  });

  it.for([
    { channels: 1, name: 'mono' },
    { channels: 2, name: 'stereo' },
    { channels: 6, name: '5.1' },
  ])('is decoded by ffmpeg where it was, packet p to frame p - 1: $name', ({ channels }, context) => {
    needsFfmpeg(context);
    const planes = noise(channels, 12 * FRAME);
    const decoded = decodeAll(aac.encode(planes, STEREO), channels);
    expect(decoded[0]?.length).toBe(13 * FRAME);
    // the fourth of six is for low frequencies only
    const heard = planes.map((_, channel) => channel).filter((channel) => channels < 6 || channel !== 3);
    for (const channel of heard) {
      const got = decoded[channel]?.subarray(FRAME) ?? new Float32Array();
      const expected = planes[channel] ?? new Float32Array();
      expect(lagOf(expected, got)).toBe(0);
      expect(errorLevel(expected, got)).toBeLessThan(-10);
    }
  });

  it('takes what is no sound for silence', () => {
    const planes = music(2, 4 * FRAME);
    const broken = planes.map((plane) => plane.map((sample, i) => (i % 100 === 7 ? Number.NaN : sample)));
    const mended = planes.map((plane) => plane.map((sample, i) => (i % 100 === 7 ? 0 : sample)));
    expect(aac.encode(broken, STEREO)).toEqual(aac.encode(mended, STEREO));
  });

  it.each([
    ['three channels', 3, FRAME, {}, /3 channels/],
    ['no channel', 0, FRAME, {}, /0 channels/],
    ['a rate that AAC has not', 2, FRAME, { rate: 12_345 }, /12345 Hz/],
    ['half a frame', 2, FRAME / 2, {}, /frames of 1024/],
    ['no quality', 2, FRAME, { lambda: 0 }, /lambda 0/],
  ])('refuses %s, and works on', (_, channels, samples, options, message) => {
    expect(() => aac.encode(noise(channels, samples), { ...STEREO, ...options })).toThrow(message);
    expect(aac.encode(noise(2, FRAME), STEREO)).toHaveLength(2);
  });

  it('falls back on a bit rate where the module is another', () => {
    const blind = new Proxy(instance, {
      get(target, key) {
        const value = Reflect.get(target, key, target);
        if (key === 'view') return blindView(target.view);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const fallback = createAacEncoding(blind);
    expect(fallback.rateControl).toBe('bitrate');
    const kilobits = (sizeOf(fallback.encode(music(2, 100 * FRAME), STEREO)) * 8 * 48) / (100 * FRAME);
    expect(kilobits).toBeGreaterThan(170);
    expect(kilobits).toBeLessThan(210);
  });
});

/** Memory in which no bit rate is to be found. */
const blindView = (view: DataView): DataView =>
  new Proxy(view, {
    get(target, key) {
      if (key === 'getBigInt64') return () => 0n;
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

describe('AAC of segments', () => {
  const WARM_UP = 16;
  const TOTAL = 160;
  const CUTS = [0, 43, 90, TOTAL] as const;
  const planes = music(2, TOTAL * FRAME);
  const part = (from: number, to: number) => planes.map((plane) => plane.slice(from * FRAME, to * FRAME));

  /** Packets that are decoded to the frames from `a` to `b`, by an encoder that saw little more than these. */
  function segment(a: number, b: number): Uint8Array[] {
    const from = Math.max(0, a - WARM_UP);
    const isLast = b === TOTAL;
    const tail = isLast ? 'end' : 'cut';
    const packets = aac.encode(part(from, isLast ? b : b + 2), { ...STEREO, tail });
    return packets.slice(a + 1 - from, b + 1 - from);
  }

  it('joins them as if there were no border', (context) => {
    needsFfmpeg(context);
    const whole = aac.encode(planes, STEREO);
    const joined = CUTS.slice(0, -1).flatMap((cut, i) => segment(cut, CUTS[i + 1] ?? TOTAL));
    expect(joined).toHaveLength(TOTAL);

    const equal = joined.filter(
      (packet, i) => Buffer.compare(packet, whole[i + 1] ?? packet.subarray(1)) === 0,
    );
    expect(equal.length / TOTAL).toBeGreaterThanOrEqual(0.95);

    const [one, other] = [whole, [whole[0] ?? new Uint8Array(), ...joined]].map((all) => decodeAll(all, 2));
    for (const border of CUTS.slice(1, -1)) {
      for (const [channel, plane] of planes.entries()) {
        const zone = (sound: Float32Array | undefined, delay: number) =>
          sound?.slice((border - 2) * FRAME + delay, (border + 2) * FRAME + delay) ?? new Float32Array();
        const [noiseOfWhole, noiseOfJoined] = [one, other].map((decoded) =>
          errorLevel(zone(plane, 0), zone(decoded?.[channel], FRAME)),
        );
        expect((noiseOfJoined ?? 0) - (noiseOfWhole ?? 0)).toBeLessThanOrEqual(1.5);
      }
    }
  });
});

describe('audioSpecificConfig', () => {
  it.each([
    [48_000, 2, '1190'],
    [44_100, 2, '1210'],
    [48_000, 1, '1188'],
    [48_000, 6, '11b0'],
  ])('of AAC-LC at %i Hz with %i channels', (rate, channels, hex) => {
    const config = audioSpecificConfig(rate, channels);
    expect(Buffer.from(config).toString('hex')).toBe(hex);
    expect(parseAudioSpecificConfig(config)).toMatchObject({ objectType: 2, sbr: false });
  });

  it('is none for channels that are not encoded', () => {
    expect(() => audioSpecificConfig(48_000, 8)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});
