import { bcp47 } from '../../src/core/language.ts';

/** Language codes of the Macintosh (QuickTime File Format, Language Code Values): from 0 on, and from 128 on. */
const MACINTOSH = (
  'en fr de it nl sv es da pt no he ja ar fi el is mt tr hr zh-Hant ur hi th ko lt pl hu et lv se fo fa ru ' +
  'zh-Hans nl-BE ga sq ro cs sk sl yi sr mk bg uk be uz kk az-Cyrl az-Arab hy ka ro-MD ky tg tk mn-Mong mn ' +
  'ps ku ks sd bo ne sa mr bn as gu pa or ml kn ta te si my km lo vi id tl ms ms-Arab am ti om so sw rw rn ' +
  'ny mg eo'
).split(' ');
const MACINTOSH_LATER = 'cy eu ca la qu gn ay tt ug dz jv su gl af br iu gd gv ga to el kl az-Latn'.split(
  ' ',
);
const FIRST_LATER = 128;

/** The lowest code that is three letters. */
const FIRST_PACKED = 0x400;
const UNSPECIFIED = 0x7fff;

/**
 * The language of `mdhd` as BCP 47: three letters of five bits (ISO/IEC 14496-12, 8.4.2), or a code of the Macintosh.
 * `und` for what is neither.
 */
export function mediaLanguage(code: number): string {
  if (code === UNSPECIFIED) return 'und';
  if (code < FIRST_PACKED) return MACINTOSH[code] ?? MACINTOSH_LATER[code - FIRST_LATER] ?? 'und';
  const letters = [10, 5, 0].map((shift) => String.fromCharCode(((code >> shift) & 31) + 0x60)).join('');
  return /^[a-z]{3}$/.test(letters) ? bcp47(letters) : 'und';
}
