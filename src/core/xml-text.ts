const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
]);

/** A text as XML has it. What XML 1.0, 2.2 has no way to write is left out: control characters, halves of characters. */
export const xmlText = (text: string): string =>
  /[&<>"]|[^\t\n\r\x20-\ud7ff]/.test(text)
    ? text
        .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
        .replaceAll(/[&<>"]/g, (char) => ENTITIES.get(char) ?? char)
    : text;
