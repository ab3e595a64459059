import { NAL, nalType, parseSliceHeader, type SliceHeader } from '../../../src/codecs/h264-access-unit.ts';
import type { Sps } from '../../../src/codecs/h264-sps.ts';
import { H265_NAL_HEADER, h265LayerId, h265NalType } from '../../../src/codecs/h265-nal.ts';

/** Tells where access units begin, NAL unit after NAL unit. */
export interface NalRules {
  /** Whether the zero before a start code of four bytes is taken for its own; else it trails what came before. */
  readonly ownsZero: boolean;
  /**
   * Whether the NAL unit is the first of an access unit.
   * @param nal its beginning
   * @param isFirst nothing was met before: what may be the middle of an access unit begins none
   */
  begins(nal: Uint8Array, isFirst: boolean): boolean;
  /** Forgets what came before. */
  reset(): void;
  /** Whether stamps mean the access unit in which this NAL unit begins in their packet; its first one when absent. */
  isStamped?(nal: Uint8Array): boolean;
}

const AUD = 9;
/** Behind the last slice of a picture these belong to the next one: ITU-T H.264, 7.4.1.2.3. */
const H264_PREFIXES: ReadonlySet<number> = new Set([AUD, NAL.sei, NAL.sps, NAL.pps, 14, 15, 16, 17, 18]);

/**
 * ITU-T H.264, 7.4.1.2.3 and 7.4.1.2.4, without arbitrary slice order and redundant pictures.
 * @param sps null before it is known: then a lost first slice goes unnoticed
 */
export function h264Rules(sps: Sps | null): NalRules {
  /** The slice before in the same access unit; null before its first. */
  let slice: (SliceHeader & { readonly isIdr: boolean }) | null = null;
  let hasPrefix = false;
  return {
    ownsZero: true,
    begins(nal, isFirst) {
      const type = nalType(nal);
      if (H264_PREFIXES.has(type)) {
        const isBeginning = isFirst || slice !== null || (type === AUD && hasPrefix);
        slice = null;
        hasPrefix = true;
        return isBeginning;
      }
      if (type !== NAL.slice && type !== NAL.idr && type !== NAL.partitionA) return false;
      const header = parseSliceHeader(nal, sps ?? PLAIN);
      if (!header) return false;
      const own = { ...header, isIdr: type === NAL.idr };
      const isNew = slice ? isNewPicture(slice, own, sps !== null) : !hasPrefix;
      const begins = isFirst ? header.firstMacroblock === 0 : isNew;
      slice = own;
      hasPrefix = false;
      return begins;
    },
    reset() {
      slice = null;
      hasPrefix = false;
    },
  };
}

/** Without an SPS only what stands before frame_num can be read. */
const PLAIN = { hasSeparatePlanes: false, frameNumBits: 0, isFramesOnly: true } as Sps;

type Slice = SliceHeader & { readonly isIdr: boolean };

const isNewPicture = (before: Slice, slice: Slice, hasSps: boolean): boolean =>
  slice.firstMacroblock === 0 ||
  before.isIdr !== slice.isIdr ||
  (hasSps &&
    (before.frameNum !== slice.frameNum ||
      before.isField !== slice.isField ||
      before.isBottomField !== slice.isBottomField));

const H265_AUD = 35;
const FIRST_NON_VCL = 32;
/** Behind the last slice of a picture these belong to the next one: ITU-T H.265, 7.4.2.4.4. */
const isH265Prefix = (type: number): boolean =>
  (type >= 32 && type <= H265_AUD) || type === 39 || (type >= 41 && type <= 44) || (type >= 48 && type <= 55);

export function h265Rules(): NalRules {
  let hasSlice = false;
  let hasPrefix = false;
  return {
    ownsZero: false,
    begins(nal, isFirst) {
      const type = h265NalType(nal);
      if (h265LayerId(nal) > 0) return false;
      if (isH265Prefix(type)) {
        const begins = isFirst || hasSlice || (type === H265_AUD && hasPrefix);
        hasSlice = false;
        hasPrefix = true;
        return begins;
      }
      if (type >= FIRST_NON_VCL) return false;
      const isFirstSlice = ((nal[H265_NAL_HEADER] ?? 0) & 0x80) !== 0;
      const begins = isFirst ? isFirstSlice : isFirstSlice && !hasPrefix;
      hasSlice = true;
      hasPrefix = false;
      return begins;
    },
    reset() {
      hasSlice = false;
      hasPrefix = false;
    },
  };
}
