import type { ByteRange, Source } from '../../src/core/contracts.ts';
import { POINT_DISTANCE } from '../audio-file/seek-points.ts';
import type { FirstFrame } from './first-frame.ts';
import type { CountedPlace } from './frame-clock.ts';
import { FrameWalker, type WalkedFrame } from './frame-walker.ts';

/** What reading a stream from its first to its last byte told. */
export interface Counted {
  /** About every second one. */
  readonly places: readonly CountedPlace[];
  readonly samples: number;
  readonly frames: number;
}

/** Counts the samples of every frame. */
export async function countFrames(
  source: Source,
  { first, payload }: { readonly first: FirstFrame; readonly payload: ByteRange },
  signal: AbortSignal,
): Promise<Counted> {
  const walker = new FrameWalker(first, { position: payload.start, mode: 'at a frame' });
  const distance = first.format.sampleRate * POINT_DISTANCE;
  const places: CountedPlace[] = [];
  let samples = 0;
  let frames = 0;
  const add = (walked: readonly WalkedFrame[]) => {
    for (const frame of walked) {
      const last = places.at(-1);
      if (!last || samples - last.samples >= distance) places.push({ position: frame.position, samples });
      samples += frame.samples;
      frames++;
    }
  };
  for await (const chunk of source.read(payload, signal)) add(walker.push(chunk));
  add(walker.flush());
  return { places, samples, frames };
}
