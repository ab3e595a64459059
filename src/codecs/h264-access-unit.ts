import { BitReader, removeEmulationPrevention } from '../core/bits.ts';
import type { Sps } from './h264-sps.ts';
import { cutNalUnits } from './nal.ts';

/** nal_unit_type: ITU-T H.264, Table 7-1. */
export const NAL = { slice: 1, partitionA: 2, idr: 5, sei: 6, sps: 7, pps: 8, spsExtension: 13 } as const;

export const nalType = (nal: Uint8Array): number => (nal[0] ?? 0) & 31;

/**
 * What an access unit is as a place to begin decoding: `idr` closes what came before; `recovery` is announced by a
 * recovery point SEI; `intra` has only I slices; `other` needs earlier pictures; `none` holds no picture.
 */
export type AccessUnitKind = 'idr' | 'recovery' | 'intra' | 'other' | 'none';

export interface AccessUnit {
  readonly kind: AccessUnitKind;
  /** Frames in output order until the picture is right, from the recovery point SEI: 0 for an open GOP. */
  readonly recoveryFrameCount: number | null;
  readonly hasPicture: boolean;
  /** Fields coded as pictures of their own: 0 for a frame, 2 for a pair. Known only with the SPS. */
  readonly fields: number;
  /** SPS, PPS and SPS extensions in stream order. */
  readonly parameterSets: readonly Uint8Array[];
}

/** @param sps of the picture; without it fields cannot be told from frames */
export function classifyAccessUnit(nals: Iterable<Uint8Array>, sps: Sps | null = null): AccessUnit {
  const scan = new AccessUnitScan();
  const parameterSets: Uint8Array[] = [];
  const parities = new Set<boolean>();
  for (const nal of nals) {
    if (isParameterSet(nal)) parameterSets.push(nal);
    const slice = scan.add(nal) === 'slice' && sps ? parseSliceHeader(nal, sps) : null;
    if (slice?.isField) parities.add(slice.isBottomField);
  }
  const { recoveryFrameCount, kind } = scan;
  return { kind, recoveryFrameCount, hasPicture: kind !== 'none', fields: parities.size, parameterSets };
}

const PARAMETER_SETS: ReadonlySet<number> = new Set([NAL.sps, NAL.pps, NAL.spsExtension]);
const isParameterSet = (nal: Uint8Array): boolean => PARAMETER_SETS.has(nalType(nal));

/**
 * The kind of a length-prefixed access unit, given whole or only its beginning. `unknown` when the first slice
 * header lies beyond that; where later slices do, the first ones speak for them. `none` only when the data end
 * with a NAL unit.
 */
export function probeAccessUnit(prefix: Uint8Array, lengthSize: number): AccessUnitKind | 'unknown' {
  const scan = new AccessUnitScan();
  for (const { nal, missing } of cutNalUnits(prefix, lengthSize)) {
    const found = missing > 0 && !isSlice(nal) ? 'cut' : scan.add(nal);
    if (scan.isCertain) return scan.kind;
    if (found === 'cut' || missing > 0) return scan.kind === 'none' ? 'unknown' : scan.kind;
  }
  return prefix.length === 0 ? 'unknown' : scan.kind;
}

const isSlice = (nal: Uint8Array): boolean => {
  const type = nalType(nal);
  return type === NAL.slice || type === NAL.partitionA || type === NAL.idr;
};

/** Takes NAL units in order until the kind of their access unit is certain. */
class AccessUnitScan {
  kind: AccessUnitKind = 'none';
  recoveryFrameCount: number | null = null;
  /** No further NAL unit changes the kind. */
  isCertain = false;

  add(nal: Uint8Array): 'slice' | 'other' | 'cut' {
    if (nalType(nal) === NAL.sei && this.kind === 'none') this.recoveryFrameCount ??= recoveryPoint(nal);
    if (!isSlice(nal)) return 'other';
    if (this.isCertain) return 'slice';
    const type = nalType(nal) === NAL.idr ? 'idr' : sliceType(nal);
    if (type === null) return 'cut';
    this.#judge(type);
    return 'slice';
  }

  /** The first slice tells whether it is an IDR picture, every slice whether it is intra: 7.4.1.2.4. */
  #judge(type: 'idr' | number): void {
    if (type === 'idr' && this.kind === 'none') this.#settle('idr');
    else if (this.recoveryFrameCount !== null) this.#settle('recovery');
    else if (type === 'idr') return;
    else if (!INTRA_TYPES.has(type % SLICE_TYPES)) this.#settle('other');
    else {
      this.kind = 'intra';
      this.isCertain = type >= SLICE_TYPES;
    }
  }

  #settle(kind: AccessUnitKind): void {
    this.kind = kind;
    this.isCertain = true;
  }
}

/** Table 7-6: P, B, I, SP, SI; five more when all slices of the picture have the type. */
const SLICE_TYPES = 5;
const INTRA_TYPES: ReadonlySet<number> = new Set([2, 4]);
/** first_mb_in_slice to bottom_field_flag with every code at its longest, emulation prevention included. */
const SLICE_HEAD_BYTES = 32;

/** Null when the header is cut before it. */
function sliceType(nal: Uint8Array): number | null {
  const bits = sliceBits(nal);
  bits.ue();
  const type = bits.ue();
  return bits.overrun ? null : type;
}

function sliceBits(nal: Uint8Array): BitReader {
  const bits = new BitReader(removeEmulationPrevention(nal.subarray(0, SLICE_HEAD_BYTES)));
  bits.skip(8);
  return bits;
}

export interface SliceHeader {
  readonly firstMacroblock: number;
  /** slice_type modulo 5: 0 P, 1 B, 2 I, 3 SP, 4 SI. */
  readonly type: number;
  readonly ppsId: number;
  readonly frameNum: number;
  readonly isField: boolean;
  readonly isBottomField: boolean;
}

/** The beginning of a slice header, ITU-T H.264, 7.3.3; null when it is cut. */
export function parseSliceHeader(nal: Uint8Array, sps: Sps): SliceHeader | null {
  const bits = sliceBits(nal);
  const [firstMacroblock, type, ppsId] = [bits.ue(), bits.ue() % SLICE_TYPES, bits.ue()];
  if (sps.hasSeparatePlanes) bits.skip(2);
  const frameNum = bits.u(sps.frameNumBits);
  const isField = !sps.isFramesOnly && bits.flag();
  const isBottomField = isField && bits.flag();
  return bits.overrun ? null : { firstMacroblock, type, ppsId, frameNum, isField, isBottomField };
}

const RECOVERY_POINT = 6;

/** recovery_frame_cnt of the recovery point in an SEI NAL unit, null without one: 7.3.2.3.1, D.1.8. */
function recoveryPoint(nal: Uint8Array): number | null {
  const bits = new BitReader(removeEmulationPrevention(nal));
  bits.skip(8);
  while (bits.remaining > 16) {
    const type = seiNumber(bits);
    const size = seiNumber(bits);
    if (type === RECOVERY_POINT) {
      const count = bits.ue();
      return bits.overrun ? null : count;
    }
    bits.skip(size * 8);
  }
  return null;
}

/** A payload type or size: 255 for every 255 in it, then the rest. */
function seiNumber(bits: BitReader): number {
  let value = 0;
  for (let byte = 255; byte === 255; value += byte) byte = bits.u(8);
  return value;
}
