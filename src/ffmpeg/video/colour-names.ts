import type { Colour } from '../../core/media.ts';

type Names = Readonly<Record<number, string>>;

/** FFmpeg's names of the code points of ITU-T H.273. */
const PRIMARIES: Names = {
  1: 'bt709',
  4: 'bt470m',
  5: 'bt470bg',
  6: 'smpte170m',
  7: 'smpte240m',
  8: 'film',
  9: 'bt2020',
  10: 'smpte428',
  11: 'smpte431',
  12: 'smpte432',
};
const TRANSFERS: Names = {
  1: 'bt709',
  4: 'bt470m',
  5: 'bt470bg',
  6: 'smpte170m',
  7: 'smpte240m',
  8: 'linear',
  9: 'log100',
  10: 'log316',
  11: 'iec61966-2-4',
  12: 'bt1361e',
  13: 'iec61966-2-1',
  14: 'bt2020-10',
  15: 'bt2020-12',
  16: 'smpte2084',
  17: 'smpte428',
  18: 'arib-std-b67',
};
const MATRICES: Names = {
  0: 'gbr',
  1: 'bt709',
  4: 'fcc',
  5: 'bt470bg',
  6: 'smpte170m',
  7: 'smpte240m',
  8: 'ycgco',
  9: 'bt2020nc',
  10: 'bt2020c',
};

export interface ColourNames {
  readonly primaries: string;
  readonly transfer: string;
  readonly matrix: string;
  readonly range: 'tv' | 'pc';
}

/** As FFmpeg is told them. What has no name here is BT.709. */
export const colourNames = (colour: Colour): ColourNames => ({
  primaries: PRIMARIES[colour.primaries] ?? 'bt709',
  transfer: TRANSFERS[colour.transfer] ?? 'bt709',
  matrix: MATRICES[colour.matrix] ?? 'bt709',
  range: colour.fullRange ? 'pc' : 'tv',
});

/** Red, green and blue as they are. */
export const RGB_MATRIX = 0;
/** Transfer characteristics of HDR: SMPTE ST 2084 and ARIB STD-B67. */
export const PQ = 16;
export const HLG = 18;
