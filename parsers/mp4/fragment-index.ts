import { readRange } from '../../src/core/bytes.ts';
import type { SeekPoint } from '../../src/core/contracts.ts';
import { orNull } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds, rescale } from '../../src/core/time.ts';
import { boxes, readBoxHead } from './box.ts';
import { parseMovieFragment, type TrackFragment } from './fragment.ts';
import { type FragmentedFile, isPlayed, planOf } from './fragmented-file.ts';
import { presentedFragmentTime } from './presentation.ts';
import { compositionTime, decodeDuration, isSync, type SampleTable } from './sample-table.ts';
import {
  joinIndexes,
  MFRO_BYTES,
  mfraSize,
  parseMfra,
  parseSidx,
  type RandomAccess,
  type SegmentIndex,
  type SegmentReference,
} from './segment-index.ts';
import type { Mp4Track } from './tracks.ts';

export interface Index {
  /** Seek points by track. */
  readonly points: ReadonlyMap<number, readonly SeekPoint[]>;
  /** Where tracks end. */
  readonly ends: ReadonlyMap<number, Nanoseconds>;
}

export const NO_INDEX: Index = { points: new Map(), ends: new Map() };

/** What `sidx` or `mfra` tell; nothing where the file has neither. */
export async function readIndex(file: FragmentedFile, tracks: readonly Mp4Track[]): Promise<Index> {
  const played = tracks.filter(isPlayed);
  const media = await readSegmentIndexes(file);
  if (media) {
    const points = played.map((track) => [track.track.id, pointsOf(file, track, media)] as const);
    const ends = points.flatMap(([id, list]) => {
      const [last, reference] = [list.at(-1), media.references.at(-1)];
      if (!last || !reference) return [];
      const duration = rescale(reference.duration, media.index.timescale, NANOSECONDS_PER_SECOND);
      return [[id, nanoseconds(last.time + duration)] as const];
    });
    return { points: new Map(points), ends: new Map(ends) };
  }
  const access = await readRandomAccess(file);
  if (!access) return NO_INDEX;
  const position = Math.max(0, ...[...access.values()].map((entries) => entries.at(-1)?.moofOffset ?? 0));
  const last = await readFragmentAt(file, position);
  const points = played.flatMap((track): [number, SeekPoint[]][] => {
    const entries = access.get(track.source.id);
    if (!entries) return [];
    const plan = planOf(file, track);
    const own = last.find(({ trackId }) => trackId === track.source.id);
    const shift = own && entries.at(-1)?.moofOffset === position ? decodedBefore(entries, own.samples) : 0;
    const presented = entries.flatMap(({ time, moofOffset }) => {
      const shown = presentedFragmentTime(plan, time + shift, 0);
      return shown === null ? [] : [{ time: shown, position: moofOffset, blockPosition: null }];
    });
    return [[track.track.id, presented]];
  });
  return { points: new Map(points), ends: endsOf(file, played, last) };
}

/**
 * How much later pictures are composed than an index says whose last entry tells when its picture is decoded: FFmpeg
 * writes that. 0 for one that tells presentation times.
 */
function decodedBefore(entries: readonly RandomAccess[], samples: SampleTable): number {
  for (let i = 0; i < samples.count; i++)
    if (isSync(samples, i)) {
      const decoded = samples.times[i] ?? 0;
      return entries.at(-1)?.time === decoded ? compositionTime(samples, i) - decoded : 0;
    }
  return 0;
}

/** What a fragment tells; nothing where there is none that can be read. */
async function readFragmentAt(file: FragmentedFile, position: number): Promise<readonly TrackFragment[]> {
  const { source, end, signal, movie } = file;
  const range = { start: position, end: Math.min(end, position + TAIL) };
  const bytes = await readRange(source, range, signal);
  const head = orNull(() => readBoxHead(bytes, 0, position));
  if (head?.type !== 'moof' || head.end > position + bytes.length) return [];
  const moof = { ...head, bytes: bytes.subarray(head.content - position, head.end - position) };
  const context = { defaults: movie.extends, times: new Map<number, number>(), fileEnd: end };
  return orNull(() => parseMovieFragment(moof, context))?.tracks ?? [];
}

