import { concat } from '../core/bytes.ts';
import type { Demuxer, Sample, SampleHead, Source } from '../core/contracts.ts';
import type { Nanoseconds } from '../core/time.ts';

/** Bytes of what was read before that are looked at again: a structure may lie over the border. */
const OVERLAP = 4096;
/** What the shortest look reads. */
export const LOOK_BYTES = 128 * 1024;
/** How far a look reads on at most: the longest cluster of common muxers is 5 MB. */
export const LOOK_REACH = 8 * 1024 * 1024;
/** Packets read behind a place that was found. */
export const FIRST_PACKETS = 64 * 1024;

export interface Looking {
  readonly source: Source;
  readonly demuxer: Demuxer;
  /** Tracks whose packets tell the time. */
  readonly tracks: ReadonlySet<number>;
}

export interface Reach {
  readonly from: number;
  /** Where the search ends. */
  readonly end: number;
  /** Bytes read behind the place that was found, in the same request. */
  readonly behind: number;
}

/** Position of the first structure in [from, end) where parsing can begin, found by content; null if there is none. */
export async function findEntry(
  { source, demuxer }: Looking,
  { from, end, behind }: Reach,
  signal: AbortSignal,
): Promise<number | null> {
  let tail: Uint8Array = new Uint8Array();
  let at = from;
  let found: number | null = null;
  for await (const chunk of source.read({ start: from, end }, signal)) {
    if (found === null) {
      const window = tail.length > 0 ? concat([tail, chunk]) : chunk;
      const place = demuxer.resync(window, 0);
      found = place === null ? null : at - tail.length + place;
      tail = window.slice(-OVERLAP);
    }
    at += chunk.length;
    if (found !== null && at >= found + behind) break;
  }
  return found;
}

/** A place where parsing can begin, and the time of the first packet behind it. */
export interface Knot {
  readonly position: number;
  readonly time: number;
}

/** The first place behind a byte where parsing can begin and its time; null where none was found before `end`. */
export async function lookAt(looking: Looking, reach: Reach, signal: AbortSignal): Promise<Knot | null> {
  const position = await findEntry(looking, reach, signal);
  if (position === null) return null;
  for (const length of [FIRST_PACKETS, LOOK_REACH]) {
    const met = await firstPackets(looking, { position, first: length, end: position + length }, signal);
    const head = met.samples[0] ?? met.cut;
    if (head) return { position: head.entry, time: head.time };
  }
  return null;
}

/** What it takes to find a place by its time in a file without an index. */
export interface Bisection {
  /** Places met while planning, ascending in position and time; the first packets of the file first. */
  readonly knots: readonly Knot[];
  /** Distance of planned times. */
  readonly spacing: Nanoseconds;
  /** How much later than its planned time a cut is expected at most. */
  readonly delay: Nanoseconds;
  /** Places where not every player can begin are cuts too: there are no others. */
  readonly takesAny: boolean;
  /** Wherever it was looked, they lie equally far apart. */
  readonly isRegular: boolean;
  /** Bytes from one place where parsing can begin to the next, as far as seen. */
  readonly entryBytes: number;
}

interface Wanted {
  readonly position: number;
  /** Told each sample in file order; true ends the reading with it. */
  readonly isEnough?: (sample: Sample) => boolean;
  /** Bytes asked for in the first request. */
  readonly first: number;
  readonly end: number;
}

export interface Packets {
  readonly samples: readonly Sample[];
  /** The packet that reaches beyond what was read. */
  readonly cut: SampleHead | null;
}

/** Packets from a place on up to the one that is enough, whatever the pieces in which bytes arrive. */
export async function firstPackets(
  { demuxer, tracks }: Looking,
  { position, isEnough, first, end }: Wanted,
  signal: AbortSignal,
): Promise<Packets> {
  const last = Math.min(end, demuxer.payload.end);
  const query = { start: position, soft: Math.min(position + first, last), end: last, tracks };
  const samples: Sample[] = [];
  let cut: SampleHead | null = null;
  for await (const batch of demuxer.samples(query, signal)) {
    cut = batch.next;
    for (const sample of batch.samples) {
      samples.push(sample);
      if (isEnough?.(sample)) return { samples, cut: null };
    }
  }
  return { samples, cut };
}
