import { H265_NAL, H265_NAL_HEADER, h265LayerId, h265NalType, isBaseSlice } from './h265-nal.ts';
import type { H265Sps } from './h265-sps.ts';
import { cutNalUnits } from './nal.ts';
import { seiMessages } from './sei.ts';

/**
 * What an access unit is as a place to begin decoding. `idr`: everything later in decode order is later in output
 * order too. `radl`: an IDR picture that leading pictures may follow, all of them decodable. `cra`: a CRA or BLA
 * picture that leading pictures may follow, of which those that refer to earlier pictures (RASL) are lost when
 * decoding begins here. `other` needs earlier pictures; `none` holds no picture. ITU-T H.265, 7.4.2.2.
 */
export type H265AccessUnitKind = 'idr' | 'radl' | 'cra' | 'other' | 'none';

const KINDS: ReadonlyMap<number, H265AccessUnitKind> = new Map([
  [H265_NAL.idr, 'idr'],
  [H265_NAL.bla, 'idr'],
  [H265_NAL.idrWithRadl, 'radl'],
  [H265_NAL.cra, 'cra'],
  [H265_NAL.blaWithLeading, 'cra'],
  [H265_NAL.blaWithRadl, 'cra'],
]);

/**
 * The kind of a length-prefixed access unit, given whole or only its beginning. `unknown` when the first slice of
 * the base layer lies beyond that; `none` only when the data end with a NAL unit.
 */
export function probeH265AccessUnit(prefix: Uint8Array, lengthSize: number): H265AccessUnitKind | 'unknown' {
  let isCut = prefix.length === 0;
  for (const { nal, missing } of cutNalUnits(prefix, lengthSize)) {
    if (isBaseSlice(nal)) return KINDS.get(h265NalType(nal)) ?? 'other';
    isCut = missing > 0;
  }
  return isCut ? 'unknown' : 'none';
}

/** True for a leading picture that refers to pictures before the random access picture it belongs to. */
export function isRasl(accessUnit: Uint8Array): boolean {
  for (const { nal } of cutNalUnits(accessUnit, 4))
    if (isBaseSlice(nal)) {
      const type = h265NalType(nal);
      return type === H265_NAL.raslN || type === H265_NAL.raslR;
    }
  return false;
}

const PICTURE_TIMING = 1;

/**
 * pic_struct of the picture timing SEI: ITU-T H.265, Table D.2. 0 a frame; 1 a top and 2 a bottom field; 9 to 12
 * fields paired with another. Null where the stream does not tell.
 */
export function h265PicStruct(nals: Iterable<Uint8Array>, sps: H265Sps): number | null {
  if (!sps.hasFrameFieldInfo) return null;
  for (const nal of nals) {
    if (h265NalType(nal) !== H265_NAL.prefixSei || h265LayerId(nal) > 0) continue;
    for (const { type, payload } of seiMessages(nal, H265_NAL_HEADER))
      if (type === PICTURE_TIMING && payload.length > 0) return (payload[0] ?? 0) >> 4;
  }
  return null;
}
