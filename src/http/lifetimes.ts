import type { Access } from '../pipeline/library.ts';

/** Addresses hold the version: what they name never changes. */
export const FOREVER = 'max-age=31536000, immutable';
/** What an encoder makes is the same to look at the next time, not by its bytes. */
export const FOR_AN_HOUR = 'max-age=3600';
/** A master names a version, and the next request may have to name another. */
export const BRIEFLY = 'no-cache';

/** For everybody: other sources may be read by this server's own pages and by who has its key. */
export const isOpen = (access: Access | undefined): boolean => access === 'public' || access === 'named';

/** A cache in front of this server knows nothing of who may read what is not open: it must not answer for that. */
export function keptBy(access: Access | undefined, howLong: string): string {
  if (!isOpen(access)) return `private, ${howLong}`;
  return howLong === BRIEFLY ? howLong : `public, ${howLong}`;
}
