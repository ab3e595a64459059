/** Bytes of a name: systems of files take 255, of which endings and numbers need some. */
const MAX_BYTES = 180;

/** What Windows takes in no name; elsewhere it is as well not there. */
const FORBIDDEN = /[<>"/\\|?*\p{Cc}\p{Cs}\u2028\u2029]/gu;
/** Names of devices on Windows, whatever stands behind a dot. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d\u00b9\u00b2\u00b3])(?=\s*(?:\.|$))/i;

const encoder = new TextEncoder();

/**
 * A name that every system of files takes: NFC, no characters that one of them forbids, not too long. Never empty.
 * @param ending stands behind it, however long it is
 */
export function safeName(text: string, ending = ''): string {
  const plain = text
    .normalize('NFC')
    .replaceAll(/\s*:\s*/g, ' - ')
    .replaceAll(FORBIDDEN, '_')
    .replaceAll(/\s+/g, ' ');
  const cut = cutToBytes(plain.trim(), MAX_BYTES - encoder.encode(ending).length).replace(
    /^[. ]+|[. ]+$/g,
    '',
  );
  return `${cut || '_'}${ending}`.replace(DEVICE, '$&_');
}

/** Between characters as people see them. */
function cutToBytes(text: string, most: number): string {
  if (encoder.encode(text).length <= most) return text;
  let bytes = 0;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    bytes += encoder.encode(segment).length;
    if (bytes > most) break;
    kept += segment;
  }
  return kept;
}
