import type { Vp9Info } from '../../src/codecs/vp9.ts';

interface Vp9Row {
  readonly name: string;
  /** Beginning of a key frame that libvpx 1.12 wrote. */
  readonly frame: string;
  readonly expected: Vp9Info;
  /** Profile, level and samples as ffmpeg 5.1 wrote them into vpcC. */
  readonly vpcc: string;
  readonly codec: string;
}

const unspecified = { primaries: 2, transfer: 2, matrix: 2, fullRange: false };
const small = { width: 320, height: 180, level: 11, colour: unspecified };
const tiny = { profile: 0, level: 10, bitDepth: 8, chromaSubsampling: 1, width: 64, height: 64 };

/**
 * ffmpeg -f lavfi -i testsrc2=s=320x180 -c:v libvpx-vp9 -deadline realtime -pix_fmt … (or s=64x64, -colorspace …,
 * -color_range …); fields as its trace_headers filter tells them.
 */
export const VP9_ROWS: readonly Vp9Row[] = [
  {
    name: 'profile 0, yuv420p',
    frame: '824983420013f00b360638241c184a00',
    expected: { ...small, profile: 0, bitDepth: 8, chromaSubsampling: 1 },
    vpcc: '000b82',
    codec: 'vp09.00.11.08.01.02.02.02.00',
  },
  {
    name: 'profile 1, yuv444p',
    frame: 'a249834200027e0166c0c70483830940',
    expected: { ...small, profile: 1, bitDepth: 8, chromaSubsampling: 3 },
    vpcc: '010b86',
    codec: 'vp09.01.11.08.03.02.02.02.00',
  },
  {
    name: 'profile 1, yuv422p',
    frame: 'a249834208027e0166c0c70483830940',
    expected: { ...small, profile: 1, bitDepth: 8, chromaSubsampling: 2 },
    vpcc: '010b84',
    codec: 'vp09.01.11.08.02.02.02.02.00',
  },
  {
    name: 'profile 1, RGB',
    frame: 'a2498342e013f00b360638241c184a00',
    expected: {
      ...small,
      profile: 1,
      bitDepth: 8,
      chromaSubsampling: 3,
      colour: { primaries: 1, transfer: 13, matrix: 0, fullRange: true },
    },
    vpcc: '010b87',
    codec: 'vp09.01.11.08.03.01.13.00.01',
  },
  {
    name: 'profile 2, yuv420p10',
    frame: '924983420009f8059b031c120e0c2c00',
    expected: { ...small, profile: 2, bitDepth: 10, chromaSubsampling: 1 },
    vpcc: '020ba2',
    codec: 'vp09.02.11.10.01.02.02.02.00',
  },
  {
    name: 'profile 3, yuv444p12',
    frame: 'b124c1a140009f8059b031c120e0c2e0',
    expected: { ...small, profile: 3, bitDepth: 12, chromaSubsampling: 3 },
    vpcc: '030bc6',
    codec: 'vp09.03.11.12.03.02.02.02.00',
  },
  {
    name: 'BT.601',
    frame: '824983422003f003f60638241c184a00',
    expected: { ...tiny, colour: { primaries: 5, transfer: 6, matrix: 5, fullRange: false } },
    vpcc: '000a82',
    codec: 'vp09.00.10.08.01.05.06.05.00',
  },
  {
    name: 'BT.709',
    frame: '824983424003f003f60638241c184a00',
    expected: { ...tiny, colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false } },
    vpcc: '000a82',
    codec: 'vp09.00.10.08.01.01.01.01.00',
  },
  {
    name: 'BT.709 of full range',
    frame: '824983425003f003f60638241c184a00',
    expected: { ...tiny, colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: true } },
    vpcc: '000a83',
    codec: 'vp09.00.10.08.01.01.01.01.01',
  },
  {
    name: 'SMPTE 170M',
    frame: '824983426003f003f60638241c184a00',
    expected: { ...tiny, colour: { primaries: 6, transfer: 6, matrix: 6, fullRange: false } },
    vpcc: '000a82',
    codec: 'vp09.00.10.08.01.06.06.06.00',
  },
  {
    name: 'SMPTE 240M',
    frame: '824983428003f003f60638241c184a00',
    expected: { ...tiny, colour: { primaries: 7, transfer: 7, matrix: 7, fullRange: false } },
    vpcc: '000a82',
    codec: 'vp09.00.10.08.01.07.07.07.00',
  },
  {
    name: 'BT.2020',
    frame: '82498342a003f003f60638241c184a00',
    expected: { ...tiny, colour: { primaries: 9, transfer: 14, matrix: 9, fullRange: false } },
    vpcc: '000a82',
    codec: 'vp09.00.10.08.01.09.14.09.00',
  },
];
