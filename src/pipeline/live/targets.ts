/** Least distance of a cut from the one before it, in seconds: a fast start, then steady. */
const TARGETS = [2, 2, 4, 6] as const;

export const targetOf = (segments: number): number => TARGETS[segments] ?? TARGETS[3];

/**
 * Seconds after which a segment ends where no picture comes at which decoding can begin: EXT-X-TARGETDURATION. The last
 * target and a GOP of 250 pictures, the habit of encoders, fit.
 */
export const LONGEST = 17;
