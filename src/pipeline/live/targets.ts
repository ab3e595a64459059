import { LIMITS } from '../../core/limits.ts';

/** Where an input that is read in order is cut: seconds. */
export interface Cutting {
  /** Least distance of cut n from the one before it, where decoding can begin. */
  target(n: number): number;
  /** The same of sound alone, which can be cut anywhere. */
  soundTarget(n: number): number;
  /**
   * After so long a segment ends at whatever picture comes, where none comes at which decoding can begin. A cut of the
   * second choice, an open GOP, is taken from half of it on.
   */
  readonly longest: number;
  /** A last piece shorter than this joins its predecessor. */
  readonly shortest: number;
  /** Segments at most. */
  readonly most: number;
}

/** A fast start, then steady. Where media comes as fast as it plays, a player has to have as much in hand as one lasts. */
const TARGETS = [2, 2, 4] as const;
const listedTarget = (n: number): number => TARGETS[n] ?? TARGETS[2];

/**
 * EXT-X-TARGETDURATION of what grows, fixed from its first listing on: the last target and a GOP of 250 pictures, the
 * habit of encoders, fit.
 */
export const TARGET_DURATION = 15;

const SHORTEST = 0.5;

/** Segments that lists tell of: with a last piece that joins it the longest is no longer than the target duration. */
export const LISTED: Cutting = {
  target: listedTarget,
  soundTarget: listedTarget,
  longest: TARGET_DURATION - SHORTEST,
  shortest: SHORTEST,
  most: LIMITS.segments,
};

/** Pieces of one file, which is played from its beginning: the shorter, the less is held and waited for. */
export const STREAMED: Cutting = {
  target: () => 0.1,
  soundTarget: () => 0.5,
  longest: 0.5,
  shortest: 0,
  most: Number.POSITIVE_INFINITY,
};

/** Bytes of pictures in one segment: from `rich` on any cut will do, at `most` any picture, so that a window holds some. */
export const SEGMENT_BYTES = { rich: LIMITS.liveWindow / 8, most: LIMITS.liveWindow / 2 } as const;

/** Seconds of media from the first picture on within which one must come that decoding can begin with. */
export const NO_BEGINNING = 30;
