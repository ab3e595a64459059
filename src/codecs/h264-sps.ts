import { BitReader, removeEmulationPrevention } from '../core/bits.ts';
import { corrupt } from '../core/errors.ts';
import type { FrameRate } from '../core/time.ts';
import { NO_VUI, readVui, type Vui } from './h264-vui.ts';

/** Sequence parameter set: ITU-T H.264, 7.3.2.1.1. What it does not say, or says in a VUI cut short, is null. */
export interface Sps extends Vui {
  readonly id: number;
  /** profile_idc */
  readonly profile: number;
  /** The byte behind profile_idc: constraint_set0_flag is its highest bit. */
  readonly constraints: number;
  /** level_idc: ten times the level. */
  readonly level: number;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number;
  readonly hasSeparatePlanes: boolean;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Bits of frame_num in slice headers. */
  readonly frameNumBits: number;
  readonly pictureOrderType: number;
  readonly maxReferenceFrames: number;
  /** frame_mbs_only_flag: never interlaced. */
  readonly isFramesOnly: boolean;
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Cropped size. */
  readonly width: number;
  readonly height: number;
}

/** Profiles whose SPS tells chroma format, bit depths and scaling: 7.3.2.1.1. */
const EXTENDED_PROFILES: ReadonlySet<number> = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);
/** Sample sizes by chroma_format_idc in luma samples, Table 6-1; monochrome counts as 1. */
const CHROMA = [
  { width: 1, height: 1 },
  { width: 2, height: 2 },
  { width: 2, height: 1 },
  { width: 1, height: 1 },
] as const;
/** The side of a picture that MP4's 16-bit fields can tell; level 6.2 allows 16 880. */
const MAX_SIDE = 65_535;

/** @throws MediaError `corrupt` */
export function parseSps(nal: Uint8Array): Sps {
  if (nalType(nal) !== 7) throw corrupt(`No SPS: NAL unit type ${nalType(nal)}`);
  const bits = new BitReader(removeEmulationPrevention(nal));
  bits.skip(8);
  const head = { profile: bits.u(8), constraints: bits.u(8), level: bits.u(8), id: bits.ue() };
  const format = readFormat(bits, head.profile);
  const frameNumBits = bits.ue() + 4;
  const pictureOrderType = readPictureOrder(bits);
  const maxReferenceFrames = bits.ue();
  bits.skip(1);
  const size = readSize(bits, format);
  const hasVui = bits.flag();
  if (bits.overrun) throw corrupt('SPS ends early');
  if (head.id > 31 || frameNumBits > 16 || maxReferenceFrames > 16)
    throw corrupt(`SPS with impossible values: id ${head.id}, ${maxReferenceFrames} reference frames`);
  const vui = hasVui ? readVui(bits) : NO_VUI;
  return { ...head, ...format, frameNumBits, pictureOrderType, maxReferenceFrames, ...size, ...vui };
}

const nalType = (nal: Uint8Array): number => (nal[0] ?? 0) & 31;

type Format = Pick<Sps, 'chromaFormat' | 'hasSeparatePlanes' | 'bitDepthLuma' | 'bitDepthChroma'>;

function readFormat(bits: BitReader, profile: number): Format {
  if (!EXTENDED_PROFILES.has(profile))
    return { chromaFormat: 1, hasSeparatePlanes: false, bitDepthLuma: 8, bitDepthChroma: 8 };
  const chromaFormat = bits.ue();
  const hasSeparatePlanes = chromaFormat === 3 && bits.flag();
  const bitDepthLuma = 8 + bits.ue();
  const bitDepthChroma = 8 + bits.ue();
  bits.skip(1);
  if (chromaFormat > 3 || bitDepthLuma > 14 || bitDepthChroma > 14)
    throw corrupt(`SPS with chroma format ${chromaFormat}, ${bitDepthLuma} and ${bitDepthChroma} bits`);
  if (bits.flag()) skipScalingLists(bits, chromaFormat === 3 ? 12 : 8);
  return { chromaFormat, hasSeparatePlanes, bitDepthLuma, bitDepthChroma };
}

