import { ByteCursor } from '../../src/core/bytes.ts';
import { corrupt } from '../../src/core/errors.ts';
import { type Box, children } from './box.ts';

/** One reference of a `sidx`: a subsegment, or another `sidx`. */
export interface SegmentReference {
  /** File offset. */
  readonly offset: number;
  readonly size: number;
  /**
   * Earliest presentation time in the timescale of the index: with the edit list by the specification, but many
   * writers leave it out.
   */
  readonly time: number;
  readonly duration: number;
  readonly startsWithSap: boolean;
  /** Type of the stream access point, 1 to 6; 0 unknown. ISO/IEC 14496-12, I.3. */
  readonly sapType: number;
  /** It lists what lies there; its size is that of the other `sidx`. */
  readonly isIndex: boolean;
}

/** A `sidx` box: ISO/IEC 14496-12, 8.16.3. */
export interface SegmentIndex {
  /** File offset of the box. */
  readonly start: number;
  /** Track, or stream of another container. */
  readonly referenceId: number;
  readonly timescale: number;
  readonly references: readonly SegmentReference[];
}

/**
 * Offsets count from the end of the box.
 * @throws MediaError `truncated` where references lack, `corrupt` for a timescale of 0 or numbers beyond 2^53
 */
export function parseSidx({ bytes, content, start, end }: Box): SegmentIndex {
  const cursor = new ByteCursor(bytes, content);
  const isLong = cursor.u32() >>> 24 !== 0;
  const referenceId = cursor.u32();
  const timescale = cursor.u32();
  if (timescale === 0) throw corrupt('sidx with a timescale of 0', content);
  let time = cursor.uint(isLong ? 8 : 4);
  let offset = end + cursor.uint(isLong ? 8 : 4);
  cursor.skip(2);
  const references: SegmentReference[] = [];
  for (let left = cursor.u16(); left > 0; left--) {
    const reference = readReference(cursor, offset, time);
    references.push(reference);
    offset += reference.size;
    time += reference.duration;
  }
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(time))
    throw corrupt(`sidx reaches byte ${offset}, time ${time}`, start);
  return { start, referenceId, timescale, references };
}

function readReference(cursor: ByteCursor, offset: number, time: number): SegmentReference {
  const target = cursor.u32();
  const duration = cursor.u32();
  const sap = cursor.u32();
  return {
    offset,
    size: target & 0x7fffffff,
    time,
    duration,
    startsWithSap: sap >>> 31 === 1,
    sapType: (sap >>> 28) & 7,
    isIndex: target >>> 31 === 1,
  };
}

/** What several `sidx` boxes say together. */
export interface IndexedSegments {
  /** Of media, in the order of the file. */
  readonly media: readonly SegmentReference[];
  /** References to a `sidx` that is not among those given: to be read next. */
  readonly pending: readonly SegmentReference[];
}

/**
 * Joins indexes that list each other, or stand behind each other, of one stream. Each is used once, however often it is
 * referred to.
 */
export function joinIndexes(indexes: readonly SegmentIndex[]): IndexedSegments {
  const known = new Set(indexes.map(({ start }) => start));
  const all = indexes.flatMap(({ references }) => references);
  return {
    media: inFileOrder(all.filter(({ isIndex }) => !isIndex)),
    pending: inFileOrder(all.filter(({ isIndex, offset }) => isIndex && !known.has(offset))),
  };
}

/** Without those that begin where the one before does. */
function inFileOrder(references: readonly SegmentReference[]): SegmentReference[] {
  const sorted = references.toSorted((a, b) => a.offset - b.offset);
  return sorted.filter(({ offset }, i) => i === 0 || offset !== sorted[i - 1]?.offset);
}

/** Where a picture can be decoded, and the fragment that holds it. */
export interface RandomAccess {
  /** Presentation time in the media timescale, before the edit list. */
  readonly time: number;
  /** File offset of the `moof` box. */
  readonly moofOffset: number;
}

/** Bytes of an `mfro` box, the last one of a file that has `mfra`. */
export const MFRO_BYTES = 16;

/** Size of the `mfra` box that ends with the file, as its last 16 bytes tell: 8.8.11. Null where they are no `mfro`. */
export function mfraSize(tail: Uint8Array): number | null {
  if (tail.length < MFRO_BYTES) return null;
  const cursor = new ByteCursor(tail.subarray(-MFRO_BYTES));
  const isMfro = cursor.u32() === MFRO_BYTES && cursor.u32() === 0x6d66726f;
  cursor.skip(4);
  return isMfro ? cursor.u32() : null;
}

/**
 * An `mfra` box: random access points by track, ISO/IEC 14496-12, 8.8.9. One entry for each fragment: the first that
 * lies in it.
 * @throws MediaError `truncated` where entries lack, `corrupt` for numbers beyond 2^53
 */
export function parseMfra(mfra: Box): ReadonlyMap<number, readonly RandomAccess[]> {
  const tracks = new Map<number, RandomAccess[]>();
  for (const box of children(mfra)) {
    if (box.type !== 'tfra') continue;
    const { trackId, entries } = readTrackAccess(box);
    const before = tracks.get(trackId);
    if (before) for (const entry of entries) before.push(entry);
    else tracks.set(trackId, entries);
  }
  return tracks;
}

/** Track Fragment Random Access: ISO/IEC 14496-12, 8.8.10. */
function readTrackAccess({ bytes, content }: Box): { trackId: number; entries: RandomAccess[] } {
  const cursor = new ByteCursor(bytes, content);
  const width = cursor.u32() >>> 24 === 0 ? 4 : 8;
  const trackId = cursor.u32();
  const lengths = cursor.u32();
  const rest = ((lengths >> 4) & 3) + ((lengths >> 2) & 3) + (lengths & 3) + 3;
  const entries: RandomAccess[] = [];
  for (let left = cursor.u32(); left > 0; left--) {
    const entry = { time: cursor.uint(width), moofOffset: cursor.uint(width) };
    cursor.skip(rest);
    if (!Number.isSafeInteger(entry.time) || !Number.isSafeInteger(entry.moofOffset))
      throw corrupt(`tfra names byte ${entry.moofOffset}, time ${entry.time}`, cursor.position);
    if (entries.at(-1)?.moofOffset !== entry.moofOffset) entries.push(entry);
  }
  return { trackId, entries };
}
