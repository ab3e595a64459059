import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds } from '../core/time.ts';

/** Matroska's usual precision, which MP4 files made of such files keep in their stamps. */
const MILLISECOND = 1_000_000;
/** Room for the rounding of both ends of a comparison. */
export const SLACK = 50_000;
/** Stamps that leave the grid and come back: a splice does so once. */
const FEWEST_CHANGES = 3;
const SHARE_OF_CHANGES = 0.05;

export interface RoundingFacts {
  readonly sampleRate: number;
  readonly frameSize: number;
  /** Every frame lasts a multiple of it: the frame size itself where all are equal. */
  readonly step: number;
  /** Stamps of the track that were seen while planning, any order. */
  readonly seen: readonly Nanoseconds[];
  /** Rounding of the container's stamps. */
  readonly precision: Nanoseconds;
}

/**
 * What a track's stamps were rounded to: the container's precision or, where frames of one length have stamps that
 * waver within a millisecond, that of the container they were taken over from.
 */
export function stampRounding({ sampleRate, frameSize, step, seen, precision }: RoundingFacts): Nanoseconds {
  if (step !== frameSize || precision >= MILLISECOND) return precision;
  const length = (frameSize / sampleRate) * NANOSECONDS_PER_SECOND;
  const stamps = Float64Array.from(seen).sort();
  const first = stamps[0] ?? 0;
  const residues = stamps.map((stamp) => stamp - first - Math.round((stamp - first) / length) * length);
  let [low, high, changes] = [0, 0, 0];
  for (let i = 1; i < residues.length; i++) {
    const residue = residues[i] ?? 0;
    low = Math.min(low, residue);
    high = Math.max(high, residue);
    if (Math.abs(residue - (residues[i - 1] ?? 0)) > precision + SLACK) changes++;
  }
  const isWavering = changes >= Math.max(FEWEST_CHANGES, SHARE_OF_CHANGES * residues.length);
  return isWavering && high - low <= MILLISECOND + SLACK ? nanoseconds(MILLISECOND) : precision;
}
