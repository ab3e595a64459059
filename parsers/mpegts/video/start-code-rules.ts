import {
  isField,
  isMpeg2FieldPair,
  type Mpeg2Picture,
  parseMpeg2Picture,
} from '../../../src/codecs/mpeg2-picture.ts';
import { MPEG2 } from '../../../src/codecs/mpeg2-sequence.ts';
import { MPEG4 } from '../../../src/codecs/mpeg4-headers.ts';
import { VC1 } from '../../../src/codecs/vc1-headers.ts';
import type { NalRules } from './nal-rules.ts';

/** In the words of `NalRules`: the unit behind a start code, whose first byte says what it is. */
interface StartCodeRules {
  /** Those that stand in front of a picture. */
  readonly prefixes: (code: number) => boolean;
  /** The picture itself. */
  readonly picture: number;
  /** Whether a picture is a part of the one before it. */
  continues?(unit: Uint8Array): boolean;
  reset?(): void;
}

/** An access unit is one picture with what stands in front of it; it ends where the next one's headers begin. */
function rulesOf({ prefixes, picture, continues, reset }: StartCodeRules): NalRules {
  let hasPicture = false;
  let hasPrefix = false;
  return {
    ownsZero: false,
    isStamped: ([code]) => code === picture,
    begins(unit, isFirst) {
      const code = unit[0] ?? 0;
      if (code === picture) {
        const isPart = continues?.(unit) === true && hasPicture;
        const begins = !isPart && (isFirst || hasPicture || !hasPrefix);
        [hasPicture, hasPrefix] = [true, false];
        return begins;
      }
      if (!prefixes(code)) return false;
      const begins = isFirst || hasPicture || !hasPrefix;
      if (begins) reset?.();
      [hasPicture, hasPrefix] = [false, true];
      return begins;
    },
    reset() {
      [hasPicture, hasPrefix] = [false, false];
      reset?.();
    },
  };
}

/** ISO/IEC 13818-2, 6.2.2: both fields of a frame are one access unit here. */
export function mpeg2Rules(): NalRules {
  let field: Mpeg2Picture | null = null;
  return rulesOf({
    prefixes: (code) => code === MPEG2.sequence || code === MPEG2.group,
    picture: MPEG2.picture,
    continues(unit) {
      const picture = parseMpeg2Picture(unit.subarray(1));
      const isSecond = field !== null && picture !== null && isMpeg2FieldPair(field, picture);
      field = !isSecond && picture && isField(picture) ? picture : null;
      return isSecond;
    },
    reset() {
      field = null;
    },
  });
}

/** ISO/IEC 14496-2, 6.2.2. */
export const mpeg4Rules = (): NalRules =>
  rulesOf({
    prefixes: (code) =>
      code <= MPEG4.lastLayer ||
      code === MPEG4.sequence ||
      code === MPEG4.group ||
      code === MPEG4.visualObject,
    picture: MPEG4.vop,
  });

/** SMPTE 421M, Annex E; the second field of a frame has a start code of its own. */
export const vc1Rules = (): NalRules =>
  rulesOf({
    prefixes: (code) => code === VC1.sequence || code === VC1.entryPoint,
    picture: VC1.frame,
  });
