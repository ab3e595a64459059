import { MPEG2, MPEG2_EXTENSION } from './mpeg2-sequence.ts';
import { startCodes } from './start-codes.ts';

/** picture_coding_type: ISO/IEC 13818-2, Table 6-12. */
export const MPEG2_TYPE = { i: 1, p: 2, b: 3 } as const;

const FRAME_PICTURE = 3;

/** Header of one picture and its coding extension: 6.2.3. */
export interface Mpeg2Picture {
  /** In order of display within the group, modulo 1024. */
  readonly temporalReference: number;
  readonly type: number;
  /** 1 top field, 2 bottom field, 3 frame. */
  readonly structure: number;
  readonly isTopFirst: boolean;
  readonly repeatsFirstField: boolean;
}

/**
 * From a picture header on; null where it is cut.
 * @param content behind the start code
 */
export function parseMpeg2Picture(content: Uint8Array): Mpeg2Picture | null {
  const [high = 0, low] = content;
  if (low === undefined) return null;
  const temporalReference = (high << 2) | (low >> 6);
  const fields = { temporalReference, type: (low >> 3) & 7 };
  const extension = codingExtension(content);
  return {
    ...fields,
    structure: extension ? (extension[2] ?? 0) & 3 || FRAME_PICTURE : FRAME_PICTURE,
    isTopFirst: extension !== null && ((extension[3] ?? 0) & 0x80) !== 0,
    repeatsFirstField: extension !== null && ((extension[3] ?? 0) & 0x02) !== 0,
  };
}

/** Picture coding extension, from its identifier on; null without one: MPEG-1. */
function codingExtension(content: Uint8Array): Uint8Array | null {
  for (const { code, at } of startCodes(content)) {
    if (code !== MPEG2.extension) return null;
    if ((content[at] ?? 0) >> 4 === MPEG2_EXTENSION.pictureCoding) return content.subarray(at);
  }
  return null;
}

export const isField = ({ structure }: Mpeg2Picture): boolean => structure !== FRAME_PICTURE;

/** Whether the second one completes the frame of which the first one is a field: 6.3.10. */
export const isMpeg2FieldPair = (first: Mpeg2Picture, second: Mpeg2Picture): boolean =>
  first.structure + second.structure === FRAME_PICTURE &&
  first.temporalReference === second.temporalReference &&
  (first.type === MPEG2_TYPE.b) === (second.type === MPEG2_TYPE.b);

/** What a sample says up to its first slice. */
export interface Mpeg2Beginning {
  /** Null where the header is cut or there is none. */
  readonly picture: Mpeg2Picture | null;
  /** A group begins at it. */
  readonly hasGroup: boolean;
  /** closed_gop of that. */
  readonly isClosed: boolean;
}

export function mpeg2Beginning(data: Uint8Array): Mpeg2Beginning {
  let hasGroup = false;
  let isClosed = false;
  for (const { code, at } of startCodes(data)) {
    if (code >= MPEG2.firstSlice && code <= MPEG2.lastSlice) break;
    if (code === MPEG2.group) [hasGroup, isClosed] = [true, ((data[at + 3] ?? 0) & 0x40) !== 0];
    if (code === MPEG2.picture) return { picture: parseMpeg2Picture(data.subarray(at)), hasGroup, isClosed };
  }
  return { picture: null, hasGroup, isClosed };
}

/** The field that a sample holds without the other one of its frame; null for all else. */
export function loneMpeg2Field(data: Uint8Array): Mpeg2Picture | null {
  const { picture } = mpeg2Beginning(data);
  if (!picture || !isField(picture)) return null;
  let pictures = 0;
  for (const { code } of startCodes(data)) if (code === MPEG2.picture) pictures++;
  return pictures === 1 ? picture : null;
}
