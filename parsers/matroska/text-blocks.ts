import { readRange } from '../../src/core/bytes.ts';
import type { ByteRange, Sample } from '../../src/core/contracts.ts';
import { attempt, MediaError, orNull } from '../../src/core/errors.ts';
import { TEXT_COST, TextRoom } from '../../src/core/text-room.ts';
import { nanoseconds } from '../../src/core/time.ts';
import {
  type BlockContext,
  type BlockSamples,
  type BlockTrack,
  parseBlockGroup,
  parseSimpleBlock,
} from './block.ts';
import { type ElementHead, readElementHead } from './ebml.ts';
import { ELEMENTS } from './elements.ts';
import { placeOf, type TextPlace, type TextPoint, type TextReading } from './text-point.ts';
import { searchClusters } from './text-search.ts';

/**
 * The texts of these points in the order of their places. A text that is not where its cue says, or another one than
 * that, is looked for in its cluster; what is not found is left out.
 * @throws MediaError `limit`, and those of the source
 */
export async function readTexts(points: readonly TextPoint[], place: TextReading): Promise<Sample[]> {
  const room = new TextRoom();
  room.take(points.length * TEXT_COST);
  const reading = { ...place, context: counted(place.context, room), room };
  const ordered = points.toSorted((a, b) => placeOf(a) - placeOf(b));
  const found = new Map<TextPoint, Sample>();
  for (const group of groupsOf(ordered, place.end))
    for (const [point, sample] of await readGroup(group, reading)) found.set(point, sample);
  for (const point of contradicted(found, place.context)) found.delete(point);
  const lost = ordered.filter((point) => !found.has(point));
  const taken = new Set([...found.values()].map(({ position }) => position));
  for (const [point, sample] of await searchClusters(lost, taken, reading)) found.set(point, sample);
  return ordered.flatMap((point) => {
    const sample = found.get(point);
    room.take(sample?.data.length ?? 0);
    return sample ? [timed(sample, point)] : [];
  });
}

/** What a damaged text counts: as much was done for it. */
const DAMAGED = 64 * 1024;

/** Counts what is unpacked, whatever is left of it then. */
function counted(context: BlockContext, room: TextRoom): BlockContext {
  const count = (track: BlockTrack): BlockTrack => ({
    ...track,
    decode(frame) {
      room.take(0);
      const whole = attempt(() => track.decode(frame));
      const isDamaged = whole instanceof MediaError;
      room.take(isDamaged ? DAMAGED : whole.length);
      if (isDamaged) throw whole;
      return whole;
    },
  });
  return { ...context, tracks: new Map([...context.tracks].map(([id, track]) => [id, count(track)])) };
}

/** Times are those of the cue. A copy: a view would keep all that was read with it. */
const timed = (sample: Sample, { time, end }: TextPoint): Sample => ({
  ...sample,
  time: nanoseconds(time),
  duration: nanoseconds(end - time),
  data: sample.data.slice(),
});

/**
 * Points whose texts were found where they say, but not all of them can be right: the blocks of a cluster count from
 * one time.
 */
function contradicted(
  found: ReadonlyMap<TextPoint, Sample>,
  { timestampScale }: BlockContext,
): readonly TextPoint[] {
  const times = new Map<number, number>();
  const wrong = new Set<number>();
  for (const [{ time, cluster }, sample] of found) {
    const clusterTime = time - sample.time;
    const known = times.get(cluster) ?? clusterTime;
    times.set(cluster, known);
    if (Math.abs(known - clusterTime) > timestampScale) wrong.add(cluster);
  }
  return [...found.keys()].filter(({ cluster }) => wrong.has(cluster));
}

/** Bytes between two texts that are read with them: about what another round trip would have brought. */
const GAP = 64 * 1024;
/** Bytes of a text and of what stands around it, mostly. */
const USUAL_BLOCK = 1024;
/** Bytes of one request: what is read at once is held. */
const GROUP = 1024 * 1024;
/** Bytes of one text: whole songs that are drawn have 100 kB. */
const MAX_BLOCK = 1024 * 1024;
/** ID of a cluster, and the lengths that its size may have: which one is found where the block is. */
const ID_BYTES = 4;
const SIZE_BYTES = [8, 4, 5, 6, 7, 3, 2, 1] as const;
const HEAD = { least: ID_BYTES + 1, most: ID_BYTES + 8 } as const;