/** 7.3.2.1.1.1: six lists of 16 values, the others of 64. */
function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list++) {
    if (!bits.flag()) continue;
    const size = list < 6 ? 16 : 64;
    let next = 8;
    for (let last = 8, i = 0; i < size && next !== 0; i++) {
      next = (last + bits.se() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

/** Gives pic_order_cnt_type. */
function readPictureOrder(bits: BitReader): number {
  const type = bits.ue();
  if (type > 2) throw corrupt(`SPS with pic_order_cnt_type ${type}`);
  if (type === 0) bits.ue();
  if (type !== 1) return type;
  bits.skip(1);
  bits.se();
  bits.se();
  const cycle = bits.ue();
  if (cycle > 255) throw corrupt(`SPS with ${cycle} reference frames in a picture order cycle`);
  for (let i = 0; i < cycle; i++) bits.se();
  return type;
}

type Size = Pick<Sps, 'isFramesOnly' | 'codedWidth' | 'codedHeight' | 'width' | 'height'>;

/** Coded size and cropping, 7.4.2.1.1: crop units depend on chroma format and interlace. */
function readSize(bits: BitReader, format: Format): Size {
  const widthInMbs = bits.ue() + 1;
  const heightInMapUnits = bits.ue() + 1;
  const isFramesOnly = bits.flag();
  const fieldFactor = isFramesOnly ? 1 : 2;
  if (!isFramesOnly) bits.skip(1);
  bits.skip(1);
  const [left, right, top, bottom] = bits.flag()
    ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()]
    : [0, 0, 0, 0];
  const unit = CHROMA[format.hasSeparatePlanes ? 0 : format.chromaFormat] ?? CHROMA[0];
  const codedWidth = widthInMbs * 16;
  const codedHeight = heightInMapUnits * 16 * fieldFactor;
  const width = codedWidth - unit.width * (left + right);
  const height = codedHeight - unit.height * fieldFactor * (top + bottom);
  if (width < 1 || height < 1 || codedWidth > MAX_SIDE || codedHeight > MAX_SIDE)
    throw corrupt(`SPS with a picture of ${codedWidth}x${codedHeight} cropped to ${width}x${height}`);
  return { isFramesOnly, codedWidth, codedHeight, width, height };
}

/**
 * The exact rate of frames that the VUI's timing stands for; null without timing. Encoders seldom declare it as
 * fixed even where it is: stamps must confirm it.
 */
export function spsFrameRate({ timing }: Sps): FrameRate | null {
  if (!timing) return null;
  const den = timing.unitsInTick * 2;
  const divisor = greatestDivisor(timing.timeScale, den);
  return { num: timing.timeScale / divisor, den: den / divisor };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** MaxDpbMbs by level_idc, Table A-1; 9 is level 1b. */
const MAX_DPB_MBS: Readonly<Record<number, number>> = {
  9: 396,
  10: 396,
  11: 900,
  12: 2376,
  13: 2376,
  20: 2376,
  21: 4752,
  22: 8100,
  30: 8100,
  31: 18_000,
  32: 20_480,
  40: 32_768,
  41: 32_768,
  42: 34_816,
  50: 110_400,
  51: 184_320,
  52: 184_320,
  60: 696_320,
  61: 696_320,
  62: 696_320,
};
const MAX_DPB_FRAMES = 16;
const BASELINE = 66;
const CONSTRAINT_SET3 = 0x10;
/** Profiles that constraint_set3_flag makes intra-only: E.2.1, max_num_reorder_frames. */
const INTRA_CAPABLE: ReadonlySet<number> = new Set([44, 86, 100, 110, 122, 244]);

/**
 * How many frames may precede one in decode order and follow it in output order: the VUI's word, else what E.2.1
 * infers in its absence, with 0 where no picture can be reordered at all.
 */
export function reorderDepth(sps: Sps): number {
  if (sps.maxReorderFrames !== null) return sps.maxReorderFrames;
  const isIntraOnly = INTRA_CAPABLE.has(sps.profile) && (sps.constraints & CONSTRAINT_SET3) !== 0;
  if (sps.pictureOrderType === 2 || sps.profile === BASELINE || isIntraOnly) return 0;
  return maxDpbFrames(sps);
}

/** A.3.1. Level 1b of the older profiles is level 11 with constraint_set3_flag. */
function maxDpbFrames({ profile, constraints, level, codedWidth, codedHeight }: Sps): number {
  const is1b = level === 11 && (profile === 77 || profile === 88) && (constraints & CONSTRAINT_SET3) !== 0;
  const macroblocks = (codedWidth / 16) * (codedHeight / 16);
  const limit = MAX_DPB_MBS[is1b ? 9 : level];
  return limit === undefined ? MAX_DPB_FRAMES : Math.min(MAX_DPB_FRAMES, Math.floor(limit / macroblocks));
}

export interface PpsIds {
  readonly id: number;
  readonly spsId: number;
}

/** Picture parameter set: its own id and that of its SPS. ITU-T H.264, 7.3.2.2. */
export function parsePpsIds(nal: Uint8Array): PpsIds {
  if (nalType(nal) !== 8) throw corrupt(`No PPS: NAL unit type ${nalType(nal)}`);
  const bits = new BitReader(removeEmulationPrevention(nal.subarray(0, 32)));
  bits.skip(8);
  const ids = { id: bits.ue(), spsId: bits.ue() };
  if (bits.overrun || ids.id > 255 || ids.spsId > 31) throw corrupt('PPS ends early or has impossible ids');
  return ids;
}
