import type { Sample } from '../../core/contracts.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds } from '../../core/time.ts';
import type { PlannedAudio } from '../title.ts';

export interface Placing {
  readonly audio: PlannedAudio;
  /** The title's zero on the container's clock. */
  readonly zero: Nanoseconds;
  /** Rounding of the container's stamps. */
  readonly precision: Nanoseconds;
}

/**
 * Where each frame begins, in samples of the source. A stamp tells it by the track's clock, unless the frames are so
 * short that a rounded stamp fits several places on the grid (TrueHD's last 0.8 ms): then frames that follow each other
 * lie side by side, and all their stamps together tell where. Whatever frame the stretch begins with, the places are the
 * same.
 */
export function placeFrames(samples: readonly Sample[], { audio, zero, precision }: Placing): number[] {
  const { track, clock } = audio;
  const { frameSize, gridOrigin, timescale } = clock;
  const perNanosecond = timescale / NANOSECONDS_PER_SECOND;
  const rounding = precision * perNanosecond;
  if (track.frameSize === null || frameSize > 2 * rounding)
    return samples.map(({ time }) => clock.ticksAt(time));
  const stamps = samples.map(({ time }) => (time - zero) * perNanosecond);
  const starts: number[] = [];
  for (let from = 0; from < stamps.length; ) {
    const end = endOfRun(stamps, from, frameSize + 2 * rounding);
    const offsets = stamps.slice(from, end).map((stamp, i) => stamp - i * frameSize);
    const first = gridOrigin + Math.round((median(offsets) - gridOrigin) / frameSize) * frameSize;
    for (let i = from; i < end; i++) starts.push(first + (i - from) * frameSize);
    from = end;
  }
  return starts;
}

/** The first stamp that does not follow the one before it, or the end. */
function endOfRun(stamps: readonly number[], from: number, farthest: number): number {
  let at = from + 1;
  while (at < stamps.length && Math.abs((stamps[at] ?? 0) - (stamps[at - 1] ?? 0)) < farthest) at++;
  return at;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
