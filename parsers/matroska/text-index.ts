import { readRange } from '../../src/core/bytes.ts';
import type { ByteRange, Demuxer, Sample, Source, TextForm, TextIndex } from '../../src/core/contracts.ts';
import { MediaError, orNull } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Track } from '../../src/core/media.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { type BlockContext, type BlockSamples, parseBlockGroup, parseSimpleBlock } from './block.ts';
import type { CueContext } from './cues.ts';
import { type ElementHead, type Master, readElementHead } from './ebml.ts';
import { ELEMENTS } from './elements.ts';
import { readSamples } from './samples.ts';

/** A text as Cues tell it: RFC 9559, 5.1.5. */
interface TextPoint {
  readonly time: number;
  readonly end: number;
  /** File offset of its cluster. */
  readonly cluster: number;
  /** Of its block, from the first byte behind the cluster's head on. */
  readonly relative: number;
}

export interface IndexedTexts {
  readonly cues: readonly Master[];
  /** Null where nobody knows what positions in cues count from. */
  readonly context: CueContext | null;
  readonly tracks: readonly Track[];
  /** Blocks of a track as tags count them; null where they do not. */
  framesOf(trackId: number): number | null;
  placeOf(trackId: number, form: TextForm): TextPlace;
}

/** The index of each track whose cues tell of every text where it lies and how long it is shown; null for others. */
export function textIndexes(texts: IndexedTexts): NonNullable<Demuxer['texts']> {
  const { cues, context, tracks, framesOf, placeOf } = texts;
  const ids = new Set(tracks.flatMap((track) => (track.kind === 'subtitle' && track.text ? [track.id] : [])));
  // At once: the index itself need not be kept for it.
  const byTrack = context && ids.size > 0 ? orNull(() => textPoints(cues, context, ids)) : null;
  return (trackId, form = 'shown') => {
    const points = byTrack?.get(trackId) ?? null;
    const isWhole = points !== null && points.length >= (framesOf(trackId) ?? 0);
    return isWhole ? textIndex(points, placeOf(trackId, form)) : null;
  };
}

/** Texts by track; null for a track of which some cue does not tell all. */
function textPoints(
  cues: readonly Master[],
  context: CueContext,
  ids: ReadonlySet<number>,
): ReadonlyMap<number, readonly TextPoint[] | null> {
  const byTrack = new Map<number, TextPoint[] | null>();
  const points = cues.flatMap((one) =>
    one.soundMasters('CuePoint', (cue) => readPoints(cue, context)).flat(),
  );
  for (const { track, point } of points) {
    if (!ids.has(track)) continue;
    const list = byTrack.get(track);
    if (!point || list === null) byTrack.set(track, null);
    else if (list) list.push(point);
    else byTrack.set(track, [point]);
  }
  return byTrack;
}

function readPoints(cue: Master, { timestampScale, base, segmentStart, end }: CueContext) {
  const time = (cue.uint('CueTime') ?? Number.NaN) * timestampScale;
  return cue.soundMasters('CueTrackPositions', (entry) => {
    const duration = (entry.uint('CueDuration') ?? Number.NaN) * timestampScale;
    const relative = entry.uint('CueRelativePosition') ?? Number.NaN;
    const cluster = (entry.uint('CueClusterPosition') ?? Number.NaN) + base;
    const isTold =
      Number.isSafeInteger(time + duration) && cluster >= segmentStart && cluster + relative < end;
    const point = isTold ? { time, end: time + duration, cluster, relative } : null;
    return { track: entry.uint('CueTrack') ?? 0, point };
  });
}

interface TextPlace {
  readonly source: Source;
  /** Of the track alone. */
  readonly context: BlockContext;
  /** End of all clusters. */
  readonly end: number;
}

