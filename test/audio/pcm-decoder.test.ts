import { describe, expect, it } from 'vitest';
import type { Pcm } from '../../src/audio/pcm.ts';
import { createPcmDecoder, defaultSpeakers } from '../../src/audio/pcm-decoder.ts';
import { MediaError } from '../../src/core/errors.ts';
import type { PcmFormat } from '../../src/core/media.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { someOf } from '../helpers/rows.ts';

const format = (encoding: PcmFormat['encoding'], bits: number, isBigEndian = false): PcmFormat => ({
  encoding,
  bits,
  isBigEndian,
});
const decode = (form: PcmFormat, channels: number, packet: Uint8Array): Pcm | null =>
  createPcmDecoder(form, { rate: 48_000, channels }).decode(packet, 0);

const FORMS: readonly (readonly [string, PcmFormat])[] = [
  ['s8', format('signed', 8)],
  ['u8', format('unsigned', 8)],
  ...(['signed', 'unsigned'] as const).flatMap((encoding) =>
    [16, 24, 32].flatMap((bits) =>
      [false, true].map(
        (isBig) =>
          [`${encoding[0]}${bits}${isBig ? 'be' : 'le'}`, format(encoding, bits, isBig)] as [
            string,
            PcmFormat,
          ],
      ),
    ),
  ),
  ['f32le', format('float', 32)],
  ['f32be', format('float', 32, true)],
  ['f64le', format('float', 64)],
  ['f64be', format('float', 64, true)],
  ['alaw', format('alaw', 8)],
  ['mulaw', format('mulaw', 8)],
];

describe('PCM decoder', () => {
  it.for(someOf(FORMS, 3))('gives what ffmpeg gives: %s', ([name, form], context) => {
    needsFfmpeg(context);
    const source = 'aevalsrc=0.9*sin(700*t)+0.1*random(0)|1.2*sin(90*t):s=48000:d=0.2';
    const data = run('ffmpeg', ['-f', 'lavfi', '-i', source, '-f', name, '-'], new Uint8Array()).stdout;
    const raw = run(
      'ffmpeg',
      ['-f', name, '-ar', '48000', '-ac', '2', '-i', '-', '-f', 'f64le', '-'],
      data,
    ).stdout;
    const expected = new Float64Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
    const pcm = decode(form, 2, data);
    expect(pcm).toMatchObject({ rate: 48_000, speakers: ['FL', 'FR'] });
    for (const channel of [0, 1]) {
      const plane = Float32Array.from(expected.filter((_, i) => i % 2 === channel));
      expect(plane).toHaveLength(9600);
      expect(pcm?.channels[channel]).toEqual(plane);
    }
  });

  it.each([
    ['little', false, [0x01, 0x00, 0xf0, 0xff, 0xff]],
    ['big', true, [0x00, 0x00, 0x1f, 0xff, 0xff]],
  ] as const)('unpacks two samples of 20 bits from five bytes: %s endian', (_, isBigEndian, bytes) => {
    const pcm = decode(format('signed', 20, isBigEndian), 2, Uint8Array.from([...bytes, ...bytes]));
    const [one, minus] = [2 ** -19, -(2 ** -19)];
    expect(pcm?.channels).toEqual([Float32Array.of(one, one), Float32Array.of(minus, minus)]);
  });

  it('reads twenty bits of three channels across packed pairs', () => {
    const packet = Uint8Array.of(0x80, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0x20, 0, 0, 0, 0);
    const pcm = decode(format('signed', 20, true), 3, packet);
    expect(pcm?.channels).toEqual([
      Float32Array.of(-1, 0),
      Float32Array.of(0, 0.25),
      Float32Array.of(0.5, 0),
    ]);
  });

  it.each([
    [16, 2, 7, 1],
    [24, 6, 17, 0],
    [24, 6, 18, 1],
    [20, 1, 4, 1],
    [20, 1, 5, 2],
    [8, 1, 0, 0],
  ])('leaves out what is no whole sample: %i bits, %i channels, %i bytes', (bits, channels, bytes, samples) => {
    const pcm = decode(format('signed', bits), channels, new Uint8Array(bytes));
    expect(pcm?.channels.map(({ length }) => length)).toEqual(Array(channels).fill(samples));
  });

  it('takes what is no number for silence', () => {
    const values = new Float32Array([Number.NaN, Number.POSITIVE_INFINITY, 0.5]);
    expect(decode(format('float', 32), 1, new Uint8Array(values.buffer))?.channels).toEqual([
      Float32Array.of(0, 0, 0.5),
    ]);
  });

  it.each([
    ['float', 16, 2],
    ['signed', 12, 2],
    ['alaw', 16, 2],
    ['signed', 16, 9],
    ['signed', 16, 0],
  ] as const)('does not decode %s of %i bits with %i channels', (encoding, bits, channels) => {
    expect(() => createPcmDecoder(format(encoding, bits), { rate: 48_000, channels })).toThrow(MediaError);
  });
});

describe('default speakers', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('names %i channels', (channels) => {
    expect(new Set(defaultSpeakers(channels)).size).toBe(channels);
  });

  it.each([0, 9, 0.5])('has no names for %d', (channels) => {
    expect(defaultSpeakers(channels)).toBeNull();
  });
});
