/** Whether If-None-Match names the tag, weakly compared: RFC 9110, 13.1.2. Tags here hold no comma. */
export const isNamedIn = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some((entry) => {
    const tag = entry.trim();
    return tag === '*' || tag.replace(/^W\//, '') === etag;
  });
