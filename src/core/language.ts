/** ISO 639-2/B codes whose terminological form differs (Library of Congress list); Intl knows the others. */
const BIBLIOGRAPHIC: Readonly<Record<string, string>> = {
  alb: 'sq',
  arm: 'hy',
  baq: 'eu',
  bur: 'my',
  chi: 'zh',
  cze: 'cs',
  dut: 'nl',
  fre: 'fr',
  geo: 'ka',
  ger: 'de',
  gre: 'el',
  ice: 'is',
  mac: 'mk',
  mao: 'mi',
  may: 'ms',
  per: 'fa',
  rum: 'ro',
  slo: 'sk',
  tib: 'bo',
  wel: 'cy',
};

/** A language code of any age as canonical BCP 47: `ger` and `deu` are `de`; what is none is `und`. */
export function bcp47(code: string | null): string {
  if (!code) return 'und';
  try {
    return Intl.getCanonicalLocales(BIBLIOGRAPHIC[code.toLowerCase()] ?? code)[0] ?? 'und';
  } catch (error) {
    if (error instanceof RangeError) return 'und';
    throw error;
  }
}
