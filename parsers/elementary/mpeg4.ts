import { splitMpeg4 } from '../../src/codecs/mpeg4-headers.ts';
import type { Joiner } from './joiner.ts';

/**
 * Leaves out samples that only say that the picture before them stays: no decoder gives a picture for them.
 * @param resolution of the layer; null where it is not known
 */
export const codedVopJoiner = (resolution: number | null): Joiner => ({
  add(sample) {
    const parts = resolution === null ? [] : splitMpeg4(sample.data, resolution);
    return parts.length > 0 && parts.every(({ isCoded }) => !isCoded) ? [] : [sample];
  },
  flush: () => [],
});
