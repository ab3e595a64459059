import { LIMITS } from '../../core/limits.ts';

/**
 * Least distance of a cut from the one before it, in seconds: a fast start, then steady. Where media comes as fast as it
 * plays, a player has to have as much in hand as one segment lasts.
 */
const TARGETS = [2, 2, 4] as const;

export const targetOf = (segments: number): number => TARGETS[segments] ?? TARGETS[2];

/**
 * EXT-X-TARGETDURATION of what grows, fixed from its first listing on: the last target and a GOP of 250 pictures, the
 * habit of encoders, fit.
 */
export const TARGET_DURATION = 15;

/**
 * Seconds after which a segment ends at whatever picture comes, where none comes at which decoding can begin: with a
 * last piece that joins it still no longer than the target duration.
 */
export const LONGEST = TARGET_DURATION - 0.5;

/** A last piece shorter than this joins its predecessor: seconds. */
export const SHORTEST = 0.5;

/** Bytes of pictures in one segment: from `rich` on any cut will do, at `most` any picture, so that a window holds some. */
export const SEGMENT_BYTES = { rich: LIMITS.liveWindow / 8, most: LIMITS.liveWindow / 2 } as const;

/** Seconds of media from the first picture on within which one must come that decoding can begin with. */
export const NO_BEGINNING = 30;
