import { describe, expect, it } from 'vitest';
import { clliPayload, mdcvPayload } from '../../../src/codecs/hdr.ts';
import type { EncodeRun } from '../../../src/core/encoding.ts';
import type { VideoTrack } from '../../../src/core/media.ts';
import type { Capabilities } from '../../../src/ffmpeg/video/capabilities.ts';
import { encodeArguments } from '../../../src/ffmpeg/video/encode-arguments.ts';
import { ENCODERS } from '../../../src/ffmpeg/video/encoder-table.ts';
import { HWACCELS } from '../../../src/ffmpeg/video/hardware-decoding.ts';
import { ABLE, HLG, PQ, run, target, track } from './rows.ts';

/** One line a group of arguments, as a person reads them. */
const readable = (args: readonly string[]): string =>
  args
    .map((arg, i) => (/^-[a-z]/.test(arg) && i > 0 ? `\n  ${arg}` : i > 0 ? ` ${arg}` : `  ${arg}`))
    .join('');

const interlaced = (codec: 'mpeg2' | 'vc1', given: Partial<VideoTrack> = {}): VideoTrack =>
  track({
    decodeOnly: { codec, codecId: 'V_MPEG2', codecPrivate: new Uint8Array(0), mayBeInterlaced: true },
    ...given,
  });

const masteringDisplay = mdcvPayload({
  green: { x: 13_250, y: 34_500 },
  blue: { x: 7500, y: 3000 },
  red: { x: 34_000, y: 16_000 },
  white: { x: 15_635, y: 16_450 },
  maxLuminance: 40_000_000,
  minLuminance: 50,
});
const contentLight = clliPayload({ maxContent: 1200, maxAverage: 300 });
const hdr10 = track({ width: 3840, height: 2160, colour: PQ, masteringDisplay, contentLight });
const kept = { depth: 10, range: 'PQ', colour: PQ, maxBitrate: 6_000_000 } as const;
const dolbyVision = (profile: number, compatibility: number): Uint8Array =>
  Uint8Array.of(1, 0, (profile << 1) & 255, 0x35, compatibility << 4);

type Row = readonly [what: string, run: EncodeRun];

/** What of the source and the target decides about the command line. */
const ROWS: readonly Row[] = [
  ['a film as it is', run()],
  ['from 90 s on, 50 pictures a second', run({ from: 90_000_000, target: target({ frameRate: 50 }) })],
  [
    'PAL of a DVD: interlaced, 16:9, colour not told',
    run({
      source: interlaced('mpeg2', { width: 720, height: 576, pixelAspect: { h: 64, v: 45 }, colour: null }),
      target: target({
        width: 720,
        height: 576,
        colour: { primaries: 5, transfer: 6, matrix: 5, fullRange: false },
        maxBitrate: 2_500_000,
      }),
    }),
  ],
  [
    'anamorphic HDV made smaller, in another matrix and range',
    run({
      source: track({
        width: 1440,
        height: 1080,
        pixelAspect: { h: 4, v: 3 },
        colour: { primaries: 6, transfer: 6, matrix: 6, fullRange: true },
      }),
      target: target({ width: 1280, height: 720, maxBitrate: 4_000_000 }),
    }),
  ],
  [
    'red, green and blue',
    run({
      source: track({
        colour: null,
        decodeOnly: {
          codec: 'intra',
          codecId: 'V_UNCOMPRESSED',
          codecPrivate: new Uint8Array(0),
          mayBeInterlaced: false,
        },
      }),
    }),
  ],
  [
    'Motion JPEG, which is full range BT.601 of any size',
    run({
      source: track({
        colour: null,
        decodeOnly: {
          codec: 'intra',
          codecId: 'V_MJPEG',
          codecPrivate: new Uint8Array(0),
          mayBeInterlaced: false,
        },
      }),
    }),
  ],
  ['HDR10 of 2160 lines as SDR of 1080', run({ source: hdr10 })],
  ['HLG as SDR', run({ source: track({ colour: HLG }) })],
  [
    'Dolby Vision with a base layer of HDR10 that tells no colour, as SDR',
    run({ source: track({ colour: null, dolbyVision: dolbyVision(8, 1) }) }),
  ],
  ['Dolby Vision alone as SDR', run({ source: track({ colour: null, dolbyVision: dolbyVision(5, 0) }) })],
  [
    'HDR10 kept as HEVC',
    run({ encoder: 'libx265', source: hdr10, target: target({ codec: 'h265', ...kept }) }),
  ],
  [
    'HDR10 kept as AV1',
    run({ encoder: 'libsvtav1', source: hdr10, target: target({ codec: 'av1', ...kept }) }),
  ],
  [
    'HDR10 kept as HEVC by NVENC',
    run({ encoder: 'hevc_nvenc', source: hdr10, target: target({ codec: 'h265', ...kept }) }),
  ],
  [
    'HEVC of 2160 lines at 60 pictures a second in software',
    run({
      encoder: 'libx265',
      source: track({ width: 3840, height: 2160 }),
      target: target({ codec: 'h265', width: 3840, height: 2160, frameRate: 60, maxBitrate: 30_000_000 }),
    }),
  ],
];

