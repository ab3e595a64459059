import { audioFrameRange } from '../core/audio-frames.ts';
import type { TimedPacket } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { ticks } from '../core/time.ts';
import type { Counters } from './ledger.ts';

export interface FramerPlan {
  readonly trackId: number;
  /** First frame of the grid: 0 ≤ gridOrigin < frameSize. */
  readonly gridOrigin: number;
  readonly frameSize: number;
  /** The segment's frames begin in [start, end), samples. */
  readonly start: number;
  readonly end: number;
  /** The last segment takes all that follows and is filled to `end`. */
  readonly isLast: boolean;
  /** Null where the codec has no silent frame: holes then lengthen the frame before. */
  readonly silence: Uint8Array | null;
}

/**
 * The frames of one audio segment: those that begin in it, holes of a frame or more filled with silence on the
 * grid, each frame's duration the distance to the next. Takes the track's samples in file
 * order, from before the segment to behind it; gives frames once their durations are final.
 */
export class AudioFramer {
  readonly #plan: FramerPlan;
  readonly #counters: Counters;
  /** Start of the last frame of the source; null before the first. */
  #last: number | null = null;
  #pending: { readonly start: number; readonly data: Uint8Array } | null = null;
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

  /** @param start of the frame in samples on the title's time line */
  push(start: number, data: Uint8Array): void {
    const { end, isLast } = this.#plan;
    if (this.#isDone) return;
    if (start < 0) {
      this.#counters.droppedPackets++;
      return;
    }
    if (this.#last !== null && start <= this.#last) {
      this.#counters.misplacedPackets++;
      return;
    }
    if (start >= this.#plan.start) {
      const slot = this.#fill(start);
      if (!isLast && start >= end) {
        this.#close(slot ?? start);
        return;
      }
      this.#emit(start, data);
    }
    this.#last = start;
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
      this.#close(slot ?? (this.#pending ? this.#pending.start + this.#plan.frameSize : this.#plan.end));
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
    const from = Math.max(start, this.#last === null ? 0 : this.#last + frameSize);
    const limit = isLast ? Math.min(until, end + frameSize - 1) : Math.min(until, end + 3 * frameSize);
    const range = audioFrameRange(from - gridOrigin, limit - frameSize - gridOrigin + 1, frameSize);
    for (let k = range.first; k < range.end; k++) {
      const slot = gridOrigin + k * frameSize;
      if (slot >= end) return isLast ? null : slot;
      this.#filled++;
      if (this.#filled > LIMITS.fillFrames)
        throw new MediaError('limit', `More than ${LIMITS.fillFrames} silent frames in one segment`);
      this.#counters.filledFrames++;
      this.#emit(slot, silence);
    }
    return null;
  }

  #emit(start: number, data: Uint8Array): void {
    this.#release(start);
    this.#pending = { start, data };
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
