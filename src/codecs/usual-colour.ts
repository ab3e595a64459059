import type { Colour } from '../core/media.ts';

const UNSPECIFIED = 2;

/** Code points of ITU-T H.273 that stand together. */
const USUAL = {
  sd525: { primaries: 6, transfer: 6, matrix: 6 },
  sd625: { primaries: 5, transfer: 6, matrix: 5 },
  hd: { primaries: 1, transfer: 1, matrix: 1 },
} as const;

/** Lines up to which pictures of the systems with 525 and with 625 lines reach, and samples of a line of both. */
const LINES_525 = 486;
const LINES_625 = 576;
const SD_WIDTH = 1024;

/**
 * The colour with what it leaves unspecified as such pictures usually are: ITU-R BT.601 of 525 or 625 lines, BT.709
 * where they are larger.
 */
export function usualColour(colour: Colour | null, width: number, height: number): Colour {
  const isSd = width <= SD_WIDTH && height <= LINES_625;
  const usual = USUAL[isSd ? (height <= LINES_525 ? 'sd525' : 'sd625') : 'hd'];
  const known = (code: number | undefined, otherwise: number) =>
    code === undefined || code === UNSPECIFIED || code === 0 ? otherwise : code;
  return {
    primaries: known(colour?.primaries, usual.primaries),
    transfer: known(colour?.transfer, usual.transfer),
    // 0 is no gap here: red, green and blue as they are.
    matrix: colour && colour.matrix !== UNSPECIFIED ? colour.matrix : usual.matrix,
    fullRange: colour?.fullRange ?? false,
  };
}
