import { compositionTime, isSync, type SampleTable } from './sample-table.ts';

/** Answers by composition time over samples that lie in decode order, each in logarithmic time. */
export interface CompositionOrder {
  /** The last sample in decode order that is composed at or before `time`; −1 without one. */
  readonly lastAtOrBefore: (time: number) => number;
  /** The first sample in decode order that is composed after `time`; the number of samples without one. */
  readonly firstAfter: (time: number) => number;
  /** As `lastAtOrBefore` among those where decoding may begin. */
  readonly lastSyncAtOrBefore: (time: number) => number;
}

/** Reads the table once; the answers hold it and at most 28 bytes a sample. */
export function compositionOrder(table: SampleTable): CompositionOrder {
  const least = leastFromHere(table);
  const most = mostUntilHere(table);
  const lastAtOrBefore = (time: number) => lastIn(least, time);
  const firstAfter = (time: number) => lastIn(most, time) + 1;
  if (table.sync === null) return { lastAtOrBefore, firstAfter, lastSyncAtOrBefore: lastAtOrBefore };
  const syncs = syncSamples(table);
  const leastSync = leastSyncFromHere(table, syncs);
  return { lastAtOrBefore, firstAfter, lastSyncAtOrBefore: (time) => syncs[lastIn(leastSync, time)] ?? -1 };
}

function syncSamples(table: SampleTable): Uint32Array {
  const all = new Uint32Array(table.count);
  let count = 0;
  for (let i = 0; i < table.count; i++) if (isSync(table, i)) all[count++] = i;
  return all.slice(0, count);
}

/** For each sample the least composition time of it and those behind it: this never falls. */
function leastFromHere({ count, times, compositionOffsets }: SampleTable): Float64Array {
  if (compositionOffsets === null) return times;
  const least = new Float64Array(count);
  let min = Number.POSITIVE_INFINITY;
  for (let i = count - 1; i >= 0; i--) {
    const time = (times[i] ?? 0) + (compositionOffsets[i] ?? 0);
    if (time < min) min = time;
    least[i] = min;
  }
  return least;
}

/** The same among samples where decoding may begin. */
function leastSyncFromHere(table: SampleTable, syncs: Uint32Array): Float64Array {
  const least = new Float64Array(syncs.length);
  let min = Number.POSITIVE_INFINITY;
  for (let i = syncs.length - 1; i >= 0; i--) {
    min = Math.min(min, compositionTime(table, syncs[i] ?? 0));
    least[i] = min;
  }
  return least;
}

/** For each sample the greatest composition time of it and those before it: this never falls. */
function mostUntilHere({ count, times, compositionOffsets }: SampleTable): Float64Array {
  if (compositionOffsets === null) return times;
  const most = new Float64Array(count);
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const time = (times[i] ?? 0) + (compositionOffsets[i] ?? 0);
    if (time > max) max = time;
    most[i] = max;
  }
  return most;
}

/** The last place of a list that never falls whose value is at most `time`; −1 without one. */
function lastIn(least: Float64Array, time: number): number {
  let low = 0;
  let high = least.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((least[middle] ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
