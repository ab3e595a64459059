/**
 * Whether a text is a URL. Not by `URL.canParse`: Node 20 takes the bytes of Latin-1 texts for UTF-8 there once it has
 * compiled the call, and then refuses `http://host/é`.
 */
export function isUrl(text: string, base?: string): boolean {
  try {
    return new URL(text, base).href !== '';
  } catch {
    return false;
  }
}

/** Whether it is one of a web server. */
export const isHttpUrl = (text: string): boolean => /^https?:\/\//i.test(text) && isUrl(text);
