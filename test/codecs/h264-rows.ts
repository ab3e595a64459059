import type { Sps } from '../../src/codecs/h264-sps.ts';

interface SpsRow {
  readonly name: string;
  readonly sps: string;
  readonly pps: string;
  readonly expected: Partial<Sps>;
  readonly reorderDepth: number;
}

/** Parameter sets that libx264 164 wrote, and what its command line asked for. */
export const SPS_ROWS: readonly SpsRow[] = [
  {
    name: 'progressive 720p',
    sps: '6764001facd9405005bb011000000300100000030320f1831960',
    pps: '68ebe3cb22c0',
    expected: {
      id: 0,
      profile: 100,
      constraints: 0,
      level: 31,
      chromaFormat: 1,
      bitDepthLuma: 8,
      isFramesOnly: true,
      width: 1280,
      height: 720,
      pixelAspect: { h: 1, v: 1 },
      colour: null,
      timing: { unitsInTick: 1, timeScale: 50, isFixed: false },
      maxReorderFrames: 2,
      maxDecodedFrames: 4,
    },
    reorderDepth: 2,
  },
  {
    name: 'interlaced 576i, 16:9',
    sps: '6764001eacd940b424dff8020001688000000300800000190f8a14cb',
    pps: '68fba3cb22c0',
    expected: { isFramesOnly: false, width: 720, height: 576, pixelAspect: { h: 64, v: 45 } },
    reorderDepth: 2,
  },
  {
    name: '1080p, cropped by 8 lines, 23.976',
    sps: '67640028acd940780227e5c04400000fa40002ee003c60c658',
    pps: '68ebe3cb22c0',
    expected: {
      codedWidth: 1920,
      codedHeight: 1088,
      width: 1920,
      height: 1080,
      timing: { unitsInTick: 1001, timeScale: 48_000, isFixed: false },
    },
    reorderDepth: 2,
  },
  {
    name: '1080i, cropped by 8 lines',
    sps: '67640028acd94078044fde0220000003002000000643e2c5b2c0',
    pps: '68fba3cb22c0',
    expected: { isFramesOnly: false, codedHeight: 1088, height: 1080 },
    reorderDepth: 2,
  },
  {
    name: '4:4:4, cropped to even sizes',
    sps: '67f4000d919b282a10f1f1f80880000003008000001e078a14cb',
    pps: '68ebe3c44844',
    expected: { profile: 244, chromaFormat: 3, codedWidth: 336, codedHeight: 256, width: 322, height: 242 },
    reorderDepth: 2,
  },
  {
    name: '4:2:2, cropped to even sizes',
    sps: '677a000dbcd9415087888fc044000003000400000300f03c50a658',
    pps: '68ebe3cb22c0',
    expected: { profile: 122, chromaFormat: 2, codedWidth: 336, codedHeight: 256, width: 322, height: 242 },
    reorderDepth: 2,
  },
  {
    name: 'monochrome',
    sps: '6764000df3650507ec05b2000003000200000300641e28532c',
    pps: '68ebe3cb22c0',
    expected: { chromaFormat: 0, width: 320, height: 240 },
    reorderDepth: 2,
  },
  {
    name: 'High 10, BT.2020 PQ',
    sps: '676e001fa6cd940a02ff97016a12201280000003008000003c078c18cb',
    pps: '68ebe3cb22c0',
    expected: {
      profile: 110,
      bitDepthLuma: 10,
      bitDepthChroma: 10,
      width: 640,
      height: 360,
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
    },
    reorderDepth: 2,
  },
  {
    name: 'sample aspect from the table',
    sps: '6764001eacd940b43dbff0020001b100000303e90000ea600f162d96',
    pps: '68ebe3cb22c0',
    expected: { width: 720, height: 480, pixelAspect: { h: 32, v: 27 } },
    reorderDepth: 2,
  },
  {
    name: 'sample aspect of its own',
    sps: '6764001eacd940b43dbff004d0041100000303e90000ea600f162d96',
    pps: '68ebe3cb22c0',
    expected: { pixelAspect: { h: 77, v: 65 } },
    reorderDepth: 2,
  },
  {
    name: 'full range without a colour description',
    sps: '6764001eacd940a02ff97016c80000030008000003019078b16cb0',
    pps: '68ebe3cb22c0',
    expected: { colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: true } },
    reorderDepth: 2,
  },
  {
    name: 'constrained Baseline',
    sps: '6742c00cd90141fb0110000003001000000301e0f142a480',
    pps: '68cb83cb20',
    expected: { profile: 66, constraints: 0xc0, level: 12, pictureOrderType: 2, maxReorderFrames: 0 },
    reorderDepth: 0,
  },
  {
    name: 'Main',
    sps: '674d401eeca05017fcb808800000030080000019078b16cb',
    pps: '68ebe3cb20',
    expected: { profile: 77, constraints: 0x40, level: 30 },
    reorderDepth: 2,
  },
  {
    name: 'High 10 Intra with scaling lists, fixed rate, no reorder bound (AVC-Intra 50)',
    sps: '676e1028a6d42032330c7118886210191986388c44302102564e30fe6cc60300184f9e6cd02d1864e3605be05a98c3234e79a61861a730c33c05a044fde1c20000030002000003006508',
    pps: '68ee311211',
    expected: {
      profile: 110,
      constraints: 0x10,
      width: 1440,
      height: 1080,
      pixelAspect: { h: 4, v: 3 },
      timing: { unitsInTick: 1, timeScale: 50, isFixed: true },
      maxReorderFrames: null,
    },
    reorderDepth: 0,
  },
  {
    name: 'HRD parameters before the reorder bound',
    sps: '6764001eacd940a02ff9701100000300010000030032604000f424001e84e4c30078b16cb0',
    pps: '68ebecb22c',
    expected: { maxReorderFrames: 2, maxDecodedFrames: 4 },
    reorderDepth: 2,
  },
  {
    name: 'SPS and PPS with id 5',
    sps: '6764001e32cd940a02ff97011000000300100000030320f162d960',
    pps: '6831abe3cb22c0',
    expected: { id: 5, width: 640, height: 360 },
    reorderDepth: 2,
  },
];
