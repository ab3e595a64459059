import { NANOSECONDS_PER_SECOND, type Nanoseconds } from '../../src/core/time.ts';
import type { EditPlan } from './edit-list.ts';
import { presentedTime } from './presentation.ts';
import { isEmpty, type SampleTable } from './sample-table.ts';

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
  const next = laid.map(() => 0);
  let position = 0;
  for (;;) {
    let first = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < laid.length; i++) {
      const key = laid[i]?.keys[next[i] ?? 0] ?? Number.POSITIVE_INFINITY;
      if (key < least) {
        least = key;
        first = i;
      }
    }
    const track = laid[first];
    if (!track) break;
    const row = next[first] ?? 0;
    track.positions[row] = position;
    position += track.table.sizes[track.rows[row] ?? 0] ?? 0;
    next[first] = row + 1;
  }
  return { tracks: new Map(laid.map(({ keys: _, ...track }) => [track.id, track])), end: position };
}

/** @returns also what orders the samples: decode times on the line of presentation, which never run backwards */
function presented(track: TableTrack): LaidTrack & { readonly keys: Float64Array } {
  const { table, plan } = track;
  const rows = new Uint32Array(table.count);
  const times = new Float64Array(table.count);
  const keys = new Float64Array(table.count);
  let count = 0;
  let latest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < table.count; i++) {
    if (isEmpty(table, i)) continue;
    const time = presentedTime(plan, table, i);
    if (time === null) continue;
    const offset = ((table.compositionOffsets?.[i] ?? 0) * NANOSECONDS_PER_SECOND) / plan.mediaTimescale;
    latest = Math.max(latest, time - offset);
    rows[count] = i;
    times[count] = time;
    keys[count] = latest;
    count++;
  }
  return {
    ...track,
    rows: rows.slice(0, count),
    times: times.slice(0, count),
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
