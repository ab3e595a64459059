import { MediaError } from '../core/errors.ts';

/**
 * Content-Disposition with the name of a file, in ASCII where that can be: RFC 6266.
 * @throws MediaError `bad-request` for a name of several lines
 */
export function disposition(kind: 'inline' | 'attachment', filename: string): string {
  if (/[\r\n\0]/.test(filename)) throw new MediaError('bad-request', 'The name of a file is one line');
  if (/^[\x20-\x7e]*$/.test(filename) && !/["\\%]/.test(filename)) return `${kind}; filename="${filename}"`;
  const encoded = encodeURIComponent(filename).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename*=UTF-8''${encoded}`;
}
