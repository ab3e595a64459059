import type { WalkedFrame } from './frame-walker.ts';
import type { MeanFrame } from './kinds.ts';

/** A place where a frame begins, and how many samples the frames before it have. */
export interface CountedPlace {
  readonly position: number;
  readonly samples: number;
}

/** Frames are counted from known places on: ascending, the first frame of the stream among them. */
export interface CountedFrames {
  readonly kind: 'counted';
  readonly places: readonly CountedPlace[];
}

/** Frames of one length and duration: where one lies tells which it is. */
export interface ConstantFrames extends MeanFrame {
  readonly kind: 'constant';
  /** Where the first frame begins. */
  readonly first: number;
  readonly samples: number;
}

/** How many samples of a stream lie before a frame. */
export type FrameClock = CountedFrames | ConstantFrames;

/** Where walking must begin to meet every frame from a place on and count their samples. */
export function entryOf(clock: FrameClock, position: number): CountedPlace {
  if (clock.kind === 'constant') return { position, samples: 0 };
  const [first = { position: 0, samples: 0 }] = clock.places;
  let [low, high] = [0, clock.places.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((clock.places[middle] ?? first).position <= position) low = middle;
    else high = middle;
  }
  return clock.places[low] ?? first;
}

/** Number of the frame that lies nearest to a place. */
export const frameNumber = ({ first, bytes }: ConstantFrames, position: number): number =>
  Math.round((position - first) / bytes);

/** Every frame lies where the rate wants it, none is missing between them. */
export function fits(clock: ConstantFrames, frames: readonly WalkedFrame[]): boolean {
  return frames.every(({ position, samples }, i) => {
    const number = frameNumber(clock, position);
    const before = frames[i - 1];
    const isNext = !before || number === frameNumber(clock, before.position) + 1;
    const off = Math.abs(position - clock.first - number * clock.bytes);
    return isNext && off <= clock.slack && samples === clock.samples;
  });
}
