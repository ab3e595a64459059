import { NAL, nalType, parseSliceHeader } from './h264-access-unit.ts';
import type { Sps } from './h264-sps.ts';
import { cutNalUnits } from './nal.ts';

/** A sample that holds one field of a frame: field_pic_flag 1, and no field of the other parity. */
export interface LoneField {
  readonly frameNum: number;
  readonly isBottomField: boolean;
  readonly isIdr: boolean;
}

/** Null for a whole frame, for both its fields, and where the slice headers cannot be read: ITU-T H.264, 7.4.3. */
export function loneField(sample: Uint8Array, sps: Sps): LoneField | null {
  if (sps.isFramesOnly) return null;
  let first: LoneField | null = null;
  for (const { nal } of cutNalUnits(sample, 4)) {
    const type = nalType(nal);
    if (type !== NAL.slice && type !== NAL.idr) continue;
    const header = parseSliceHeader(nal, sps);
    if (!header?.isField) return null;
    const { frameNum, isBottomField } = header;
    if (first && first.isBottomField !== isBottomField) return null;
    first ??= { frameNum, isBottomField, isIdr: type === NAL.idr };
  }
  return first;
}

/** Whether `second` completes the frame that `first` began: 7.4.1.2.4. The second field of an IDR frame is no IDR. */
export const isFieldPair = (first: LoneField, second: LoneField): boolean =>
  first.isBottomField !== second.isBottomField && first.frameNum === second.frameNum && !second.isIdr;
