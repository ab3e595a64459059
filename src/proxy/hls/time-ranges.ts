/** Seconds of the content: from, to. */
export type TimeRange = readonly [number, number];

/** Segments may reach over the border of a range by that much: rounded durations add up. */
const TOLERANCE = 0.1;

/** Ascending and apart; what is no range is gone. */
export function mergeRanges(ranges: readonly TimeRange[]): readonly TimeRange[] {
  const sorted = ranges.filter(([from, to]) => to > from).sort(([a], [b]) => a - b);
  const merged: TimeRange[] = [];
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last === undefined || from > last[1]) merged.push([from, to]);
    else merged[merged.length - 1] = [last[0], Math.max(last[1], to)];
  }
  return merged;
}

/** Whether something from `start` to `end` has a part in one of the merged ranges. */
export function isWithin(merged: readonly TimeRange[], start: number, end: number): boolean {
  let low = 0;
  let high = merged.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((merged[middle]?.[1] ?? 0) > start + TOLERANCE) high = middle;
    else low = middle + 1;
  }
  return (merged[low]?.[0] ?? Number.POSITIVE_INFINITY) < end - TOLERANCE;
}
