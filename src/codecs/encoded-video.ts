import type { EncodedCodec, VideoTarget } from '../core/encoding.ts';
import { av1Level } from './av1-level.ts';
import { h264Level } from './h264-level.ts';
import { h265Level } from './h265-level.ts';

/** Code points of ITU-T H.273 as `av01` strings leave them out. */
const BT709 = 1;

/** The string of one codec; null where no level holds such pictures. */
const STRINGS: { readonly [C in EncodedCodec]: (target: VideoTarget) => string | null } = {
  h264: (target) => {
    const level = h264Level(target);
    if (level === null) return null;
    return `avc1.${target.depth === 10 ? '6e' : '64'}00${level.toString(16).padStart(2, '0')}`;
  },
  h265: (target) => {
    const level = h265Level(target);
    if (!level) return null;
    return `hvc1.${target.depth === 10 ? '2.4' : '1.6'}.${level.tier === 'high' ? 'H' : 'L'}${level.idc}.90`;
  },
  av1: (target) => {
    const level = av1Level(target);
    return level === null
      ? null
      : `av01.0.${twoDigits(level)}M.${twoDigits(target.depth)}${av1Colour(target)}`;
  },
};

/** RFC 6381 string of what is encoded so; null where no level of the codec holds such pictures. */
export const encodedCodecString = (target: VideoTarget): string | null => STRINGS[target.codec](target);

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** AV1 Codec ISO Media File Format Binding, 5: left out where it is BT.709 in limited range. */
function av1Colour({ colour: { primaries, transfer, matrix, fullRange } }: VideoTarget): string {
  if ([primaries, transfer, matrix].every((code) => code === BT709) && !fullRange) return '';
  const codes = [primaries, transfer, matrix].map(twoDigits).join('.');
  return `.0.110.${codes}.${fullRange ? 1 : 0}`;
}
