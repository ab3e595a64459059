import type { ByteRange } from '../core/contracts.ts';

/**
 * The one byte range that a Range header asks for, clipped to `size`: RFC 9110, 14.2. Null where there is none, or
 * several, or none that makes sense: the whole is answered then; `beyond` where it lies behind the end.
 */
export function askedRange(header: string | undefined, size: number): ByteRange | 'beyond' | null {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (!match || (first === '' && last === '')) return null;
  if (first === '') {
    const start = Math.max(0, size - Number(last));
    return start < size ? { start, end: size } : 'beyond';
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return null;
  return start < size ? { start, end: last === '' ? size : Math.min(size, Number(last) + 1) } : 'beyond';
}
