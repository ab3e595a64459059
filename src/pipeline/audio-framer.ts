import { audioFrameRange } from '../core/audio-frames.ts';
import type { TimedPacket } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { ticks } from '../core/time.ts';
import type { Counters } from './ledger.ts';

export interface FramerPlan {
  readonly trackId: number;
  /** First slot for silence: 0 ≤ gridOrigin < frameSize. */
  readonly gridOrigin: number;
  /** Samples of the silent frame. */
  readonly frameSize: number;
  /** The segment's frames begin in [start, end), samples. */
  readonly start: number;
  readonly end: number;
  /** The last segment takes all that follows and is filled to `end`. */
  readonly isLast: boolean;
  /** Null where the codec has no silent frame: holes then lengthen the frame before. */
  readonly silence: Uint8Array | null;
}

/** One frame, as the source has it or silent. */
export interface Frame {
  /** In samples on the title's time line. */
  readonly start: number;
  /** How long it lasts by itself. */
  readonly samples: number;
  readonly data: Uint8Array;
}

/**
 * The frames of one audio segment: those that begin in it, holes of a frame or more filled with silence on the
 * grid, each frame's duration the distance to the next. Takes the track's samples in file
 * order, from before the segment to behind it; gives frames once their durations are final.
 */
export class AudioFramer {
  readonly #plan: FramerPlan;
  readonly #counters: Counters;
  /** The last frame of the source; null before the first. */
  #last: Frame | null = null;
  #pending: Frame | null = null;
  #ready: TimedPacket[] = [];
  #filled = 0;
  #isDone = false;

  constructor(plan: FramerPlan, counters: Counters) {
    this.#plan = plan;
    this.#counters = counters;
  }

  /** True once a frame of the next segment was met: nothing more is needed. */
  get isDone(): boolean {
    return this.#isDone;
  }

  push(frame: Frame): void {
    const { start } = frame;
    const { end, isLast } = this.#plan;
    if (this.#isDone) return;
    if (start < 0) {
      this.#counters.droppedPackets++;
      return;
    }
    if (this.#last !== null && start <= this.#last.start) {
      this.#counters.misplacedPackets++;
      return;
    }
    if (start >= this.#plan.start) {
      const slot = this.#fill(start);
      if (!isLast && start >= end) {
        this.#close(slot ?? start);
        return;
      }
      this.#emit(frame);
    }
    this.#last = frame;
  }

  /** Frames whose durations are final. */
  take(): TimedPacket[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** No more samples: silence up to the segment's end, or to the title's. */
  finish(): TimedPacket[] {
    if (!this.#isDone) {
      const slot = this.#fill(Number.POSITIVE_INFINITY);
      this.#close(slot ?? (this.#pending ? this.#pending.start + this.#pending.samples : this.#plan.end));
    }
    return this.take();
  }

  /**
   * Puts silence on the grid between the last frame and `until`, as far as it begins in the segment.
   * Gives the first slot of the same hole that belongs to the next segment, if there is one.
   */
  #fill(until: number): number | null {
    const { gridOrigin, frameSize, start, end, isLast, silence } = this.#plan;
    if (!silence) return null;
    const from = Math.max(start, this.#last === null ? 0 : this.#last.start + this.#last.samples);
    const limit = isLast ? Math.min(until, end + frameSize - 1) : Math.min(until, end + 3 * frameSize);
    const range = audioFrameRange(from - gridOrigin, limit - frameSize - gridOrigin + 1, frameSize);
    for (let k = range.first; k < range.end; k++) {
      const slot = gridOrigin + k * frameSize;
      if (slot >= end) return isLast ? null : slot;
      this.#filled++;
      if (this.#filled > LIMITS.fillFrames)
        throw new MediaError('limit', `More than ${LIMITS.fillFrames} silent frames in one segment`);
      this.#counters.filledFrames++;
      this.#emit({ start: slot, samples: frameSize, data: silence });
    }
    return null;
  }

  #emit(frame: Frame): void {
    this.#release(frame.start);
    this.#pending = frame;
  }

  #close(end: number): void {
    this.#release(end);
    this.#pending = null;
    this.#isDone = true;
  }

  #release(end: number): void {
    if (!this.#pending) return;
    const { start, data } = this.#pending;
    const packet = { trackId: this.#plan.trackId, configId: 0, pts: ticks(start), isSync: true, data };
    this.#ready.push({ packet, dts: start, duration: end - start });
  }
}
