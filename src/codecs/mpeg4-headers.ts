import { BitReader } from '../core/bits.ts';
import type { Colour, PixelAspect } from '../core/media.ts';
import type { FrameRate } from '../core/time.ts';
import { startCodes } from './start-codes.ts';

/** Start codes: ISO/IEC 14496-2, Table 6-3. */
export const MPEG4 = {
  firstObject: 0x00,
  firstLayer: 0x20,
  lastLayer: 0x2f,
  sequence: 0xb0,
  endOfSequence: 0xb1,
  userData: 0xb2,
  group: 0xb3,
  visualObject: 0xb5,
  vop: 0xb6,
} as const;

/** What stands in front of the first picture: visual object sequence, visual object and its layer, 6.2.2 and 6.2.3. */
export interface Mpeg4Layer {
  readonly width: number;
  readonly height: number;
  readonly pixelAspect: PixelAspect | null;
  readonly colour: Colour | null;
  /** Only where pictures follow each other evenly. */
  readonly frameRate: FrameRate | null;
  /** Ticks of a second in which the times of pictures are told. */
  readonly resolution: number;
  readonly isInterlaced: boolean;
  /** No B-pictures; null where the layer does not say. */
  readonly isLowDelay: boolean | null;
  /** The headers as the stream has them. */
  readonly header: Uint8Array;
}

/** Null where there is no layer of rectangles that makes sense. */
export function parseMpeg4Layer(data: Uint8Array): Mpeg4Layer | null {
  let start = -1;
  let end = data.length;
  let layer: LayerFields | null = null;
  let colour: Colour | null = null;
  for (const { code, start: from, at } of startCodes(data)) {
    if (code === MPEG4.group || code === MPEG4.vop) {
      end = from;
      break;
    }
    if (start < 0) start = from;
    if (code >= MPEG4.firstLayer && code <= MPEG4.lastLayer) layer ??= readLayer(data.subarray(at));
    if (code === MPEG4.visualObject) colour ??= readSignal(data.subarray(at));
  }
  return layer && { ...layer, colour, header: data.slice(start, end) };
}

type LayerFields = Omit<Mpeg4Layer, 'header' | 'colour'>;

const EXTENDED_ASPECT = 15;
const RECTANGLE = 0;
const GREYSCALE = 3;
const VBV_BITS = 79;

function readLayer(content: Uint8Array): LayerFields | null {
  const bits = new BitReader(content);
  bits.skip(1 + 8);
  const version = readVersion(bits);
  const aspect = bits.u(4);
  const pixelAspect = aspect === EXTENDED_ASPECT ? { h: bits.u(8), v: bits.u(8) } : ASPECTS[aspect - 1];
  const isLowDelay = bits.flag() ? readControl(bits) : null;
  const shape = bits.u(2);
  if (shape === GREYSCALE && version !== 1) bits.skip(4);
  bits.skip(1);
  const resolution = bits.u(16);
  bits.skip(1);
  const increment = bits.flag() ? bits.u(timeBits(resolution)) : 0;
  const [width, height] = shape === RECTANGLE ? readSize(bits) : [0, 0];
  const isInterlaced = bits.flag();
  if (bits.overrun || resolution === 0 || width === 0 || height === 0) return null;
  return {
    ...{ width, height, resolution, isInterlaced, isLowDelay },
    pixelAspect: pixelAspect && pixelAspect.h > 0 && pixelAspect.v > 0 ? pixelAspect : null,
    frameRate: isRate(resolution, increment) ? { num: resolution, den: increment } : null,
  };
}

/** Pictures a second that a film may have: encoders write others where they do not know. */
const isRate = (resolution: number, increment: number): boolean =>
  increment > 0 && resolution >= 5 * increment && resolution <= 120 * increment;

/** video_object_layer_verid, with the priority behind it. */
function readVersion(bits: BitReader): number {
  if (!bits.flag()) return 1;
  const version = bits.u(4);
  bits.skip(3);
  return version;
}

/** aspect_ratio_info: Table 6-12. */
const ASPECTS: readonly PixelAspect[] = [
  { h: 1, v: 1 },
  { h: 12, v: 11 },
  { h: 10, v: 11 },
  { h: 16, v: 11 },
  { h: 40, v: 33 },
];

/** low_delay of vol_control_parameters. */
function readControl(bits: BitReader): boolean {
  bits.skip(2);
  const isLowDelay = bits.flag();
  if (bits.flag()) bits.skip(VBV_BITS);
  return isLowDelay;
}

function readSize(bits: BitReader): [number, number] {
  bits.skip(1);
  const width = bits.u(13);
  bits.skip(1);
  const height = bits.u(13);
  bits.skip(1);
  return [width, height];
}

/** Bits of vop_time_increment: as many as the greatest value below the resolution takes. */
const timeBits = (resolution: number): number => Math.max(1, 32 - Math.clz32(resolution - 1));

/** Types of visual object that tell of colours. */
const VIDEO_OBJECTS: ReadonlySet<number> = new Set([1, 2]);

/** video_signal_type of a visual object. */
function readSignal(content: Uint8Array): Colour | null {
  const bits = new BitReader(content);
  if (bits.flag()) bits.skip(7);
  if (!VIDEO_OBJECTS.has(bits.u(4)) || !bits.flag()) return null;
  bits.skip(3);
  const fullRange = bits.flag();
  if (!bits.flag()) return null;
  const colour = { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8), fullRange };
  return bits.overrun ? null : colour;
}

/** vop_coding_type: Table 6-20. */
export const VOP_TYPE = { i: 0, p: 1, b: 2, s: 3 } as const;

/** Head of a video object plane: 6.2.5. */
export interface Mpeg4Vop {
  readonly type: number;
  /** False for one that repeats the picture before it. */
  readonly isCoded: boolean;
  /** Of a second; null where the resolution is not known. */
  readonly phase: number | null;
}

/**
 * Null where the header is cut.
 * @param content behind the start code
 * @param resolution of the layer; null where it is not known
 */
export function parseMpeg4Vop(content: Uint8Array, resolution: number | null): Mpeg4Vop | null {
  const bits = new BitReader(content);
  const type = bits.u(2);
  if (bits.overrun) return null;
  if (resolution === null) return { type, isCoded: true, phase: null };
  while (bits.flag());
  bits.skip(1);
  const increment = bits.u(timeBits(resolution));
  bits.skip(1);
  const isCoded = bits.flag();
  return bits.overrun
    ? { type, isCoded: true, phase: null }
    : { type, isCoded, phase: increment / resolution };
}

/** A video object plane with what stands in front of it. */
export interface Mpeg4Part extends Mpeg4Vop {
  readonly data: Uint8Array;
}

/** What of a packet is a picture each: packets with several occur in AVI. None where there is no picture at all. */
export function splitMpeg4(data: Uint8Array, resolution: number | null): Mpeg4Part[] {
  const vops: { readonly start: number; readonly vop: Mpeg4Vop }[] = [];
  let start = 0;
  let hasVop = false;
  for (const { code, start: from, at } of startCodes(data)) {
    if (hasVop) start = from;
    hasVop = code === MPEG4.vop;
    const vop = hasVop ? parseMpeg4Vop(data.subarray(at), resolution) : null;
    if (vop) vops.push({ start, vop });
  }
  return vops.map(({ start, vop }, i) => ({ ...vop, data: data.subarray(start, vops[i + 1]?.start) }));
}