interface Group {
  readonly start: number;
  end: number;
  readonly places: Map<number, TextPoint[]>;
}

/** @param points in order of their places */
function groupsOf(points: readonly TextPoint[], fileEnd: number): Group[] {
  const groups: Group[] = [];
  for (const point of points) {
    const place = placeOf(point);
    const start = place + HEAD.least;
    const end = Math.min(fileEnd, place + HEAD.most + USUAL_BLOCK);
    let group = groups.at(-1);
    if (!group || start > group.end + GAP || end > group.start + GROUP) {
      group = { start, end, places: new Map() };
      groups.push(group);
    }
    group.end = end;
    const here = group.places.get(place);
    if (here) here.push(point);
    else group.places.set(place, [point]);
  }
  return groups;
}

interface CountedReading extends TextReading {
  readonly room: TextRoom;
}

async function readGroup(group: Group, reading: CountedReading): Promise<Map<TextPoint, Sample>> {
  const bytes = await readRange(reading.source, group, reading.signal);
  const found = new Map<TextPoint, Sample>();
  for (const [place, points] of group.places) {
    const sample = await readBlock(place, { bytes, start: group.start }, reading);
    // One text has one cue.
    const point = sample && points.find((one) => isLikely(one, sample, reading.context));
    if (point) found.set(point, sample);
  }
  return found;
}

/** A text that is shown for another time than its cue says is another one. */
const isLikely = (
  { time, end }: TextPoint,
  { duration }: Sample,
  { timestampScale }: BlockContext,
): boolean => duration === null || Math.abs(duration - (end - time)) <= timestampScale;

interface Arrived {
  readonly bytes: Uint8Array;
  /** File offset of the first. */
  readonly start: number;
}

/** The text whose block lies there; null when there is none. */
async function readBlock(place: number, arrived: Arrived, reading: CountedReading): Promise<Sample | null> {
  const starts = SIZE_BYTES.map((size) => place + ID_BYTES + size);
  // A group says more of itself: chance does not make one.
  for (const id of [ELEMENTS.BlockGroup, ELEMENTS.SimpleBlock])
    for (const start of starts) {
      const head = headAt(start, arrived, reading);
      if (head?.id !== id || head.size === null || head.size > MAX_BLOCK) continue;
      const [sample] = await samplesAt({ ...head, size: head.size, start }, arrived, reading);
      if (sample) return sample;
    }
  return null;
}

const headAt = (start: number, { bytes, start: from }: Arrived, { context }: TextPlace): ElementHead | null =>
  orNull(() => readElementHead(bytes, start, context.maxIdLength, start - from));

interface BlockHead extends ElementHead {
  readonly size: number;
  readonly start: number;
}

async function samplesAt(
  head: BlockHead,
  arrived: Arrived,
  reading: CountedReading,
): Promise<readonly Sample[]> {
  const whole = { start: head.start, end: head.start + head.headSize + head.size };
  if (whole.end > reading.end) return [];
  const isThere = whole.end <= arrived.start + arrived.bytes.length;
  const bytes = isThere
    ? arrived.bytes.subarray(whole.start - arrived.start, whole.end - arrived.start)
    : await readMore(whole, reading);
  return orNull(() => parse(head, bytes, reading))?.samples ?? [];
}

function readMore(range: ByteRange, { source, signal, room }: CountedReading): Promise<Uint8Array> {
  room.take(range.end - range.start);
  return readRange(source, range, signal);
}

/** Its time counts from that of its cluster, which is not read. */
function parse(head: BlockHead, bytes: Uint8Array, { context }: TextPlace): BlockSamples {
  const contentPosition = head.start + head.headSize;
  const block = { id: head.id, position: head.start, contentPosition, entry: head.start, clusterTime: 0 };
  const content = { bytes, start: head.headSize, end: bytes.length };
  const read = head.id === ELEMENTS.BlockGroup ? parseBlockGroup : parseSimpleBlock;
  return read(block, content, context);
}
