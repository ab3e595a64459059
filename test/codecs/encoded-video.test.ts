import { describe, expect, it } from 'vitest';
import { av1Level } from '../../src/codecs/av1-level.ts';
import { encodedCodecString } from '../../src/codecs/encoded-video.ts';
import { h264Level } from '../../src/codecs/h264-level.ts';
import { h265Level } from '../../src/codecs/h265-level.ts';
import { usualColour } from '../../src/codecs/usual-colour.ts';
import type { Colour } from '../../src/core/media.ts';
import { PQ, target } from '../ffmpeg/video/rows.ts';

type Load = readonly [width: number, height: number, frameRate: number, megabits: number];
const load = ([width, height, frameRate, megabits]: Load) => ({
  width,
  height,
  frameRate,
  maxBitrate: megabits * 1e6,
});

describe('the lowest level that holds the pictures', () => {
  // By the tables of the standards: the size, the rate of samples, and the bit rate each force one.
  it.each<readonly [...Load, h264: number | null, h265: string | null, av1: number | null]>([
    [176, 144, 15, 0.06, 10, 'L30', 0],
    [640, 360, 25, 1.4, 30, 'L63', 1],
    [720, 576, 25, 2.5, 30, 'L90', 4],
    [720, 576, 50, 2.5, 31, 'L93', 5],
    [1280, 720, 30, 4.5, 31, 'L93', 5],
    [1280, 720, 60, 6, 32, 'L120', 8],
    [1920, 1080, 30, 8, 40, 'L120', 8],
    [1920, 1080, 30, 25, 40, 'L150', 12],
    [1920, 1080, 30, 26, 41, 'L153', 12],
    [1920, 1080, 60, 12, 42, 'L123', 9],
    [1080, 1920, 30, 8, 40, 'L120', 8],
    [2560, 1440, 30, 14, 50, 'L150', 12],
    [3840, 2160, 30, 24, 51, 'L150', 12],
    [3840, 2160, 60, 40, 52, 'L153', 13],
    [3840, 2160, 60, 200, 52, 'L186', null],
    [3840, 2160, 60, 300, 52, 'H183', null],
    [7680, 4320, 60, 100, 61, 'L183', 17],
    [16_384, 64, 30, 1, 60, 'L180', 16],
    [65_534, 64, 30, 1, null, null, null],
  ])('%ix%i at %d a second, %d Mbit/s: %s, %s, %s', (...row) => {
    const [width, height, rate, megabits, h264, h265, av1] = row;
    const pictures = load([width, height, rate, megabits]);
    const hevc = h265Level(pictures);
    expect([
      h264Level(pictures),
      hevc && `${hevc.tier === 'high' ? 'H' : 'L'}${hevc.idc}`,
      av1Level(pictures),
    ]).toEqual([h264, h265, av1]);
  });
});

describe('the string of what is encoded', () => {
  const hdr = { depth: 10, range: 'PQ', colour: PQ } as const;
  it.each([
    [target(), 'avc1.640028'],
    [target({ depth: 10 }), 'avc1.6e0028'],
    [target({ width: 640, height: 360, maxBitrate: 900_000 }), 'avc1.64001e'],
    [target({ codec: 'h265' }), 'hvc1.1.6.L120.90'],
    [target({ codec: 'h265', ...hdr }), 'hvc1.2.4.L120.90'],
    [
      target({ codec: 'h265', maxBitrate: 300e6, frameRate: 60, width: 3840, height: 2160 }),
      'hvc1.1.6.H183.90',
    ],
    [target({ codec: 'av1' }), 'av01.0.08M.08'],
    [target({ codec: 'av1', ...hdr }), 'av01.0.08M.10.0.110.09.16.09.0'],
    [target({ width: 65_534, height: 64 }), null],
  ])('%#: %s', (wanted, string) => {
    expect(encodedCodecString(wanted)).toBe(string);
  });
});

describe('colour that is not told', () => {
  const codes = ({ primaries, transfer, matrix, fullRange }: Colour) =>
    [primaries, transfer, matrix].join('/') + (fullRange ? ' full' : '');
  it.each<readonly [width: number, height: number, told: Colour | null, usual: string]>([
    [720, 480, null, '6/6/6'],
    [720, 486, null, '6/6/6'],
    [720, 576, null, '5/6/5'],
    [1280, 720, null, '1/1/1'],
    [720, 1280, null, '1/1/1'],
    [720, 576, { primaries: 1, transfer: 2, matrix: 2, fullRange: true }, '1/6/5 full'],
    [3840, 2160, PQ, '9/16/9'],
    [1920, 1080, { primaries: 2, transfer: 2, matrix: 0, fullRange: true }, '1/1/0 full'],
  ])('%ix%i, %o: %s', (width, height, told, usual) => {
    expect(codes(usualColour(told, width, height))).toBe(usual);
  });
});
