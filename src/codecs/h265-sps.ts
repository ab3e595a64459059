import { BitReader, removeEmulationPrevention } from '../core/bits.ts';
import { corrupt } from '../core/errors.ts';
import type { FrameRate } from '../core/time.ts';
import { H265_NAL, h265LayerId, h265NalType } from './h265-nal.ts';
import { skipH265RefPicSets, skipH265ScalingLists } from './h265-sps-lists.ts';
import { type H265Vui, NO_H265_VUI, readH265Vui, readPictureRate } from './h265-vui.ts';

/** general_… of profile_tier_level: ITU-T H.265, 7.3.3. */
export interface H265Profile {
  readonly profileSpace: number;
  /** general_tier_flag: 0 Main, 1 High. */
  readonly tier: number;
  /** general_profile_idc */
  readonly profile: number;
  /** general_profile_compatibility_flag[0] is the highest of 32 bits. */
  readonly compatibility: number;
  /** Six bytes; general_progressive_source_flag is the highest bit of the first. */
  readonly constraints: Uint8Array;
  /** general_level_idc: thirty times the level. */
  readonly level: number;
}

/** Sequence parameter set of the base layer: ITU-T H.265, 7.3.2.2.1. */
export interface H265Sps extends H265Profile, H265Vui {
  readonly id: number;
  readonly vpsId: number;
  readonly numTemporalLayers: number;
  /** sps_temporal_id_nesting_flag */
  readonly temporalIdNested: boolean;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Size inside the conformance window; of a field where `isFieldSeq`. */
  readonly width: number;
  readonly height: number;
  /** Pictures that may precede one in decode order and follow it in output order, all sub-layers decoded. */
  readonly reorderDepth: number;
  /** What the profile's source flags say; null when unknown or picture by picture. */
  readonly isProgressive: boolean | null;
}

/** SubWidthC and SubHeightC by chroma_format_idc, Table 6-1. */
const CHROMA = [
  { width: 1, height: 1 },
  { width: 2, height: 2 },
  { width: 2, height: 1 },
  { width: 1, height: 1 },
] as const;
/** The side of a picture that MP4's 16-bit fields can tell; level 6.2 allows 16 888. */
const MAX_SIDE = 65_535;
const MAX_BIT_DEPTH = 16;
/** sps_max_dec_pic_buffering_minus1 is at most MaxDpbSize - 1: A.4.2. */
const MAX_REORDER = 15;
/** sps_max_sub_layers_minus1 is at most 6: 7.4.3.2.1. */
const MAX_SUB_LAYERS = 7;

/** @throws MediaError `corrupt` */
export function parseH265Sps(nal: Uint8Array): H265Sps {
  const bits = openNal(nal, H265_NAL.sps);
  const vpsId = bits.u(4);
  const numTemporalLayers = bits.u(3) + 1;
  const temporalIdNested = bits.flag();
  const profile = readProfile(bits, numTemporalLayers);
  const id = bits.ue();
  const format = readFormat(bits);
  const pocBits = bits.ue() + 4;
  const reorderDepth = readReorderDepth(bits, numTemporalLayers);
  if (numTemporalLayers > MAX_SUB_LAYERS || id > 15 || pocBits > 16 || reorderDepth > MAX_REORDER)
    throw corrupt(`SPS with impossible values: id ${id}, ${numTemporalLayers} temporal layers`);
  skipCodingTools(bits, pocBits);
  const vui = bits.flag() ? readH265Vui(bits, numTemporalLayers) : NO_H265_VUI;
  if (bits.overrun) throw corrupt('SPS ends early');
  const common = { id, vpsId, numTemporalLayers, temporalIdNested, reorderDepth };
  return { ...common, ...profile, isProgressive: progressiveOf(profile), ...format, ...vui };
}

function openNal(nal: Uint8Array, type: number): BitReader {
  const found = h265NalType(nal);
  if (found !== type) throw corrupt(`NAL unit type ${found} where ${type} is expected`);
  if (h265LayerId(nal) > 0)
    throw corrupt(`Parameter set of layer ${h265LayerId(nal)}, not of the base layer`);
  const bits = new BitReader(removeEmulationPrevention(nal));
  bits.skip(16);
  return bits;
}

/** 7.3.3 with profilePresentFlag; what sub-layers say of themselves is passed over. */
function readProfile(bits: BitReader, subLayers: number): H265Profile {
  const [profileSpace, tier, profile, compatibility] = [bits.u(2), bits.u(1), bits.u(5), bits.u(32)];
  const constraints = Uint8Array.from({ length: 6 }, () => bits.u(8));
  const level = bits.u(8);
  let subLayerBits = 0;
  for (let i = 1; i < subLayers; i++) subLayerBits += (bits.flag() ? 88 : 0) + (bits.flag() ? 8 : 0);
  if (subLayers > 1) bits.skip(2 * (9 - subLayers));
  bits.skip(subLayerBits);
  return { profileSpace, tier, profile, compatibility, constraints, level };
}

