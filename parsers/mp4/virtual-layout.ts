import { NANOSECONDS_PER_SECOND, type Nanoseconds } from '../../src/core/time.ts';
import type { EditPlan } from './edit-list.ts';
import { placing } from './presentation.ts';
import type { SampleTable } from './sample-table.ts';

/** What is read of one track. */
export interface TableTrack {
  readonly id: number;
  readonly table: SampleTable;
  readonly plan: EditPlan;
}

/** A track's samples that are presented, in decode order: 20 bytes each beside the table's. */
export interface LaidTrack extends TableTrack {
  /** Rows of the table. */
  readonly rows: Uint32Array;
  /** Presentation times in nanoseconds. */
  readonly times: Float64Array;
  /** Ascending. */
  readonly positions: Float64Array;
}

/**
 * All samples as if the file had them ordered by time, whatever its own order is: a position is the number of bytes of
 * the samples before it. What belongs to a time lies together then, and it can be read from anywhere.
 */
export interface VirtualLayout {
  readonly tracks: ReadonlyMap<number, LaidTrack>;
  readonly end: number;
}

/** Samples without bytes make no packet. */
export function layOut(tracks: readonly TableTrack[]): VirtualLayout {
  const laid = tracks.map(presented);
  let position = 0;
  let open = laid.map((track) => ({ track, next: 0 })).filter(({ track }) => track.rows.length > 0);
  while (open.length > 0) {
    let first = open[0];
    let [least, other] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const each of open) {
      const key = each.track.keys[each.next] ?? 0;
      if (key < least) [least, other, first] = [key, least, each];
      else if (key < other) other = key;
    }
    if (!first) break;
    position = placeUntil(first, position, other);
    if (first.next === first.track.rows.length) open = open.filter((each) => each !== first);
  }
  return { tracks: new Map(laid.map(({ keys: _, ...track }) => [track.id, track])), end: position };
}

interface Placing {
  readonly track: ReturnType<typeof presented>;
  next: number;
}

/** The first sample, and those behind it that come before the other tracks' next. @returns the position behind them */
function placeUntil(placing: Placing, from: number, until: number): number {
  const { rows, keys, positions, table } = placing.track;
  let position = from;
  let at = placing.next;
  do {
    positions[at] = position;
    position += table.sizes[rows[at] ?? 0] ?? 0;
    at++;
  } while (at < rows.length && (keys[at] ?? 0) < until);
  placing.next = at;
  return position;
}

/** @returns also what orders the samples: decode times on the line of presentation, which never run backwards */
function presented(track: TableTrack): LaidTrack & { readonly keys: Float64Array } {
  const { table, plan } = track;
  const { sizes, compositionOffsets } = table;
  const rows = new Uint32Array(table.count);
  const times = new Float64Array(table.count);
  const keys = compositionOffsets ? new Float64Array(table.count) : times;
  const perTick = NANOSECONDS_PER_SECOND / plan.mediaTimescale;
  let count = 0;
  let latest = Number.NEGATIVE_INFINITY;
  for (const segment of plan.segments) {
    const timeOf = placing(plan, segment);
    const end = Math.min(segment.end, table.count);
    for (let i = segment.first; i < end; i++) {
      const composed = (table.times[i] ?? 0) + (compositionOffsets ? (compositionOffsets[i] ?? 0) : 0);
      if (sizes[i] === 0 || composed < segment.from) continue;
      rows[count] = i;
      times[count] = timeOf(composed);
      count++;
    }
  }
  if (compositionOffsets)
    for (let i = 0; i < count; i++) {
      const key = (times[i] ?? 0) - (compositionOffsets[rows[i] ?? 0] ?? 0) * perTick;
      if (key > latest) latest = key;
      keys[i] = latest;
    }
  return {
    ...track,
    rows: count < table.count ? rows.slice(0, count) : rows,
    times: count < table.count ? times.slice(0, count) : times,
    keys: keys.subarray(0, count),
    positions: new Float64Array(count),
  };
}

/** Index of the first sample at or behind a position. */
export function firstFrom({ positions }: LaidTrack, position: number): number {
  let [low, high] = [0, positions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const timeAt = ({ times }: LaidTrack, index: number): Nanoseconds =>
  (times[index] ?? 0) as Nanoseconds;
