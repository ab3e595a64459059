/** How pictures of a codec may have been taken: whole, as two fields, or nobody knows before the container says it. */
export type Scan = 'frames' | 'fields' | 'unknown';

/**
 * Whether pictures may hold two fields that were taken one after the other.
 * @param isInterlaced what the container says; null where it says nothing
 */
export const mayBeInterlaced = (scan: Scan, isInterlaced: boolean | null): boolean =>
  isInterlaced === true || scan === 'fields' || (scan === 'unknown' && isInterlaced === null);

/** Of a stream whose headers tell. */
export const scanOf = (config: { readonly mayBeInterlaced: boolean }): Scan =>
  config.mayBeInterlaced ? 'fields' : 'frames';
