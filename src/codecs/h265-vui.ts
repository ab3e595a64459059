import type { BitReader } from '../core/bits.ts';
import type { Colour, PixelAspect } from '../core/media.ts';
import type { FrameRate } from '../core/time.ts';
import { SAMPLE_ASPECTS } from './sample-aspects.ts';

/** Video usability information: ITU-T H.265, Annex E. What it does not say is null, or the value inferred by E.3. */
export interface H265Vui {
  readonly pixelAspect: PixelAspect | null;
  readonly colour: Colour | null;
  /** field_seq_flag: every picture is one field. */
  readonly isFieldSeq: boolean;
  /** frame_field_info_present_flag: picture timing SEI messages tell pic_struct. */
  readonly hasFrameFieldInfo: boolean;
  /** Pictures a second, fields counted in pairs. Encoders declare it for variable rates as well. */
  readonly frameRate: FrameRate | null;
  /** min_spatial_segmentation_idc */
  readonly minSpatialSegmentation: number;
}

export const NO_H265_VUI: H265Vui = {
  pixelAspect: null,
  colour: null,
  isFieldSeq: false,
  hasFrameFieldInfo: false,
  frameRate: null,
  minSpatialSegmentation: 0,
};

const EXTENDED_SAR = 255;
/** E.3.1: larger values are not allowed, and hvcC has 12 bits. */
const MAX_SPATIAL_SEGMENTATION = 4095;

/** Annex E.2.1. */
export function readH265Vui(bits: BitReader, subLayers: number): H265Vui {
  const pixelAspect = bits.flag() ? readAspect(bits) : null;
  if (bits.flag()) bits.skip(1);
  const colour = bits.flag() ? readColour(bits) : null;
  if (bits.flag()) skipCodes(bits, 2);
  bits.skip(1);
  const isFieldSeq = bits.flag();
  const hasFrameFieldInfo = bits.flag();
  if (bits.flag()) skipCodes(bits, 4);
  const frameRate = bits.flag() ? readTiming(bits, subLayers, isFieldSeq ? 2 : 1) : null;
  const minSpatialSegmentation = bits.flag() ? readRestriction(bits) : 0;
  return { pixelAspect, colour, isFieldSeq, hasFrameFieldInfo, frameRate, minSpatialSegmentation };
}

const skipCodes = (bits: BitReader, count: number): void => {
  for (let i = 0; i < count; i++) bits.ue();
};

function readAspect(bits: BitReader): PixelAspect | null {
  const index = bits.u(8);
  const [h, v] = index === EXTENDED_SAR ? [bits.u(16), bits.u(16)] : (SAMPLE_ASPECTS[index] ?? [0, 0]);
  return h > 0 && v > 0 ? { h, v } : null;
}

/** Null when it says neither colours nor full range. */
function readColour(bits: BitReader): Colour | null {
  bits.skip(3);
  const fullRange = bits.flag();
  if (bits.flag()) return { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8), fullRange };
  return fullRange ? { primaries: 2, transfer: 2, matrix: 2, fullRange } : null;
}

function readTiming(bits: BitReader, subLayers: number, picturesPerFrame: number): FrameRate | null {
  const rate = readPictureRate(bits, picturesPerFrame);
  if (bits.flag()) bits.ue();
  if (bits.flag()) skipHrd(bits, subLayers);
  return rate;
}

/** num_units_in_tick and time_scale as they stand in VUI and VPS: a picture lasts one tick. Null when one is 0. */
export function readPictureRate(bits: BitReader, picturesPerFrame: number): FrameRate | null {
  const den = bits.u(32) * picturesPerFrame;
  const num = bits.u(32);
  if (num === 0 || den === 0) return null;
  const divisor = greatestDivisor(num, den);
  return { num: num / divisor, den: den / divisor };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function readRestriction(bits: BitReader): number {
  bits.skip(3);
  const segmentation = bits.ue();
  skipCodes(bits, 4);
  return Math.min(MAX_SPATIAL_SEGMENTATION, segmentation);
}

/** Annex E.2.2, with commonInfPresentFlag. */
function skipHrd(bits: BitReader, subLayers: number): void {
  const [hasNal, hasVcl] = [bits.flag(), bits.flag()];
  const hasSubPictures = (hasNal || hasVcl) && bits.flag();
  if (hasSubPictures) bits.skip(8 + 5 + 1 + 5);
  if (hasNal || hasVcl) bits.skip(4 + 4 + (hasSubPictures ? 4 : 0) + 3 * 5);
  const lists = Number(hasNal) + Number(hasVcl);
  for (let i = 0; i < subLayers && !bits.overrun; i++) {
    const buffers = lists * readBufferCount(bits);
    for (let k = 0; k < buffers && !bits.overrun; k++) {
      skipCodes(bits, hasSubPictures ? 4 : 2);
      bits.skip(1);
    }
  }
}

/** The flags of one sub-layer, up to cpb_cnt_minus1. */
function readBufferCount(bits: BitReader): number {
  const isFixed = bits.flag() || bits.flag();
  const isLowDelay = isFixed ? skipDuration(bits) : bits.flag();
  return isLowDelay ? 1 : bits.ue() + 1;
}

/** elemental_duration_in_tc_minus1 stands where low_delay_hrd_flag is absent, which is then 0. */
function skipDuration(bits: BitReader): false {
  bits.ue();
  return false;
}