/** general_progressive_source_flag and general_interlaced_source_flag: 7.4.4. */
function progressiveOf({ constraints }: H265Profile): boolean | null {
  const flags = (constraints[0] ?? 0) >> 6;
  return flags === 2 ? true : flags === 1 ? false : null;
}

type Format = Pick<
  H265Sps,
  'chromaFormat' | 'bitDepthLuma' | 'bitDepthChroma' | 'codedWidth' | 'codedHeight' | 'width' | 'height'
>;

/** From chroma_format_idc to bit_depth_chroma_minus8; the window counts in chroma samples: 7.4.3.2.1. */
function readFormat(bits: BitReader): Format {
  const chromaFormat = bits.ue();
  if (chromaFormat === 3) bits.skip(1);
  const [codedWidth, codedHeight] = [bits.ue(), bits.ue()];
  const [left, right, top, bottom] = bits.flag()
    ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()]
    : [0, 0, 0, 0];
  const [bitDepthLuma, bitDepthChroma] = [bits.ue() + 8, bits.ue() + 8];
  const unit = CHROMA[chromaFormat];
  if (!unit || bitDepthLuma > MAX_BIT_DEPTH || bitDepthChroma > MAX_BIT_DEPTH)
    throw corrupt(`SPS with chroma format ${chromaFormat}, ${bitDepthLuma} and ${bitDepthChroma} bits`);
  const width = codedWidth - unit.width * (left + right);
  const height = codedHeight - unit.height * (top + bottom);
  if (width < 1 || height < 1 || codedWidth > MAX_SIDE || codedHeight > MAX_SIDE)
    throw corrupt(`SPS with a picture of ${codedWidth}x${codedHeight} cropped to ${width}x${height}`);
  return { chromaFormat, bitDepthLuma, bitDepthChroma, codedWidth, codedHeight, width, height };
}

/** sps_max_num_reorder_pics of the highest sub-layer, which comes last. */
function readReorderDepth(bits: BitReader, subLayers: number): number {
  const count = bits.flag() ? subLayers : 1;
  let depth = 0;
  for (let i = 0; i < count; i++) {
    bits.ue();
    depth = bits.ue();
    bits.ue();
  }
  return depth;
}

/** From log2_min_luma_coding_block_size_minus3 to strong_intra_smoothing_enabled_flag. */
function skipCodingTools(bits: BitReader, pocBits: number): void {
  for (let i = 0; i < 6; i++) bits.ue();
  if (bits.flag() && bits.flag()) skipH265ScalingLists(bits);
  bits.skip(2);
  if (bits.flag()) skipPcm(bits);
  skipH265RefPicSets(bits);
  if (bits.flag()) {
    const longTerm = bits.ue();
    if (longTerm > 32) throw corrupt(`SPS with ${longTerm} long-term reference pictures`);
    bits.skip(longTerm * (pocBits + 1));
  }
  bits.skip(2);
}

function skipPcm(bits: BitReader): void {
  bits.skip(8);
  bits.ue();
  bits.ue();
  bits.skip(1);
}

export interface H265Pps {
  readonly id: number;
  readonly spsId: number;
  /** tiles_enabled_flag */
  readonly hasTiles: boolean;
  /** entropy_coding_sync_enabled_flag */
  readonly hasWavefronts: boolean;
}

/**
 * Picture parameter set, as far as hvcC needs it: ITU-T H.265, 7.3.2.3.1.
 * @throws MediaError `corrupt`
 */
export function parseH265Pps(nal: Uint8Array): H265Pps {
  const bits = openNal(nal, H265_NAL.pps);
  const ids = { id: bits.ue(), spsId: bits.ue() };
  bits.skip(1 + 1 + 3 + 1 + 1);
  bits.ue();
  bits.ue();
  bits.se();
  bits.skip(2);
  if (bits.flag()) bits.ue();
  bits.se();
  bits.se();
  bits.skip(4);
  const tools = { hasTiles: bits.flag(), hasWavefronts: bits.flag() };
  if (bits.overrun || ids.id > 63 || ids.spsId > 15) throw corrupt('PPS ends early or has impossible ids');
  return { ...ids, ...tools };
}

export interface H265Vps {
  readonly id: number;
  /** Pictures a second, a field counted as a picture; null when the VPS does not tell. */
  readonly frameRate: FrameRate | null;
}

/**
 * Video parameter set, as far as remuxing needs it: ITU-T H.265, 7.3.2.1.
 * @throws MediaError `corrupt`
 */
export function parseH265Vps(nal: Uint8Array): H265Vps {
  const bits = openNal(nal, H265_NAL.vps);
  const id = bits.u(4);
  bits.skip(2 + 6);
  const subLayers = bits.u(3) + 1;
  bits.skip(1 + 16);
  if (bits.overrun) throw corrupt('VPS ends early');
  readProfile(bits, subLayers);
  readReorderDepth(bits, subLayers);
  const layers = bits.u(6) + 1;
  bits.skip(bits.ue() * layers);
  const frameRate = bits.flag() ? readPictureRate(bits, 1) : null;
  return { id, frameRate: bits.overrun ? null : frameRate };
}
