import { BitReader } from '../core/bits.ts';
import type { Colour, PixelAspect } from '../core/media.ts';
import type { FrameRate } from '../core/time.ts';
import { startCodes } from './start-codes.ts';

/** What a sequence header and the extensions behind it say: ISO/IEC 11172-2, 2.4.2.3; ISO/IEC 13818-2, 6.2.2. */
export interface Mpeg2Sequence {
  /** Without a sequence extension. */
  readonly isMpeg1: boolean;
  readonly width: number;
  readonly height: number;
  /** Null for values that are reserved. */
  readonly pixelAspect: PixelAspect | null;
  readonly frameRate: FrameRate | null;
  readonly colour: Colour | null;
  /** progressive_sequence; of MPEG-1 always. */
  readonly isProgressive: boolean;
  /** No B-pictures. */
  readonly isLowDelay: boolean;
  /** The headers as the stream has them, from the first start code on. */
  readonly header: Uint8Array;
}

export const MPEG2 = {
  picture: 0x00,
  firstSlice: 0x01,
  lastSlice: 0xaf,
  sequence: 0xb3,
  extension: 0xb5,
  end: 0xb7,
  group: 0xb8,
} as const;

/** extension_start_code_identifier: Table 6-2. */
export const MPEG2_EXTENSION = { sequence: 1, display: 2, pictureCoding: 8 } as const;

/** Null where there is no sequence header that makes sense. */
export function parseMpeg2Sequence(data: Uint8Array): Mpeg2Sequence | null {
  let start = -1;
  let fields: SequenceFields | null = null;
  let extension: ExtensionFields | null = null;
  let colour: Colour | null = null;
  let end = data.length;
  for (const { code, start: from, at } of startCodes(data)) {
    if (code === MPEG2.sequence && start < 0) {
      start = from;
      fields = readSequence(data.subarray(at));
    } else if (start >= 0 && endsHeader(code)) {
      end = from;
      break;
    } else if (code === MPEG2.extension && start >= 0) {
      const content = data.subarray(at);
      const identifier = (content[0] ?? 0) >> 4;
      if (identifier === MPEG2_EXTENSION.sequence) extension = readExtension(content);
      if (identifier === MPEG2_EXTENSION.display) colour = readDisplay(content);
    }
  }
  return fields && describe(fields, { extension, colour, header: data.slice(start, end) });
}

const endsHeader = (code: number): boolean =>
  code === MPEG2.group || code <= MPEG2.lastSlice || code === MPEG2.sequence || code === MPEG2.end;

interface SequenceFields {
  readonly width: number;
  readonly height: number;
  readonly aspect: number;
  readonly rate: number;
}

function readSequence(content: Uint8Array): SequenceFields | null {
  const bits = new BitReader(content);
  const [width, height, aspect, rate] = [bits.u(12), bits.u(12), bits.u(4), bits.u(4)];
  return bits.overrun ? null : { width, height, aspect, rate };
}

interface ExtensionFields {
  readonly isProgressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly isLowDelay: boolean;
  readonly rate: FrameRate;
}

function readExtension(content: Uint8Array): ExtensionFields | null {
  const bits = new BitReader(content);
  bits.skip(4 + 8);
  const isProgressive = bits.flag();
  bits.skip(2);
  const [width, height] = [bits.u(2), bits.u(2)];
  bits.skip(12 + 1 + 8);
  const isLowDelay = bits.flag();
  const rate = { num: bits.u(2) + 1, den: bits.u(5) + 1 };
  return bits.overrun ? null : { isProgressive, width, height, isLowDelay, rate };
}

/** colour_description of the sequence display extension: 6.3.6. */
function readDisplay(content: Uint8Array): Colour | null {
  const bits = new BitReader(content);
  bits.skip(4 + 3);
  if (!bits.flag()) return null;
  const colour = { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8), fullRange: false };
  const isTold = [colour.primaries, colour.transfer, colour.matrix].some((value) => value > 0 && value !== 2);
  return bits.overrun || !isTold ? null : colour;
}

/** frame_rate_code: Table 6-4. */
const RATES: readonly FrameRate[] = [
  { num: 24_000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 30, den: 1 },
  { num: 50, den: 1 },
  { num: 60_000, den: 1001 },
  { num: 60, den: 1 },
];

/** pel_aspect_ratio of MPEG-1, height to width in parts of 10 000: ISO/IEC 11172-2, 2.4.3.2. */
const MPEG1_HEIGHTS = [
  10_000, 6735, 7031, 7615, 8055, 8437, 8935, 9157, 9815, 10_255, 10_695, 10_950, 11_575, 12_015,
];

/** aspect_ratio_information: shape of the whole picture, Table 6-3. */
const SHAPES: ReadonlyMap<number, PixelAspect> = new Map([
  [2, { h: 4, v: 3 }],
  [3, { h: 16, v: 9 }],
  [4, { h: 221, v: 100 }],
]);

interface Rest {
  readonly extension: ExtensionFields | null;
  readonly colour: Colour | null;
  readonly header: Uint8Array;
}

function describe(fields: SequenceFields, { extension, colour, header }: Rest): Mpeg2Sequence | null {
  const width = fields.width + (extension?.width ?? 0) * 4096;
  const height = fields.height + (extension?.height ?? 0) * 4096;
  if (width === 0 || height === 0) return null;
  return {
    isMpeg1: extension === null,
    width,
    height,
    pixelAspect: extension ? shapeOf(fields.aspect, width, height) : mpeg1Aspect(fields.aspect),
    frameRate: rateOf(fields.rate, extension?.rate ?? { num: 1, den: 1 }),
    colour,
    isProgressive: extension?.isProgressive ?? true,
    isLowDelay: extension?.isLowDelay ?? false,
    header,
  };
}

function shapeOf(aspect: number, width: number, height: number): PixelAspect | null {
  if (aspect === 1) return { h: 1, v: 1 };
  const shape = SHAPES.get(aspect);
  return shape ? reduced(shape.h * height, shape.v * width) : null;
}

function mpeg1Aspect(aspect: number): PixelAspect | null {
  const height = MPEG1_HEIGHTS[aspect - 1];
  return height === undefined ? null : reduced(10_000, height);
}

function rateOf(code: number, { num, den }: FrameRate): FrameRate | null {
  const rate = RATES[code - 1];
  if (!rate) return null;
  const { h, v } = reduced(rate.num * num, rate.den * den);
  return { num: h, den: v };
}

function reduced(h: number, v: number): PixelAspect {
  const divisor = greatestCommonDivisor(h, v);
  return { h: h / divisor, v: v / divisor };
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