function textIndex(points: readonly TextPoint[], place: TextPlace): TextIndex {
  return {
    times: Float64Array.from(points, ({ time }) => time),
    ends: Float64Array.from(points, ({ end }) => end),
    async read(wanted, signal) {
      const chosen = wanted.flatMap((i) => points[i] ?? []);
      const samples: Sample[] = [];
      let room: number = LIMITS.texts;
      for (const group of groupsOf(chosen, place.end))
        for (const sample of await readGroup(group, place, signal)) {
          room -= sample.data.length;
          if (room < 0) throw new MediaError('limit', `Texts of more than ${LIMITS.texts} bytes at once`);
          samples.push(sample);
        }
      return samples;
    },
  };
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

interface Group extends ByteRange {
  readonly points: TextPoint[];
}

function groupsOf(points: readonly TextPoint[], fileEnd: number): Group[] {
  const groups: Group[] = [];
  for (const point of points.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    const start = placeOf(point) + HEAD.least;
    const end = Math.min(fileEnd, placeOf(point) + HEAD.most + USUAL_BLOCK);
    const last = groups.at(-1);
    if (last && start <= last.end + GAP && end <= last.start + GROUP)
      groups[groups.length - 1] = { start: last.start, end, points: [...last.points, point] };
    else groups.push({ start, end, points: [point] });
  }
  return groups;
}

const placeOf = ({ cluster, relative }: TextPoint): number => cluster + relative;

async function readGroup(group: Group, place: TextPlace, signal: AbortSignal): Promise<Sample[]> {
  const bytes = await readRange(place.source, group, signal);
  const samples: Sample[] = [];
  for (const point of group.points) {
    const sample =
      (await readBlock(point, { bytes, start: group.start }, { ...place, signal })) ??
      (await readFromCluster(point, place, signal));
    if (sample) samples.push(timed(sample, point));
  }
  return samples;
}

const timed = (sample: Sample, { time, end }: TextPoint): Sample => ({
  ...sample,
  time: nanoseconds(time),
  duration: nanoseconds(end - time),
});

interface Arrived {
  readonly bytes: Uint8Array;
  /** File offset of the first. */
  readonly start: number;
}

interface Reading extends TextPlace {
  readonly signal: AbortSignal;
}

/** The text where its cue says that it lies; null when there is none. */
async function readBlock(point: TextPoint, arrived: Arrived, reading: Reading): Promise<Sample | null> {
  const starts = SIZE_BYTES.map((size) => placeOf(point) + ID_BYTES + size);
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

const headAt = (start: number, { bytes, start: from }: Arrived, { context }: Reading): ElementHead | null =>
  orNull(() => readElementHead(bytes, start, context.maxIdLength, start - from));

interface BlockHead extends ElementHead {
  readonly size: number;
  readonly start: number;
}

async function samplesAt(head: BlockHead, arrived: Arrived, reading: Reading): Promise<readonly Sample[]> {
  const whole = { start: head.start, end: head.start + head.headSize + head.size };
  if (whole.end > reading.end) return [];
  const isThere = whole.end <= arrived.start + arrived.bytes.length;
  const bytes = isThere
    ? arrived.bytes.subarray(whole.start - arrived.start, whole.end - arrived.start)
    : await readRange(reading.source, whole, reading.signal);
  return orNull(() => parse(head, bytes, reading))?.samples ?? [];
}

/** Its time is that of the cue: the cluster's is not read. */
function parse(head: BlockHead, bytes: Uint8Array, { context }: Reading): BlockSamples {
  const contentPosition = head.start + head.headSize;
  const block = { id: head.id, position: head.start, contentPosition, entry: head.start, clusterTime: 0 };
  const content = { bytes, start: head.headSize, end: bytes.length };
  const read = head.id === ELEMENTS.BlockGroup ? parseBlockGroup : parseSimpleBlock;
  return read(block, content, context);
}

/** Where cues count from somewhere else the cluster is read up to the time of the text. */
async function readFromCluster(
  point: TextPoint,
  { source, context, end }: TextPlace,
  signal: AbortSignal,
): Promise<Sample | null> {
  const start = point.cluster;
  const last = Math.min(end, placeOf(point) + GAP);
  const query = { start, soft: last, end: last, tracks: new Set(context.tracks.keys()) };
  for await (const { samples } of readSamples(source, query, { signal, context, end }))
    for (const sample of samples) if (sample.time === point.time) return sample;
  return null;
}
