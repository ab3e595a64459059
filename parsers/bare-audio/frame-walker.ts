import { ByteQueue } from '../../src/core/bytes.ts';
import {
  findFollowed,
  followsAt,
  type Likeness,
  measureFrame,
  type Stretch,
  tagAt,
  type Wanted,
} from './frame-search.ts';

/** A frame as the file has it. */
export interface WalkedFrame {
  readonly position: number;
  readonly samples: number;
  readonly bytes: Uint8Array;
}

export interface Beginning {
  readonly position: number;
  /**
   * `at a frame`: one is known to begin there, and each is expected at the end of the one before. `anywhere`: only a
   * frame that is followed by another is one, so that it does not matter where reading began.
   */
  readonly mode: 'at a frame' | 'anywhere';
}

/** By how much held bytes must grow before they are looked at again: else tiny pieces cost a lot. */
const GROWTH = 1.25;

/**
 * Cuts a stream into frames, whatever the pieces in which its bytes arrive. What is no frame is passed over; a frame
 * that ends where none begins, with one that is followed in it, was none: its length is damaged.
 */
export class FrameWalker {
  readonly #likeness: Likeness;
  readonly #isTrusting: boolean;
  readonly #queue: ByteQueue;
  /** Bytes below which there is nothing to be done. */
  #wanted = 0;
  /** Bytes of a tag that are still to come. */
  #tagBytes = 0;
  #isLocked: boolean;
  /** What is passed over before the first frame of a reading that began anywhere belongs to the one before it. */
  #foreign: number;
  #skipped = 0;

  constructor(likeness: Likeness, { position, mode }: Beginning) {
    this.#likeness = likeness;
    this.#isTrusting = mode === 'at a frame';
    this.#isLocked = this.#isTrusting;
    this.#foreign = this.#isTrusting ? 0 : likeness.framing.maxBytes;
    this.#queue = new ByteQueue(position);
  }

  /** Every frame that begins before it was given. */
  get reached(): number {
    return this.#queue.position;
  }

  push(chunk: Uint8Array): WalkedFrame[] {
    this.#queue.push(chunk);
    return this.#queue.length < this.#wanted ? [] : this.#walk(false);
  }

  /** The stream ends here. */
  flush(): WalkedFrame[] {
    return this.#walk(true);
  }

  /** Bytes without sense since the last call. */
  takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }

  #walk(isLast: boolean): WalkedFrame[] {
    const { position } = this.#queue;
    const stretch = { bytes: this.#queue.peek(this.#queue.length), isLast };
    const frames: WalkedFrame[] = [];
    let at = 0;
    this.#wanted = 0;
    while (at < stretch.bytes.length && this.#wanted === 0) {
      const tag = this.#passTag(stretch, at);
      if (tag > 0) at += tag;
      else if (this.#wanted === 0) at = this.#step(stretch, at, { position, frames });
    }
    this.#queue.skip(at);
    const least = at === 0 ? Math.floor(stretch.bytes.length * GROWTH) : 0;
    this.#wanted = Math.max(this.#wanted - at, least);
    return frames;
  }

  /** As much of a tag at `at` as is there. */
  #passTag(stretch: Stretch, at: number): number {
    if (this.#tagBytes === 0) {
      const size = tagAt(stretch, at);
      if (size === false) return 0;
      if (typeof size !== 'number') return this.#wait(size);
      this.#tagBytes = size;
    }
    const passed = Math.min(this.#tagBytes, stretch.bytes.length - at);
    this.#tagBytes -= passed;
    return passed;
  }

  /** Takes or leaves what is at `at`: gives where to go on. */
  #step(stretch: Stretch, at: number, out: Output): number {
    if (!this.#isLocked) return this.#lock(stretch, at);
    const frame = measureFrame(this.#likeness, stretch, at);
    const follows = frame && ('wanted' in frame ? frame : followsAt(this.#likeness, stretch, frame.end));
    if (follows && follows !== true) return at + this.#wait(follows);
    if (!frame || 'wanted' in frame) {
      this.#isLocked = false;
      return at;
    }
    if (follows !== true) {
      this.#isLocked = false;
      if (!this.#isTrusting) return this.#pass(at, at + 1);
      const inner = this.#search(stretch, at + 1, frame.end);
      this.#isLocked = this.#wanted > 0;
      if (this.#wanted > 0) return at;
      if (inner !== null) return this.#pass(at, inner);
    }
    const bytes = stretch.bytes.subarray(at, frame.end);
    out.frames.push({ position: out.position + at, samples: frame.samples, bytes });
    return frame.end;
  }

  #lock(stretch: Stretch, at: number): number {
    const from = this.#search(stretch, at, stretch.bytes.length) ?? stretch.bytes.length;
    this.#pass(at, from);
    if (this.#wanted > 0 || from === stretch.bytes.length) return from;
    this.#isLocked = true;
    this.#foreign = 0;
    return from;
  }

  /** Where the next frame surely begins; where bytes are wanted to tell, the place that they are wanted for. */
  #search(stretch: Stretch, from: number, end: number): number | null {
    const found = findFollowed(this.#likeness, stretch, { from, end });
    if (found === null || typeof found === 'number') return found;
    this.#wait(found);
    return found.at;
  }

  #wait({ wanted }: Wanted): 0 {
    this.#wanted = wanted;
    return 0;
  }

  #pass(from: number, to: number): number {
    const foreign = Math.min(this.#foreign, to - from);
    this.#foreign -= foreign;
    this.#skipped += to - from - foreign;
    return to;
  }
}

interface Output {
  /** Of the stretch's first byte. */
  readonly position: number;
  readonly frames: WalkedFrame[];
}
