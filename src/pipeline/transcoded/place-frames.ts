import { soundSamples } from '../../codecs/decode-only.ts';
import type { Sample } from '../../core/contracts.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds } from '../../core/time.ts';
import type { PlannedAudio } from '../title.ts';

export interface Placing {
  readonly audio: PlannedAudio;
  /** The title's zero on the container's clock. */
  readonly zero: Nanoseconds;
}

/** Times the rounding: by which stamps that follow each other are off at the most. Two are off by one together. */
const FARTHEST = 1.5;

/** Samples: middles of whole milliseconds at 48 kHz lie between two samples every other time, and must go the same way. */
const OFF_TIES = 0.25;

/** A packet as far as its place goes, in samples of the source. */
interface Stamped {
  readonly stamp: number;
  /** Null where it cannot be told. */
  readonly length: number | null;
}

/**
 * Where each frame begins, in samples of the source. Packets whose stamps follow each other lie side by side, whatever
 * the stamps were rounded by, and all their stamps together tell where: on the track's clock where that is near,
 * elsewhere (behind a splice) by themselves. Whatever frame the stretch begins with, the places are the same, off the
 * clock within a sample. Without lengths every stamp counts for itself.
 */
export function placeFrames(samples: readonly Sample[], { audio, zero }: Placing): number[] {
  const { track, clock } = audio;
  const perNanosecond = clock.timescale / NANOSECONDS_PER_SECOND;
  const packets = samples.map(({ time, data }, i) => ({
    stamp: (time - zero) * perNanosecond,
    length: track.frameSize ?? soundSamples(track, data, samples[i - 1]?.data),
  }));
  const rounding = clock.precision * perNanosecond;
  const starts: number[] = [];
  while (starts.length < packets.length) {
    const offsets = runFrom(packets, starts.length, FARTHEST * rounding);
    const beginnings = offsets.map((offset, i) => (packets[starts.length + i]?.stamp ?? 0) - offset);
    const beginning = middleOf(beginnings, rounding);
    const first = clock.ticksAt(nanoseconds(zero + Math.round((beginning + OFF_TIES) / perNanosecond)));
    for (const offset of offsets) starts.push(first + offset);
  }
  return starts;
}

/** Of the packets from one on that follow each other, as far as their stamps can tell: samples behind the first. */
function runFrom(packets: readonly Stamped[], from: number, tolerance: number): number[] {
  const first = packets[from]?.stamp ?? 0;
  const offsets: number[] = [];
  let offset = 0;
  for (let i = from; i < packets.length; i++) {
    const { stamp = 0, length = null } = packets[i] ?? {};
    if (Math.abs(stamp - first - offset) > tolerance) break;
    offsets.push(offset);
    if (length === null) break;
    offset += length;
  }
  return offsets;
}

/** Of all that roundings of one value allow, to a sample; of values that are farther apart, the median. */
function middleOf(values: readonly number[], rounding: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [least = 0] = sorted;
  const most = sorted.at(-1) ?? 0;
  return most - least <= rounding + 1 ? (least + most) / 2 : (sorted[sorted.length >> 1] ?? 0);
}
