import { describe, expect, it } from 'vitest';
import { clliPayload, mdcvPayload } from '../../../src/codecs/hdr.ts';
import { isTooOld, listedHwaccels, listedNames, versionOf } from '../../../src/ffmpeg/video/capabilities.ts';
import { likeness } from '../../../src/ffmpeg/video/likeness.ts';
import { type Machine, reasonAgainstFamily, vaapiNode } from '../../../src/ffmpeg/video/machine.ts';
import { readMovie } from '../../../src/ffmpeg/video/read-movie.ts';
import { peakOf, rolledOff } from '../../../src/ffmpeg/video/tone-map.ts';

describe('versions', () => {
  it.each([
    [
      'ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers',
      '5.1.9-0+deb12u1',
      false,
    ],
    ['ffmpeg version n7.1 Copyright (c) 2000-2024 the FFmpeg developers', 'n7.1', false],
    ['ffmpeg version 8.0 Copyright', '8.0', false],
    ['ffmpeg version N-118193-g5f38c82536-20241225 Copyright', 'N-118193-g5f38c82536-20241225', false],
    [
      'ffmpeg version 2024-12-26-git-fe04b93afa-full_build-www.gyan.dev Copyright',
      '2024-12-26-git-fe04b93afa-full_build-www.gyan.dev',
      false,
    ],
    ['ffmpeg version 5.0.1 Copyright', '5.0.1', true],
    ['ffmpeg version n4.4.2 Copyright', 'n4.4.2', true],
    ['ffprobe version 7.1', null, false],
    ['', null, false],
  ])('%s', (text, version, old) => {
    expect(versionOf(text)).toBe(version);
    if (version !== null) expect(isTooOld(version)).toBe(old);
  });
});

it('names of encoders, filters and hardware', () => {
  const encoders = `Encoders:
 V..... = Video
 ------
 V....D libx264              libx264 H.264 / AVC (codec h264)
 V..... libsvtav1            SVT-AV1 encoder (codec av1)
 A....D aac                  AAC (Advanced Audio Coding)
`;
  expect([...listedNames(encoders)]).toEqual(['libx264', 'libsvtav1', 'aac']);
  const filters = `Filters:
  T.. = Timeline support
  | = Source or sink filter
 TS. bwdif             V->V       Deinterlace the input image.
 .S zscale            V->V       As newer ones print it.
 ... hwupload          V->V       Upload a normal frame to a hardware frame
`;
  expect([...listedNames(filters)]).toEqual(['bwdif', 'zscale', 'hwupload']);
  expect([...listedHwaccels('Hardware acceleration methods:\nvdpau\ncuda\nd3d11va\n\n')]).toEqual([
    'vdpau',
    'cuda',
    'd3d11va',
  ]);
});

describe('hardware need not be tried where', () => {
  const machine = (
    platform: string,
    devices: readonly string[] = [],
    drivers: readonly string[] = [],
  ): Machine => ({
    platform,
    devices,
    renderNodes: drivers.map((driver, i) => ({ path: `/dev/dri/renderD${128 + i}`, driver })),
  });
  const all = ['nvenc', 'qsv', 'vaapi', 'videotoolbox', 'amf', 'v4l2m2m', 'rkmpp', 'software'] as const;
  it.each<readonly [what: string, Machine, tried: string]>([
    ['bare Linux', machine('linux', ['null', 'tty']), 'software'],
    ['NVIDIA', machine('linux', ['nvidia0', 'nvidiactl'], ['nvidia']), 'nvenc software'],
    ['Intel', machine('linux', ['dri'], ['i915']), 'qsv vaapi software'],
    ['AMD', machine('linux', ['dri'], ['amdgpu']), 'vaapi amf software'],
    ['both', machine('linux', ['nvidia0'], ['nvidia', 'xe']), 'nvenc qsv vaapi software'],
    ['WSL', machine('linux', ['dxg']), 'nvenc software'],
    ['Rockchip', machine('linux', ['mpp_service', 'video0']), 'v4l2m2m rkmpp software'],
    ['macOS', machine('darwin'), 'videotoolbox software'],
    ['Windows', machine('win32'), 'nvenc qsv amf software'],
  ])('%s: tried are %3$s', (_, here, tried) => {
    expect(all.filter((family) => reasonAgainstFamily(family, here) === null).join(' ')).toBe(tried);
  });

  it('VA-API takes the first chip that is not NVIDIA’s', () => {
    expect(vaapiNode(machine('linux', [], ['nvidia', 'i915']))).toBe('/dev/dri/renderD129');
    expect(vaapiNode(machine('linux', [], ['nvidia']))).toBeNull();
  });
});

