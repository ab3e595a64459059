/** Frame tag of VP8: RFC 6386, 9.1. */
export interface Vp8Frame {
  readonly isKey: boolean;
  /** Others are only referred to. */
  readonly isShown: boolean;
}

/** Behind the tag of a key frame: 9.1. */
const START_CODE = [0x9d, 0x01, 0x2a];
const TAG = 3;

/**
 * Null where it is cut.
 * @throws never: what claims to be a key frame and does not begin as one is none
 */
export function parseVp8Frame(data: Uint8Array): Vp8Frame | null {
  const [first] = data;
  if (first === undefined) return null;
  const isShown = (first & 0x10) !== 0;
  if ((first & 1) === 1) return { isKey: false, isShown };
  if (data.length < TAG + START_CODE.length) return null;
  return { isKey: START_CODE.every((byte, i) => data[TAG + i] === byte), isShown };
}
