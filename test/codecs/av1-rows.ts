import type { Av1SequenceHeader } from '../../src/codecs/av1-sequence.ts';

interface Av1Row {
  readonly name: string;
  /** Sequence header OBU. */
  readonly obu: string;
  readonly expected: Av1SequenceHeader;
  /** What stands before configOBUs in av1C as ffmpeg 5.1 wrote it. */
  readonly record: string;
  readonly codec: string;
}

const main: Av1SequenceHeader = {
  profile: 0,
  isStillPicture: false,
  isReducedStillPicture: false,
  level: 0,
  tier: 0,
  maxWidth: 64,
  maxHeight: 64,
  bitDepth: 8,
  isMonochrome: false,
  subsamplingX: true,
  subsamplingY: true,
  chromaSamplePosition: 0,
  hasColourDescription: false,
  colour: null,
  frameRate: null,
  hasFilmGrain: false,
};
const small = { ...main, maxWidth: 320, maxHeight: 180 };
const described = (primaries: number, transfer: number, matrix: number, fullRange = false) => ({
  hasColourDescription: true,
  colour: { primaries, transfer, matrix, fullRange },
});

/**
 * ffmpeg -f lavfi -i testsrc2=s=64x64:r=25 (or 320x180) -pix_fmt … -c:v libaom-av1 …; fields as its trace_headers
 * filter tells them.
 */
export const AV1_ROWS: readonly Av1Row[] = [
  {
    name: '8 bit without colour description',
    obu: '0a0b000000043cfeccdaf90040',
    expected: small,
    record: '81000c00',
    codec: 'av01.0.00M.08',
  },
  {
    name: '8 bit BT.709',
    obu: '0a0e000000043cfeccdaf91010101040',
    expected: { ...small, ...described(1, 1, 1) },
    record: '81000c00',
    codec: 'av01.0.00M.08',
  },
  {
    name: '8 bit BT.709 of full range',
    obu: '0a0e000000043cfeccdaf91010101840',
    expected: { ...small, ...described(1, 1, 1, true) },
    record: '81000c00',
    codec: 'av01.0.00M.08.0.110.01.01.01.1',
  },
  {
    name: '10 bit',
    obu: '0a0a00000002afff9b5f2808',
    expected: { ...main, bitDepth: 10 },
    record: '81004c00',
    codec: 'av01.0.00M.10',
  },
  {
    name: '10 bit BT.2020 PQ',
    obu: '0a0e000000043cfeccdaf95091009040',
    expected: { ...small, bitDepth: 10, ...described(9, 16, 9) },
    record: '81004c00',
    codec: 'av01.0.00M.10.0.110.09.16.09.0',
  },
  {
    name: '12 bit',
    obu: '0a0a40000002afff9b5f2c61',
    expected: { ...main, profile: 2, bitDepth: 12 },
    record: '81406c00',
    codec: 'av01.2.00M.12',
  },
  {
    name: '4:2:2',
    obu: '0a0a40000002afff9b5f2810',
    expected: { ...main, profile: 2, bitDepth: 10, subsamplingY: false },
    record: '81404800',
    codec: 'av01.2.00M.10.0.100.01.01.01.0',
  },
  {
    name: '4:4:4',
    obu: '0a0a20000002afff9b5f2040',
    expected: { ...main, profile: 1, subsamplingX: false, subsamplingY: false },
    record: '81200000',
    codec: 'av01.1.00M.08.0.000.01.01.01.0',
  },
  {
    name: 'RGB',
    obu: '0a0d20000002afff9b5f2404340080',
    expected: { ...main, profile: 1, subsamplingX: false, subsamplingY: false, ...described(1, 13, 0, true) },
    record: '81200000',
    codec: 'av01.1.00M.08.0.000.01.13.00.1',
  },
  {
    name: 'monochrome of full range without colour description',
    obu: '0a0a00000002afff9b5f2540',
    expected: {
      ...main,
      isMonochrome: true,
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: true },
    },
    record: '81001c00',
    codec: 'av01.0.00M.08.1.110.01.01.01.1',
  },
  {
    name: 'reduced still picture',
    obu: '0a0618157ffda008',
    expected: { ...main, isStillPicture: true, isReducedStillPicture: true },
    record: '81000c00',
    codec: 'av01.0.00M.08',
  },
  {
    name: 'equal picture intervals, film grain (-aom-params film-grain-test=1:timing-info=constant)',
    obu: '0a13040000000400000067400000baafff9b5f2018',
    expected: { ...main, frameRate: { num: 25, den: 1 }, hasFilmGrain: true },
    record: '81000c00',
    codec: 'av01.0.00M.08',
  },
  {
    name: 'decoder model (-lag-in-frames 0 -aom-params timing-info=model)',
    obu: '0a1d040000000400000065780000000a530000035f915f90baafff9b5f2008',
    expected: main,
    record: '81000c00',
    codec: 'av01.0.00M.08',
  },
  {
    name: 'no level, unspecified colour described (librav1e)',
    obu: '0a0e000000fa1e7f66210a88101010a0',
    expected: { ...small, level: 31, ...described(2, 2, 2) },
    record: '811f0c00',
    codec: 'av01.0.31M.08.0.110.02.02.02.0',
  },
  {
    name: 'two operating points, High tier, delays, frame ids, 12 bit 4:2:2 (by hand, read back with trace_headers)',
    obu: '0a234400000fa40003a982a9000003e94a611016e0280c988190a9eff91cd200b424482530',
    expected: {
      ...main,
      profile: 2,
      level: 13,
      tier: 1,
      maxWidth: 1920,
      maxHeight: 804,
      bitDepth: 12,
      subsamplingY: false,
      ...described(9, 18, 9),
      frameRate: { num: 30_000, den: 1001 },
      hasFilmGrain: true,
    },
    record: '814de800',
    codec: 'av01.2.13H.12.0.100.09.18.09.0',
  },
  {
    name: 'the same with screen content tools and integer motion vectors forced',
    obu: '0a234400000fa40003a982a9000003e94a611016e0280c988190a9eff91cd202ad0912094c',
    expected: {
      ...main,
      profile: 2,
      level: 13,
      tier: 1,
      maxWidth: 1920,
      maxHeight: 804,
      bitDepth: 12,
      subsamplingY: false,
      ...described(9, 18, 9),
      frameRate: { num: 30_000, den: 1001 },
      hasFilmGrain: true,
    },
    record: '814de800',
    codec: 'av01.2.13H.12.0.100.09.18.09.0',
  },
];
