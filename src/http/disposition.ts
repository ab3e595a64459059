import { MediaError } from '../core/errors.ts';

/**
 * Content-Disposition with the name of a file, in ASCII where that can be: RFC 6266. Files that are shown may be called
 * anything; what is in no header's reach is an underscore.
 * @throws MediaError `bad-request` for an attachment with a name of several lines
 */
export function disposition(kind: 'inline' | 'attachment', given: string): string {
  if (kind === 'attachment' && /[\r\n\0]/.test(given))
    throw new MediaError('bad-request', 'The name of a file is one line');
  const filename = given.replaceAll(/[\p{Cc}\p{Cs}]/gu, '_');
  if (/^[\x20-\x7e]*$/.test(filename) && !/["\\%]/.test(filename)) return `${kind}; filename="${filename}"`;
  const encoded = encodeURIComponent(filename).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename*=UTF-8''${encoded}`;
}
