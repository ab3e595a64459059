import { corrupt } from '../../src/core/errors.ts';
import { type Entries, type TableBytes, tableEntries } from './table-entries.ts';

/** What was bent in a table so that it can be read. */
export type TableRemark =
  /** `stts` tells fewer samples than there are: its last delta goes on. */
  | 'times-run-on'
  /** A negative delta: decode times stand still until they have caught up. */
  | 'negative-delta'
  /** The last sample would last absurdly long: it lasts as long as the one before. */
  | 'last-delta'
  /** `stss` counts from 0. */
  | 'sync-from-zero'
  /** Offsets of 32 bits seem to have gone over 4 GB. */
  | 'offsets-wrapped'
  /** The chunks hold fewer samples than there are sizes. */
  | 'samples-without-place';

export interface DecodeTimes {
  /** In the media timescale. */
  readonly times: Float64Array;
  /** Where the last sample ends. */
  readonly end: number;
  readonly remarks: readonly TableRemark[];
}

/**
 * Deltas from here on are negative ones in 32 bits, which some writers use to take back a delta that was too long:
 * ten seconds at 48 kHz.
 */
const NEGATIVE_DELTAS = 2 ** 32 - 480_000;

/**
 * The last of many samples may last this many times as long as everything before it: a still at the end of a recording.
 * What has fewer samples may be a list of stills.
 */
const LONGEST_STILL = 10;
const MANY_SAMPLES = 25;

/**
 * Decode times of `count` samples: ISO/IEC 14496-12, 8.6.1.2. A delta of zero leaves two samples at one time.
 * @throws MediaError `corrupt` for several samples without any delta, or times beyond 2^53
 */
export function readDecodeTimes(stts: TableBytes | null, count: number): DecodeTimes {
  const entries = tableEntries(stts, 'stts', 8);
  const walk = newWalk(count);
  for (let i = 0; i < entries.count && walk.at < count; i++)
    run(walk, entries.view.getUint32(i * 8), entries.view.getUint32(i * 8 + 4));
  if (walk.at < count) {
    if (walk.at === 0 && count > 1) throw corrupt(`${count} samples and no times`, stts?.base);
    walk.remarks.add('times-run-on');
    run(walk, count - walk.at, walk.delta);
  }
  const end = endOf(walk);
  if (!Number.isSafeInteger(end)) throw corrupt(`Decode times reach ${end}`, stts?.base);
  return { times: walk.times, end, remarks: [...walk.remarks] };
}

interface Walk {
  readonly times: Float64Array;
  readonly remarks: Set<TableRemark>;
  at: number;
  /** Sum of all deltas so far. */
  clock: number;
  /** Of the last sample, and of the last one before it that had another. */
  delta: number;
  before: number;
}

const newWalk = (count: number): Walk => ({
  times: new Float64Array(count),
  remarks: new Set(),
  at: 0,
  clock: 0,
  delta: 0,
  before: 0,
});

function run(walk: Walk, samples: number, told: number): void {
  const { times } = walk;
  const delta = told >= NEGATIVE_DELTAS ? told - 2 ** 32 : told;
  const end = Math.min(walk.at + samples, times.length);
  if (end === walk.at) return;
  walk.before = end - walk.at > 1 ? delta : walk.delta;
  walk.delta = delta;
  const floor = walk.at > 0 ? (times[walk.at - 1] ?? 0) : 0;
  if (delta < 0 || walk.clock < floor) catchUp(walk, end, delta);
  else for (; walk.at < end; walk.clock += delta) times[walk.at++] = walk.clock;
}

/** Decode times never run backwards. */
function catchUp(walk: Walk, end: number, delta: number): void {
  const { times } = walk;
  for (; walk.at < end; walk.clock += delta) {
    const before = walk.at > 0 ? (times[walk.at - 1] ?? 0) : 0;
    if (walk.clock < before) walk.remarks.add('negative-delta');
    times[walk.at++] = Math.max(walk.clock, before);
  }
}

/** The last delta moves no sample: one that is negative or absurdly long is not believed. */
function endOf(walk: Walk): number {
  const count = walk.times.length;
  const last = walk.times[count - 1] ?? 0;
  const isAbsurd = count >= MANY_SAMPLES && walk.delta > last * LONGEST_STILL;
  if (walk.delta >= 0 && !isAbsurd) return last + walk.delta;
  walk.remarks.add('last-delta');
  return last + Math.max(0, walk.before);
}

/**
 * Differences between composition and decode time: ISO/IEC 14496-12, 8.6.1.3. Always read as signed, since writers
 * put negative ones into version 0 as well. Samples behind the end of the table have none. Null where all are zero.
 * @throws MediaError `corrupt` for a table that does not fit its box
 */
export function readCompositionOffsets(ctts: TableBytes | null, count: number): Int32Array | null {
  const entries = tableEntries(ctts, 'ctts', 8);
  if (isZero(entries)) return null;
  const offsets = new Int32Array(count);
  let at = 0;
  for (let i = 0; i < entries.count && at < count; i++) {
    const end = Math.min(at + entries.view.getUint32(i * 8), count);
    const offset = entries.view.getInt32(i * 8 + 4);
    while (at < end) offsets[at++] = offset;
  }
  return offsets;
}

function isZero({ count, view }: Entries): boolean {
  for (let i = 0; i < count; i++) if (view.getUint32(i * 8 + 4) !== 0) return false;
  return true;
}
