import { describe, expect, test } from 'vitest';
import { mp3CodecString, parseMpegAudioHeader, silentMp3Frame } from '../../src/codecs/mpeg-audio.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

interface Row {
  readonly header: string;
  readonly version: number;
  readonly layer: number;
  readonly rate: number;
  readonly channels: number;
  readonly kilobits: number;
  readonly size: number;
  readonly samples: number;
}

const row = (header: string, [version, layer]: readonly number[], rest: readonly number[]): Row => {
  const [rate = 0, channels = 0, kilobits = 0, size = 0, samples = 0] = rest;
  return { header, version: version ?? 0, layer: layer ?? 0, rate, channels, kilobits, size, samples };
};

/** Packets of `ffmpeg -f lavfi -i aevalsrc=… -c:a libmp3lame|mp2 -b:a … out.mp4`: their headers and sizes. */
const ENCODED = [
  row('fffb14c4', [1, 3], [48_000, 1, 32, 96, 1152]),
  row('fffb9064', [1, 3], [44_100, 2, 128, 417, 1152]),
  row('fffb9244', [1, 3], [44_100, 2, 128, 418, 1152]),
  row('fffbe844', [1, 3], [32_000, 2, 320, 1440, 1152]),
  row('fff314c4', [2, 3], [24_000, 1, 8, 24, 576]),
  row('fff3e064', [2, 3], [22_050, 2, 160, 522, 576]),
  row('fff3e244', [2, 3], [22_050, 2, 160, 523, 576]),
  row('fff38864', [2, 3], [16_000, 2, 64, 288, 576]),
  row('ffe320c4', [2.5, 3], [11_025, 1, 16, 104, 576]),
  row('ffe38864', [2.5, 3], [8000, 2, 64, 576, 576]),
  row('ffe31464', [2.5, 3], [12_000, 2, 8, 48, 576]),
  row('fffda404', [1, 2], [48_000, 2, 192, 576, 1152]),
  row('fff584c4', [2, 2], [24_000, 1, 64, 384, 1152]),
];

/** By hand: slots of four bytes in layer I (12 · 448000 / 44100 = 121, one more with padding); free format. */
const BY_HAND = [
  row('ffffe000', [1, 1], [44_100, 2, 448, 484, 384]),
  row('ffffe200', [1, 1], [44_100, 2, 448, 488, 384]),
  row('fff7e400', [2, 1], [24_000, 2, 256, 512, 384]),
  row('fffb0000', [1, 3], [44_100, 2, 0, 0, 1152]),
];

describe('frame headers', () => {
  test.each([...ENCODED, ...BY_HAND])('$header', ({ header, version, layer, rate, kilobits, ...rest }) => {
    expect(parseMpegAudioHeader(bytesOf(header))).toEqual({
      ...{ version, layer, sampleRate: rate, channels: rest.channels, bitrate: kilobits * 1000 },
      ...{ frameBytes: rest.size, samples: rest.samples, hasCrc: false },
    });
    expectMediaErrors(bytesOf(header), silentMp3Frame);
    expectMediaErrors(bytesOf(header), mp3CodecString);
  });

  /** kbit/s by bitrate_index 1 to 14: ISO/IEC 11172-3, 2.4.2.3; ISO/IEC 13818-3, 2.4.2.3. */
  test.each([
    ['ff', '32 64 96 128 160 192 224 256 288 320 352 384 416 448'],
    ['fd', '32 48 56 64 80 96 112 128 160 192 224 256 320 384'],
    ['fb', '32 40 48 56 64 80 96 112 128 160 192 224 256 320'],
    ['f7', '32 48 56 64 80 96 112 128 144 160 176 192 224 256'],
    ['f5', '8 16 24 32 40 48 56 64 80 96 112 128 144 160'],
    ['f3', '8 16 24 32 40 48 56 64 80 96 112 128 144 160'],
  ])('bit rates behind ff%s', (second, list) => {
    const rates = Array.from({ length: 14 }, (_, i) => {
      const header = bytesOf(`ff${second}${(i + 1).toString(16)}000`);
      return parseMpegAudioHeader(header).bitrate / 1000;
    });
    expect(rates.join(' ')).toBe(list);
  });

  test('a CRC is seen', () => {
    expect(parseMpegAudioHeader(bytesOf('fffa9064')).hasCrc).toBe(true);
  });

  test.each([
    ['no sync', 'fedb9064'],
    ['half a sync', 'ff7b9064'],
    ['reserved version', 'ffeb9064'],
    ['reserved layer', 'fff99064'],
    ['bitrate_index 15', 'fffbf064'],
    ['sampling_frequency 3', 'fffb9c64'],
    ['nothing', ''],
  ])('none: %s', (_, header) => {
    expect(() => parseMpegAudioHeader(bytesOf(header))).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  test.each([
    ['fffb9064', 'mp4a.6B'],
    ['fff388a0', 'mp4a.69'],
    ['ffe38864', 'mp4a.69'],
  ])('CODECS of %s', (header, expected) => {
    expect(mp3CodecString(bytesOf(header))).toBe(expected);
  });
});

describe('silent frames', () => {
  test.each([
    { name: 'as it is', header: 'fffb90c4', start: 'fffb90c4', size: 417 },
    { name: 'without padding and mode_extension', header: 'fffb9264', start: 'fffb9044', size: 417 },
    { name: 'without a CRC', header: 'fffa90c4', start: 'fffb90c4', size: 417 },
    { name: 'without the private bit', header: 'fffb91c4', start: 'fffb90c4', size: 417 },
    { name: 'at 32 kHz', header: 'fffbe8c4', start: 'fffbe8c4', size: 1440 },
    { name: 'at 48 kHz', header: 'fffb14c4', start: 'fffb14c4', size: 96 },
    { name: 'at 16 kHz, MPEG-2', header: 'fff38884', start: 'fff38884', size: 288 },
    { name: 'at 8 kHz, MPEG-2.5', header: 'ffe38884', start: 'ffe38884', size: 576 },
    { name: 'free format becomes the lowest rate', header: 'fff304c0', start: 'fff314c0', size: 24 },
  ])('$name', ({ header, start, size }) => {
    const frame = silentMp3Frame(bytesOf(header)) ?? new Uint8Array();
    expect(hexOf(frame)).toBe(start + '00'.repeat(size - 4));
  });

  test.each(['fffda404', 'ffffe000'])('none of other layers: %s', (header) => {
    expect(silentMp3Frame(bytesOf(header))).toBeNull();
  });
});
