import type { AudioFramer, Frame } from './audio-framer.ts';

export interface BridgePlan {
  /** The segment's frames begin in [start, end), samples. */
  readonly start: number;
  readonly end: number;
  /** Samples: a hole at a border that is longer is bridged. */
  readonly longest: number;
  readonly gridOrigin: number;
  readonly frameSize: number;
  /** A frame of the track itself. */
  readonly standIn: Uint8Array;
  /** The last segment is filled to `end`. */
  readonly isLast: boolean;
}

/**
 * For tracks whose codec has no silent frame: where a hole lies over the border of two segments, a frame of the track
 * stands in at the border, and lasts until the next one. Both segments know of it by the same rule: none of the frames
 * that begin at most `longest` behind the border was met. So their times tile, and no segment is empty.
 */
export class BorderBridge {
  readonly #framer: AudioFramer;
  readonly #plan: BridgePlan;
  #hasBegun = false;
  /** End of the last frame. */
  #reached = 0;

  constructor(framer: AudioFramer, plan: BridgePlan) {
    this.#framer = framer;
    this.#plan = plan;
  }

  push(frame: Frame): void {
    const { start, end, longest, isLast } = this.#plan;
    this.#reached = frame.start + frame.samples;
    if (frame.start >= start) this.#begin(frame.start >= start + longest);
    if (!isLast && frame.start >= end + longest) this.#framer.push(this.#standInAt(end));
    else this.#framer.push(frame);
  }

  /** No more frames come. */
  finish(): void {
    const { end, isLast, frameSize } = this.#plan;
    this.#begin(true);
    const last = this.#standInAt(isLast ? end - frameSize : end);
    if (!isLast || last.start >= this.#reached) this.#framer.push(last);
  }

  #begin(isBridged: boolean): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    if (isBridged) this.#framer.push(this.#standInAt(this.#plan.start));
  }

  /** On the grid, as silence would be. */
  #standInAt(border: number): Frame {
    const { gridOrigin, frameSize, standIn } = this.#plan;
    const start = gridOrigin + Math.ceil((border - gridOrigin) / frameSize) * frameSize;
    return { start, samples: frameSize, data: standIn };
  }
}