const placebo: Capabilities = { ...ABLE, hasPlacebo: true };

describe('command lines', () => {
  it.each(ROWS)('%s', async (what, row) => {
    await expect(`${readable(encodeArguments(row, placebo))}\n`).toMatchFileSnapshot(
      `command-lines/${what.replaceAll(/[^\w]+/g, '-')}.txt`,
    );
  });

  it('each encoder, for the same film', async () => {
    const lines = ENCODERS.map(({ name, codec }) => {
      const args = encodeArguments(run({ encoder: name, target: target({ codec }) }), ABLE);
      const options = args.slice(args.indexOf('-c:v'), args.indexOf('-color_primaries'));
      const device = args.slice(3, args.indexOf('-copyts'));
      const filters = args[args.indexOf('-vf') + 1]?.replace(/^.*,format=/, '… format=') ?? '';
      return `${name}\n${readable([...device, '-vf', filters, ...options])}\n`;
    });
    await expect(lines.join('\n')).toMatchFileSnapshot('command-lines/encoders.txt');
  });

  it.each(HWACCELS)('decoded by $name: in front of the input', (decoder) => {
    const args = encodeArguments(run(), ABLE, { url: null, decoder });
    const at = args.indexOf('-hwaccel');
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(args.indexOf('-i'));
    expect(args[at + 1]).toBe(decoder.name);
    expect(args.includes('-hwaccel_device')).toBe(decoder.name === 'vaapi');
  });
});

const lacking = (...names: readonly string[]): Capabilities => ({
  ...ABLE,
  filters: new Set([...ABLE.filters].filter((name) => !names.includes(name))),
});

describe('what cannot be done is told', () => {
  it.each<readonly [string, EncodeRun, Capabilities, RegExp]>([
    ['HDR without zscale', run({ source: hdr10 }), lacking('zscale'), /without the filter zscale/],
    ['fields without a deinterlacer', run({ source: interlaced('vc1') }), lacking('bwdif', 'yadif'), /bwdif/],
    [
      'Dolby Vision alone without libplacebo',
      run({ source: track({ dolbyVision: dolbyVision(5, 0) }) }),
      ABLE,
      /only libplacebo/,
    ],
    [
      'Dolby Vision alone on the chip of VA-API',
      run({ source: track({ dolbyVision: dolbyVision(5, 0) }), encoder: 'h264_vaapi' }),
      placebo,
      /VA-API does not go together/,
    ],
    [
      'ten bits in H.264 hardware',
      run({ encoder: 'h264_nvenc', target: target({ depth: 10 }) }),
      ABLE,
      /no 10-bit/,
    ],
    ['an encoder of another name', run({ encoder: 'libx266' }), ABLE, /libx266/],
  ])('%s', (_, given, able, message) => {
    expect(() => encodeArguments(given, able)).toThrow(
      expect.objectContaining({ code: 'not-offered', message: expect.stringMatching(message) }),
    );
  });

  it('yadif where there is no bwdif', () => {
    const args = encodeArguments(run({ source: interlaced('mpeg2') }), lacking('bwdif'));
    expect(args[args.indexOf('-vf') + 1]).toContain('yadif=mode=send_frame');
  });
});
