import type Hls from '../web/hls.js';
import type { Quality } from '../web/quality.ts';

// What takes the place of modules that `LEFT_OUT_OF_PAGE` of the build names.

const ONLY: Quality = { describe: () => undefined, leaveCopy: () => false };

/** Of the forms of the picture: a page encodes none, so the copy is all there is. */
export function chooseQuality(hls: Hls, first: number): Quality {
  hls.loadLevel = first;
  return ONLY;
}

/** What a worker of this page makes no other device can reach. */
export const offerReceivers = (): void => undefined;
/** Nothing is uploaded. */
export const offerUploads = (): void => undefined;
