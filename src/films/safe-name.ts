/** Bytes of a name: systems of files take 255, of which endings and numbers need some. */
const MAX_BYTES = 180;

/** What Windows takes in no name; elsewhere it is as well not there. */
const FORBIDDEN = /[<>"/\\|?*\p{Cc}\p{Cs}\u2028\u2029]/gu;
/** Names of devices on Windows, whatever stands behind a dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

const encoder = new TextEncoder();

/** A name that every system of files takes: NFC, no characters that one of them forbids, not too long. Never empty. */
export function safeName(text: string): string {
  const plain = text
    .normalize('NFC')
    .replaceAll(/\s*:\s*/g, ' - ')
    .replaceAll(FORBIDDEN, '_')
    .replaceAll(/\s+/g, ' ');
  const cut = cutToBytes(plain.trim()).replace(/^[. ]+|[. ]+$/g, '');
  return cut === '' ? '_' : cut.replace(DEVICE, '$&_');
}

/** Between characters as people see them. */
function cutToBytes(text: string): string {
  if (encoder.encode(text).length <= MAX_BYTES) return text;
  let bytes = 0;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    bytes += encoder.encode(segment).length;
    if (bytes > MAX_BYTES) break;
    kept += segment;
  }
  return kept;
}
