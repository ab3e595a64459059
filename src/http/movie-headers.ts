/** What a proxy or a browser takes for a header. */
const MAX_OMITTED = 4096;

/** Of a file that is made while it is sent. @param omitted tracks that are left out, for a person */
export const movieHeaders = (omitted: readonly string[]): Record<string, string> => ({
  'Content-Type': 'video/mp4',
  'Accept-Ranges': 'none',
  ...(omitted.length > 0 ? { 'Sluice-Omitted': asHeader(omitted) } : {}),
});

/** Comma-separated, each percent-encoded; as many as there is room for. */
function asHeader(list: readonly string[]): string {
  const encoded = list.map(encodeURIComponent);
  const kept = encoded.filter((_, i) => encoded.slice(0, i + 1).join(', ').length <= MAX_OMITTED);
  return [...kept, ...(kept.length < list.length ? ['%E2%80%A6'] : [])].join(', ');
}

/** RFC 6266: a name for everybody, and the real one for those who read UTF-8. */
export function attachment(name: string | null): string {
  const stem =
    (name ?? '')
      .replace(/\.[^.]{1,5}$/, '')
      .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}/\\:*?"<>|]/gu, '')
      .trim()
      .slice(0, 120) || 'remux';
  const plain = `${stem.replaceAll(/[^\x20-\x7e]/g, '_').replaceAll('%', '_')}.mp4`;
  const real = encodeURIComponent(`${stem}.mp4`).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${real}`;
}
