import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds, rescale } from '../../src/core/time.ts';
import type { EditPlan, EditSegment } from './edit-list.ts';
import { compositionTime, decodeDuration, type SampleTable } from './sample-table.ts';

/** When a sample appears, exact and rounded once; null where the edits leave it out. */
export function presentedTime(plan: EditPlan, table: SampleTable, sample: number): Nanoseconds | null {
  const segment = segmentOf(plan, sample);
  if (!segment) return null;
  const time = compositionTime(table, sample);
  return time < segment.from ? null : placed(plan, segment, time);
}

/**
 * How long a presented sample lasts: a picture until the next one in presentation order, at most to the end of its
 * edit; a frame for as long as it is, so that it may reach beyond the edit.
 */
export function presentedDuration(plan: EditPlan, table: SampleTable, sample: number): Nanoseconds | null {
  const segment = segmentOf(plan, sample);
  const start = presentedTime(plan, table, sample);
  if (!segment || start === null) return null;
  const end = plan.presents === 'pictures' ? pictureEnd(table, segment, sample) : frameEnd(table, sample);
  return nanoseconds(placed(plan, segment, end) - start);
}

/**
 * When a sample of a fragment appears; null where the edits leave it out. Pictures before the first edit are kept.
 * @param time composition time in the media timescale
 * @param duration of the sample, in the same
 */
export function presentedFragmentTime(plan: EditPlan, time: number, duration: number): Nanoseconds | null {
  const { segments } = plan;
  const at = lastSegment(segments, ({ mediaTime }) => mediaTime <= time);
  const segment = segments[at];
  if (segment && time < segment.mediaEnd) return placed(plan, segment, time);
  const next = segments[at + 1];
  if (!next) return null;
  const overlaps = plan.presents === 'frames' && time + duration > next.mediaTime;
  return overlaps || time >= next.from ? placed(plan, next, time) : null;
}

/** Where the last edit ends, or the media where that is sooner; 0 where nothing is presented. */
export function presentedEnd(plan: EditPlan, table: SampleTable): Nanoseconds {
  const segment = plan.segments.at(-1);
  if (!segment) return nanoseconds(0);
  let last = segment.mediaTime;
  const end = Math.min(segment.end, table.count);
  for (let i = Math.max(segment.first, end - REORDER_REACH); i < end; i++)
    last = Math.max(last, frameEnd(table, i));
  return placed(plan, segment, Math.min(last, segment.mediaEnd));
}

const frameEnd = (table: SampleTable, sample: number): number =>
  compositionTime(table, sample) + decodeDuration(table, sample);

/** Pictures are decoded at most 16 frames early, of two fields each: ITU-T H.264, A.3.1 and ITU-T H.265, A.4.1. */
const REORDER_REACH = 32;

function pictureEnd(table: SampleTable, segment: EditSegment, sample: number): number {
  const time = compositionTime(table, sample);
  let next = Number.POSITIVE_INFINITY;
  const end = Math.min(segment.end, sample + REORDER_REACH + 1);
  for (let i = Math.max(segment.first, sample - REORDER_REACH); i < end; i++) {
    const other = compositionTime(table, i);
    if (other > time && other < next) next = other;
  }
  if (next === Number.POSITIVE_INFINITY) next = frameEnd(table, sample);
  return time < segment.mediaEnd ? Math.min(next, segment.mediaEnd) : next;
}

/** The segment that holds a sample; they are disjoint and ascending. */
function segmentOf({ segments }: EditPlan, sample: number): EditSegment | null {
  const segment = segments[lastSegment(segments, ({ first }) => first <= sample)];
  return segment && sample < segment.end ? segment : null;
}

function lastSegment(segments: readonly EditSegment[], begins: (segment: EditSegment) => boolean): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const segment = segments[middle];
    if (segment && begins(segment)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const placed = (plan: EditPlan, segment: EditSegment, time: number): Nanoseconds =>
  placing(plan, segment)(time);

/** When what is composed at a time in the media timescale appears, for times of one segment. */
export function placing(
  { movieTimescale, mediaTimescale }: EditPlan,
  { start, mediaTime }: EditSegment,
): (time: number) => Nanoseconds {
  if (start === 0) return (time) => toNanoseconds(time - mediaTime, mediaTimescale);
  const perMedia = movieTimescale / divisor(movieTimescale, mediaTimescale);
  const unit = perMedia * mediaTimescale;
  const begin = start * (unit / movieTimescale);
  const [movie, media] = [BigInt(movieTimescale), BigInt(mediaTimescale)];
  return (time) => {
    const sum = begin + (time - mediaTime) * perMedia;
    if (Number.isSafeInteger(unit) && Number.isSafeInteger(sum)) return toNanoseconds(sum, unit);
    const exact = BigInt(start) * media + BigInt(time - mediaTime) * movie;
    return nanoseconds(Number(divideRounding(exact * BigInt(NANOSECONDS_PER_SECOND), movie * media)));
  };
}

function divisor(a: number, b: number): number {
  let [large, small] = [a, b];
  while (small > 0) [large, small] = [small, large % small];
  return large;
}

/** Rounded to nearest, halves up. */
function divideRounding(value: bigint, by: bigint): bigint {
  const shifted = value * 2n + by;
  const quotient = shifted / (by * 2n);
  return shifted % (by * 2n) < 0n ? quotient - 1n : quotient;
}

const toNanoseconds = (value: number, timescale: number): Nanoseconds =>
  nanoseconds(rescale(value, timescale, NANOSECONDS_PER_SECOND));
