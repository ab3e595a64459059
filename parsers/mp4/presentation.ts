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
  if (start === 0) {
    const toTime = nanosecondsOf(mediaTimescale);
    return (time) => toTime(time - mediaTime);
  }
  const perMedia = movieTimescale / divisor(movieTimescale, mediaTimescale);
  const unit = perMedia * mediaTimescale;
  const begin = start * (unit / movieTimescale);
  const toTime = nanosecondsOf(unit);
  const [movie, media] = [BigInt(movieTimescale), BigInt(mediaTimescale)];
  return (time) => {
    const sum = begin + (time - mediaTime) * perMedia;
    if (Number.isSafeInteger(unit) && Number.isSafeInteger(sum)) return toTime(sum);
    const exact = BigInt(start) * media + BigInt(time - mediaTime) * movie;
    return nanoseconds(Number(divideRounding(exact * BigInt(NANOSECONDS_PER_SECOND), movie * media)));
  };
}

/** As `placing`, of a stretch of a column and in place: a film has hundreds of thousands. */
export function placeColumn(
  column: Float64Array,
  { from, to }: { readonly from: number; readonly to: number },
  plan: EditPlan,
  segment: EditSegment,
): void {
  const { mediaTimescale: timescale } = plan;
  const { start, mediaTime } = segment;
  const place = placing(plan, segment);
  const isPlain = start === 0 && timescale <= SMALL_TIMESCALE;
  const half = Math.floor(timescale / 2);
  for (let i = from; i < to; i++) {
    const time = column[i] ?? 0;
    if (!isPlain || time < mediaTime) {
      column[i] = place(time);
      continue;
    }
    const value = time - mediaTime;
    const whole = Math.floor(value / timescale);
    const product = (value - whole * timescale) * NANOSECONDS_PER_SECOND + half;
    const quotient = Math.floor(product / timescale);
    column[i] = whole * NANOSECONDS_PER_SECOND + (quotient * timescale > product ? quotient - 1 : quotient);
  }
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

/** Below it a rest of a second takes no large integers. */
const SMALL_TIMESCALE = 4_000_000;

/** Ticks as nanoseconds, exact and rounded to nearest: seconds and the rest apart. */
function nanosecondsOf(timescale: number): (value: number) => Nanoseconds {
  const half = Math.floor(timescale / 2);
  const isSmall = timescale <= SMALL_TIMESCALE;
  return (value) => {
    const whole = Math.floor(value / timescale);
    const rest = value - whole * timescale;
    if (!isSmall || rest < 0 || rest >= timescale)
      return nanoseconds(whole * NANOSECONDS_PER_SECOND + rescale(rest, timescale, NANOSECONDS_PER_SECOND));
    const product = rest * NANOSECONDS_PER_SECOND + half;
    const quotient = Math.floor(product / timescale);
    const rounded = quotient * timescale > product ? quotient - 1 : quotient;
    return nanoseconds(whole * NANOSECONDS_PER_SECOND + rounded);
  };
}
