export interface FrameRange {
  /** Index of the first frame. */
  readonly first: number;
  /** Index behind the last frame. */
  readonly end: number;
}

/**
 * Which frames of a constant-frame codec begin in [start, end), both in samples from the grid's origin: frame k
 * begins at k·frameSize. Ranges of cuts that follow each other tile: no frame in two, none left out.
 */
export const audioFrameRange = (start: number, end: number, frameSize: number): FrameRange => ({
  first: Math.ceil(start / frameSize),
  end: Math.max(Math.ceil(start / frameSize), Math.ceil(end / frameSize)),
});