/** Where tracks end, as the last fragment tells. */
function endsOf(
  file: FragmentedFile,
  tracks: readonly Mp4Track[],
  last: readonly TrackFragment[],
): Map<number, Nanoseconds> {
  const ends = new Map<number, Nanoseconds>();
  for (const { trackId, samples } of last) {
    const track = tracks.find((one) => one.track.id === trackId);
    const plan = track && planOf(file, track);
    for (let i = 0; plan && i < samples.count; i++) {
      const duration = decodeDuration(samples, i);
      const time = presentedFragmentTime(plan, compositionTime(samples, i), duration);
      const length = rescale(duration, plan.mediaTimescale, NANOSECONDS_PER_SECOND);
      if (time !== null) ends.set(trackId, nanoseconds(Math.max(ends.get(trackId) ?? 0, time + length)));
    }
  }
  return ends;
}

interface IndexedMedia {
  readonly index: SegmentIndex;
  readonly references: readonly SegmentReference[];
}

/** Times of an index are of the stream that it refers to; its segments begin with all streams. */
function pointsOf(
  { movie }: FragmentedFile,
  { source }: Mp4Track,
  { index, references }: IndexedMedia,
): SeekPoint[] {
  // Most writers leave the edit list out of them.
  const shift = source.edits.find(({ mediaTime }) => mediaTime >= 0)?.mediaTime ?? 0;
  const isShifted = source.edits.length > 0 && movie.timescale > 0 && (references[0]?.time ?? 0) >= shift;
  const offset = isShifted ? rescale(shift, source.timescale, NANOSECONDS_PER_SECOND) : 0;
  return references.map(({ time, offset: position }) => ({
    time: nanoseconds(rescale(time, index.timescale, NANOSECONDS_PER_SECOND) - offset),
    position,
    blockPosition: null,
  }));
}

/** Indexes that are read beside the first ones. */
const MAX_INDEXES = 32;

/** What `sidx` boxes between movie box and fragments say; null without one. */
async function readSegmentIndexes(file: FragmentedFile): Promise<IndexedMedia | null> {
  const { source, signal, moov, end } = file;
  const stop = Math.min(end, moov.end + LIMITS.head);
  const bytes = await readRange(source, { start: moov.end, end: stop }, signal);
  const found = sidxBoxes(bytes, moov.end);
  for (let rounds = 0; rounds < 3; rounds++) {
    const pending = joinIndexes(found).pending.slice(0, MAX_INDEXES);
    if (pending.length === 0) break;
    const more = await Promise.all(
      pending.map(async ({ offset, size }) => {
        const range = { start: offset, end: Math.min(end, offset + Math.min(size, LIMITS.metadata)) };
        return sidxBoxes(await readRange(source, range, signal), offset);
      }),
    );
    const known = new Set(found.map(({ start }) => start));
    const fresh = more.flat().filter(({ start }) => !known.has(start));
    if (fresh.length === 0) break;
    found.push(...fresh);
  }
  const [first] = found;
  const own = found.filter(({ referenceId }) => referenceId === first?.referenceId);
  const { media } = joinIndexes(own);
  return first && media.length > 0 ? { index: first, references: media } : null;
}

/** Up to the first fragment. */
function sidxBoxes(bytes: Uint8Array, base: number): SegmentIndex[] {
  const found: SegmentIndex[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const head = orNull(() => readBoxHead(bytes, at, base));
    if (!head || head.type === 'moof' || head.type === 'mdat' || head.end > base + bytes.length) break;
    const content = bytes.subarray(head.content - base, head.end - base);
    const index = head.type === 'sidx' ? orNull(() => parseSidx({ ...head, bytes: content })) : null;
    if (index) found.push(index);
    at = head.end - base;
  }
  return found;
}

/** Bytes at the end of the file in which `mfra` lies, of most files. */
const TAIL = 64 * 1024;

/** What `mfra` at the end of the file says; null without one. */
async function readRandomAccess({ source, end, signal, moov }: FragmentedFile) {
  const start = Math.max(moov.end, end - TAIL);
  const tail = await readRange(source, { start, end }, signal);
  const size = mfraSize(tail.subarray(-MFRO_BYTES));
  if (size === null || size > Math.min(end - moov.end, LIMITS.metadata)) return null;
  const whole =
    size <= tail.length ? tail.subarray(-size) : await readRange(source, { start: end - size, end }, signal);
  return orNull(() => {
    for (const box of boxes(whole, end - size)) if (box.type === 'mfra') return parseMfra(box);
    return null;
  });
}
