import type Hls from '../web/hls.js';
import type { Quality } from '../web/quality.ts';

// What takes the place of modules that `LEFT_OUT_OF_PAGE` of the build names.

const ONLY: Quality = { describe: () => undefined, leaveCopy: () => false };

/** Of the forms of the picture: a page encodes none, so the copy is all there is. */
export function chooseQuality(hls: Hls, first: number): Quality {
  hls.loadLevel = first;
  return ONLY;
}

/** Nothing is uploaded. */
export const offerUploads = (): void => undefined;
