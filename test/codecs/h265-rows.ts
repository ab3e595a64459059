import type { H265Sps } from '../../src/codecs/h265-sps.ts';

interface H265Row {
  readonly name: string;
  readonly vps: string;
  readonly sps: string;
  readonly pps: string;
  readonly expected: Partial<H265Sps>;
  /** hvcC before its arrays, as the MP4 muxer of ffmpeg 5.1 writes it; without the number of arrays. */
  readonly head: string;
  readonly codec: string;
}

const VPS_MAIN = '40010c01ffff01600000030090000003000003003f959409';
const PPS = '4401c073c189';
const HEAD_MAIN = '0101600000009000000000003ff000fcfdf8f800000f';

/**
 * Parameter sets that libx265 3.5 wrote (`ffmpeg -f lavfi -i testsrc2=s=WxH -c:v libx265 -preset ultrafast
 * -x265-params …`), with what the command line asked for and what ffprobe tells.
 */
export const H265_ROWS: readonly H265Row[] = [
  {
    name: 'Main 720p, four B pictures',
    vps: '40010c01ffff01600000030090000003000003005d959809',
    sps: '42010101600000030090000003000003005da00280802d16595992930bc05a020000030002000003003210',
    pps: PPS,
    expected: {
      id: 0,
      vpsId: 0,
      profileSpace: 0,
      tier: 0,
      profile: 1,
      compatibility: 0x60000000,
      constraints: Uint8Array.of(0x90, 0, 0, 0, 0, 0),
      level: 93,
      numTemporalLayers: 1,
      temporalIdNested: true,
      chromaFormat: 1,
      bitDepthLuma: 8,
      bitDepthChroma: 8,
      codedWidth: 1280,
      codedHeight: 720,
      width: 1280,
      height: 720,
      reorderDepth: 2,
      isProgressive: true,
      pixelAspect: { h: 1, v: 1 },
      colour: null,
      isFieldSeq: false,
      hasFrameFieldInfo: false,
      frameRate: { num: 25, den: 1 },
      minSpatialSegmentation: 0,
    },
    head: '0101600000009000000000005df000fcfdf8f800000f',
    codec: 'hvc1.1.6.L93.90',
  },
  {
    name: '1080p, cropped by 8 lines, 23.976',
    vps: '40010c01ffff016000000300900000030000030078959009',
    sps: '420101016000000300900000030000030078a003c0801107cb965644a4c2f01680800001f480002ee004',
    pps: PPS,
    expected: {
      codedWidth: 1920,
      codedHeight: 1088,
      width: 1920,
      height: 1080,
      frameRate: { num: 24_000, den: 1001 },
    },
    head: '01016000000090000000000078f000fcfdf8f800000f',
    codec: 'hvc1.1.6.L120.90',
  },
  {
    name: 'Main 10, BT.2020 PQ',
    vps: '40010c01ffff02200000030090000003000003003f959409',
    sps: '42010102200000030090000003000003003fa005020171f2b6595952930bc05a848804db08000003000800000300c840',
    pps: PPS,
    expected: {
      profile: 2,
      bitDepthLuma: 10,
      bitDepthChroma: 10,
      width: 640,
      height: 360,
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
    },
    head: '0102200000009000000000003ff000fcfdfafa00000f',
    codec: 'hvc1.2.4.L63.90',
  },
  {
    name: '4:2:2 of 10 bits, cropped to even sizes, no reordering',
    vps: '40010c01ffff0408000003009d0800000300003cba0240',
    sps: '4201010408000003009d0800000300003cb00a880407111ed96e92930bc05a020000030002000003003210',
    pps: PPS,
    expected: {
      profile: 4,
      chromaFormat: 2,
      bitDepthLuma: 10,
      codedWidth: 336,
      width: 322,
      height: 242,
      reorderDepth: 0,
    },
    head: '0104080000009d08000000003cf000fcfefafa00000f',
    codec: 'hvc1.4.10.L60.9D.8',
  },
  {
    name: '4:4:4 of 12 bits',
    vps: '40010c01ffff040800000300980800000300003c959409',
    sps: '420101040800000300980800000300003c9001510080e3e3ca52caca94985e02d0100000030010000003019080',
    pps: '4401c07318301890',
    expected: { chromaFormat: 3, bitDepthLuma: 12, bitDepthChroma: 12, width: 322, height: 242 },
    head: '0104080000009808000000003cf000fcfffcfc00000f',
    codec: 'hvc1.4.10.L60.98.8',
  },
  {
    name: 'monochrome in full range',
    vps: '40010c01ffff0408000003009fc800000300003c959409',
    sps: '4201010408000003009fc800000300003cc028203c5965654a4c2f016c08000003000800000300c840',
    pps: PPS,
    expected: {
      chromaFormat: 0,
      width: 320,
      height: 240,
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: true },
    },
    head: '0104080000009fc8000000003cf000fcfcf8f800000f',
    codec: 'hvc1.4.10.L60.9F.C8',
  },
  {
    name: 'fields, sample aspect of its own (interlace=tff, 25 fields a second)',
    vps: '40010c01ffff01600000030040000003000003005a959409',
    sps: '42010101600000030040000003000003005aa005a200905965654a4c2fff0040002d6868000003000800000300c840',
    pps: PPS,
    expected: {
      isFieldSeq: true,
      hasFrameFieldInfo: true,
      isProgressive: false,
      frameRate: { num: 25, den: 2 },
      pixelAspect: { h: 64, v: 45 },
      width: 720,
      height: 576,
    },
    head: '0101600000004000000000005af000fcfdf8f800000f',
    codec: 'hvc1.1.6.L90.40',
  },
  {
    name: 'HRD parameters',
    vps: VPS_MAIN,
    sps: '42010101600000030090000003000003003fa005020171f2e595952930bc05a0200000030020000003032c1392cbc001e848003d0910',
    pps: PPS,
    expected: { frameRate: { num: 25, den: 1 }, width: 640, height: 360 },
    head: HEAD_MAIN,
    codec: 'hvc1.1.6.L63.90',
  },
  {
    name: 'overscan, default display window, sample aspect from the table',
    vps: VPS_MAIN,
    sps: '42010101600000030090000003000003003fa0050201716595952930bc1398224a24b00000030010000003019080',
    pps: PPS,
    expected: { width: 640, height: 368, pixelAspect: { h: 16, v: 11 }, frameRate: { num: 25, den: 1 } },
    head: HEAD_MAIN,
    codec: 'hvc1.1.6.L63.90',
  },
  {
    name: 'intra profile',
    vps: '40010c01ffff0408000003009fa800000300003fba0240',
    sps: '4201010408000003009fa800000300003fa005020171f2e5ba4a4c2f016808000003000800000300c840',
    pps: '4401c0718312',
    expected: { reorderDepth: 0, width: 640, height: 360 },
    head: '0104080000009fa8000000003ff000fcfdf8f800000f',
    codec: 'hvc1.4.10.L63.9F.A8',
  },
  {
    name: 'High tier, default scaling lists',
    vps: '40010c01ffff21600000030090000003000003007b959409',
    sps: '42010121600000030090000003000003007ba005020171f2e5959529385e02d0100000030010000003019080',
    pps: PPS,
    expected: { tier: 1, level: 123, frameRate: { num: 25, den: 1 } },
    head: '0121600000009000000000007bf000fcfdf8f800000f',
    codec: 'hvc1.1.6.H123.90',
  },
  {
    name: 'scaling lists of its own',
    vps: VPS_MAIN,
    sps: '42010101600000030090000003000003003fa005020171f2e59595293e4ffff37fff88ffff15fffe33fffc77fff843fffffffffffffffc25fffffffffffffffe14ffffffffffffffff0b7fffffffffffffff863fffffffffffffffc35fffffffffffffffe1e7fffffffffffffffe081ffffffffffffffff8227fffffffffffffffe091ffffffffffffffff8267fffffffffffffffe0a1ffffffffffffffff82a7fffffffffffffffe0c1ffffffffffffffff1780b4040000030004000003006420',
    pps: PPS,
    expected: { width: 640, height: 360, pixelAspect: { h: 1, v: 1 }, frameRate: { num: 25, den: 1 } },
    head: HEAD_MAIN,
    codec: 'hvc1.1.6.L63.90',
  },
  {
    name: 'two temporal layers',
    vps: '40010c02ffff01600000030090000003000003003f00009598acc048',
    sps: '42010201600000030090000003000003003f0000a005020171f2e59598acc94985e02d010000030001000003001908',
    pps: PPS,
    expected: { numTemporalLayers: 2, temporalIdNested: false, reorderDepth: 2, width: 640 },
    head: '0101600000009000000000003ff000fcfdf8f8000013',
    codec: 'hvc1.1.6.L63.90',
  },
];