describe('likeness', () => {
  const size = { width: 64, height: 48 };
  const plane = (value: (x: number, y: number) => number) =>
    Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => value(i % 64, Math.floor(i / 64)));
  const pattern = plane((x, y) => 128 + 90 * Math.sin(x / 3) * Math.cos(y / 5));
  it.each<readonly [what: string, Uint8Array, least: number, most: number]>([
    ['itself', pattern, 1, 1],
    ['a little noise', pattern.map((value, i) => value + ((i * 7919) % 5) - 2), 0.97, 0.9999],
    ['its negative', pattern.map((value) => 255 - value), -1, 0.1],
    ['grey', pattern.map(() => 128), 0, 0.1],
    ['moved by half a wave', plane((x, y) => 128 + 90 * Math.sin((x + 9) / 3) * Math.cos(y / 5)), -1, 0.2],
    ['fewer pictures', pattern.subarray(64 * 48), 0, 0],
    ['nothing', new Uint8Array(0), 0, 0],
  ])('with %s', (_, other, least, most) => {
    const value = likeness({ ...size, samples: pattern }, other);
    expect(value).toBeGreaterThanOrEqual(least);
    expect(value).toBeLessThanOrEqual(most);
  });
});

describe('what is no film', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('This is no film.\n')],
    ['a box that ends early', Uint8Array.of(0, 0, 1, 0, 0x6d, 0x6f, 0x6f, 0x76)],
    ['a box of no size', new Uint8Array(64)],
  ])('%s', (_, bytes) => {
    expect(() => readMovie(bytes, 'h264')).toThrow(expect.objectContaining({ name: 'MediaError' }));
  });
});

describe('the brightest of a film', () => {
  const display = (maxLuminance: number) => {
    const point = { x: 0, y: 0 };
    return mdcvPayload({
      green: point,
      blue: point,
      red: point,
      white: point,
      maxLuminance,
      minLuminance: 1,
    });
  };
  it.each([
    ['is not told', null, null, 1000],
    ['by its content', clliPayload({ maxContent: 600, maxAverage: 100 }), display(40_000_000), 600],
    [
      'by its display where content is unknown',
      clliPayload({ maxContent: 0, maxAverage: 0 }),
      display(10_000_000),
      1000,
    ],
    ['no more than makes sense', null, display(100_000_000), 2000],
    ['no less than SDR', clliPayload({ maxContent: 80, maxAverage: 10 }), null, 200],
    ['of a box that is cut', new Uint8Array(2), new Uint8Array(3), 1000],
  ])('%s', (_, contentLight, masteringDisplay, peak) => {
    expect(peakOf({ contentLight, masteringDisplay })).toBe(peak);
  });
});

describe('the curve of ITU-R BT.2390', () => {
  /** As FFmpeg evaluates it. */
  function curve(peak: number): (value: number) => number {
    const registers: number[] = [];
    const names = {
      st: (i: number, value: number) => {
        registers[i] = value;
        return value;
      },
      ld: (i: number) => registers[i] ?? 0,
      lt: (a: number, b: number) => (a < b ? 1 : 0),
      cond: (a: number, b: number, c: number) => (a ? b : c),
      min: Math.min,
    };
    const [first = '', second = '', last = ''] = rolledOff(peak).replaceAll('if(', 'cond(').split(';');
    const body = `${first};${second};return ${last}`;
    const evaluate = new Function('val', 'maxval', ...Object.keys(names), body);
    return (value) => evaluate(value * 4095, 4095, ...Object.values(names)) / 4095;
  }
  /** Signal of ST 2084 for 0.1, 10, 100, 1000 and 10 000 cd/m²: ITU-R BT.2100, Table 4. */
  const [dark, dim, white, bright, all] = [0.0623, 0.3024, 0.5081, 0.7518, 1];

  it.each([400, 1000, 2000])('of %d cd/m²: dark tones stay, all is no brighter than the screen', (peak) => {
    const toned = curve(peak);
    expect(toned(dark)).toBeCloseTo(dark, 4);
    for (let value = 0.01; value < 1; value += 0.01) {
      expect(toned(value)).toBeGreaterThanOrEqual(toned(value - 0.01) - 1e-6);
      expect(toned(value)).toBeLessThanOrEqual(Math.min(value, white) + 1e-3);
    }
    expect(toned(all)).toBeCloseTo(white, 3);
  });

  it('of 1000 cd/m²: middle tones stay, and so does what is between', () => {
    const toned = curve(1000);
    expect(toned(dim)).toBeCloseTo(dim, 4);
    expect(toned(bright)).toBeCloseTo(white, 3);
    expect(toned(white)).toBeGreaterThan(0.45);
  });
});
