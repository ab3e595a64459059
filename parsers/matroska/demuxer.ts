import { readRange } from '../../src/core/bytes.ts';
import type {
  ByteRange,
  Demuxer,
  SampleBatch,
  SampleQuery,
  SeekPoint,
  Source,
  TrackStatistics,
} from '../../src/core/contracts.ts';
import { corrupt, MediaError, unsupported } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { type Nanoseconds, nanoseconds } from '../../src/core/time.ts';
import type { BlockContext } from './block.ts';
import { ClusterReader, findClusterId } from './cluster.ts';
import { parseCues, parseTagDuration } from './cues.ts';
import type { Master } from './ebml.ts';
import {
  readSegmentBounds,
  type SegmentBounds,
  scanTopLevel,
  seekTargets,
  type TopElement,
  type TopName,
  type TopScan,
} from './segment.ts';
import { type MatroskaTrack, readTracks } from './tracks.ts';

/** First read at a place that a SeekHead names: Cues of two hours and the Tags behind them. */
const TARGET_READ = 128 * 1024;
/** Steps in which reading goes on behind `SampleQuery.soft`. */
const STEP = { first: 64 * 1024, last: 1024 * 1024 };
/** A payload longer than this is jumped over where hops are wanted: about what one round trip could have brought. */
const HOP = 64 * 1024;
/** SeekHeads that name further SeekHeads. */
const SEEK_ROUNDS = 3;
/** Places read in one of these rounds; five kinds of elements are looked for. A head can name thousands. */
const SEEK_TARGETS = 8;
const DEFAULT_TIMESTAMP_SCALE = 1_000_000;

/** What is known of the file before its packets. */
interface Layout {
  readonly bounds: SegmentBounds;
  /** End of the file or of Segment, whichever comes first. */
  readonly end: number;
  readonly elements: ReadonlyMap<TopName, TopElement>;
  readonly firstCluster: number | null;
  /** First byte behind the last Cluster, as far as known. */
  readonly payloadEnd: number;
}

/**
 * Opens Matroska or WebM: head, then index and tags in one further round trip (RFC 9559).
 * @throws MediaError `corrupt`, `truncated`, `unsupported` (no size, no tracks), `limit`
 */
export async function openMatroska(source: Source, signal: AbortSignal): Promise<Demuxer> {
  const layout = await readLayout(source, signal);
  const tracksElement = layout.elements.get('Tracks');
  if (!tracksElement)
    throw corrupt('No Tracks element: nothing says what the file holds', layout.bounds.start);
  const tracks = readTracks(tracksElement.content);
  const info = layout.elements.get('Info')?.content;
  const timestampScale = info?.uint('TimestampScale') || DEFAULT_TIMESTAMP_SCALE;
  const first = layout.firstCluster ?? layout.payloadEnd;
  const cues = readCues(layout, timestampScale);
  const allTracks = new Map(tracks.map(({ track, block }) => [track.id, block]));
  return {
    container: 'matroska',
    tracks: tracks.map(({ track }) => track),
    duration: declaredDuration(info, timestampScale),
    precision: nanoseconds(timestampScale),
    statistics: readStatistics(layout.elements.get('Tags')?.content, tracks),
    payload: { start: first, end: Math.max(first, layout.payloadEnd) },
    seekPoints: (trackId) => cues.get(trackId) ?? null,
    samples: (query, signal) =>
      readSamples(source, query, {
        signal,
        context: { timestampScale, tracks: new Map([...allTracks].filter(([id]) => query.tracks.has(id))) },
      }),
    resync: findClusterId,
  };
}

function readCues(layout: Layout, timestampScale: number): Map<number, SeekPoint[]> {
  const cues = layout.elements.get('Cues')?.content;
  if (!cues) return new Map();
  try {
    return parseCues(cues, { timestampScale, segmentStart: layout.bounds.start, end: layout.end });
  } catch (error) {
    // A broken index is no index: the packets are still there.
    if (error instanceof MediaError) return new Map();
    throw error;
  }
}

function declaredDuration(info: Master | undefined, timestampScale: number): Nanoseconds | null {
  const duration = info?.float('Duration') ?? null;
  if (duration === null || !Number.isFinite(duration) || duration <= 0) return null;
  const value = Math.round(duration * timestampScale);
  return Number.isSafeInteger(value) ? nanoseconds(value) : null;
}

interface ReadContext {
  readonly signal: AbortSignal;
  readonly context: BlockContext;
}

async function* readSamples(
  source: Source,
  query: SampleQuery,
  { signal, context }: ReadContext,
): AsyncGenerator<SampleBatch> {
  const reader = new ClusterReader(query.start, context);
  let from = query.start;
  let to = Math.min(Math.max(query.soft, query.start), query.end);
  const isHop = (reached: number) =>
    reached >= (query.hopsFrom ?? Number.POSITIVE_INFINITY) && reader.wanted > reached + HOP;
  for (let step = STEP.first; from < query.end; step = Math.min(step * 2, STEP.last)) {
    let reached = from;
    for await (const chunk of source.read({ start: from, end: to }, signal)) {
      reached += chunk.length;
      yield reader.push(chunk);
      if (isHop(reached)) break;
    }
    if (isHop(reached)) {
      from = reader.wanted;
      reader.jump();
      step = STEP.first / 2;
    } else if (reached < to) return;
    else from = to;
    to = Math.min(Math.max(to, from) + step, query.end);
  }
}

async function readLayout(source: Source, signal: AbortSignal): Promise<Layout> {
  const head = await readRange(source, { start: 0, end: LIMITS.head }, signal);
  const bounds = readSegmentBounds(head);
  const size = source.size;
  if (size === null)
    throw unsupported('The upstream does not say how long the file is; it cannot be sought in');
  const end = Math.min(bounds.end ?? size, size);
  const read = (range: ByteRange) => readRange(source, range, signal);
  const elements = new Map<TopName, TopElement>();
  const first = scanTopLevel(head.subarray(bounds.start, bounds.end ?? head.length), bounds.start);
  take(elements, first);
  const [reached] = await Promise.all([
    reachCluster(first, end, { read, elements }),
    followSeekHeads(first, { bounds, end, read, elements }),
  ]);
  // Nowhere reached: the size of an element before it may be what is damaged.
  const firstCluster = reached ?? findClusterId(head, bounds.start);
  const behind = [...elements.values()]
    .map((element) => element.position)
    .filter((p) => p > (firstCluster ?? end));
  return { bounds, end, elements, firstCluster, payloadEnd: Math.min(end, ...behind) };
}

interface Reading {
  readonly read: (range: ByteRange) => Promise<Uint8Array>;
  readonly elements: Map<TopName, TopElement>;
}

/** Keeps the first element of each kind. */
function take(elements: Map<TopName, TopElement>, scan: TopScan): void {
  for (const element of scan.found) if (!elements.has(element.name)) elements.set(element.name, element);
}

/** Hops over attachments and the like that the head does not hold, up to the first Cluster; null if there is none. */
async function reachCluster(
  first: TopScan,
  end: number,
  { read, elements }: Reading,
): Promise<number | null> {
  let scan = first;
  for (let hop = 0; hop < LIMITS.elementHops && scan.unread; hop++) {
    const { position, size, isWanted } = scan.unread;
    const next = isWanted || size <= 12 ? position : position + size;
    if (next >= end) return null;
    const length = isWanted ? Math.max(size, LIMITS.head / 4) : LIMITS.head / 4;
    const bytes = await read({ start: next, end: Math.min(next + length, end) });
    const before = position;
    scan = scanTopLevel(bytes, next);
    take(elements, scan);
    if (scan.unread?.position === before && (isWanted || size <= 12)) return null;
  }
  return scan.cluster;
}

interface SeekReading extends Reading {
  readonly bounds: SegmentBounds;
  readonly end: number;
}

/** Fetches what the SeekHeads name and nobody met yet, each round in parallel. */
async function followSeekHeads(first: TopScan, reading: SeekReading): Promise<void> {
  const { bounds, end, elements } = reading;
  let heads = first.found.filter((element) => element.name === 'SeekHead');
  const visited = new Set(heads.map((head) => head.position));
  for (let round = 0; round < SEEK_ROUNDS && heads.length > 0; round++) {
    const targets = heads
      .flatMap((head) => [...seekTargets(head.content, bounds, end)])
      .filter(([name, position]) => {
        const isNew = !visited.has(position) && (name === 'SeekHead' || !elements.has(name));
        if (isNew) visited.add(position);
        return isNew;
      })
      .slice(0, SEEK_TARGETS);
    const scans = await Promise.all(targets.map(([, position]) => scanAt(position, reading)));
    for (const scan of scans) if (scan) take(elements, scan);
    heads = scans.flatMap((scan) => scan?.found.filter((element) => element.name === 'SeekHead') ?? []);
  }
}

/** The elements at a place that a SeekHead names; null when nothing sensible is there: positions are hints. */
async function scanAt(position: number, { read, end }: SeekReading): Promise<TopScan | null> {
  try {
    const scan = scanTopLevel(
      await read({ start: position, end: Math.min(position + TARGET_READ, end) }),
      position,
    );
    if (scan.unread?.position !== position || !scan.unread.isWanted) return scan;
    const whole = { start: position, end: Math.min(position + scan.unread.size, end) };
    return scanTopLevel(await read(whole), position);
  } catch (error) {
    if (error instanceof MediaError && (error.code === 'corrupt' || error.code === 'truncated')) return null;
    throw error;
  }
}

/** Statistics tags of mkvmerge and FFmpeg by track number; their names may carry a language: `BPS-eng`. */
function readStatistics(
  tags: Master | undefined,
  tracks: readonly MatroskaTrack[],
): Map<number, TrackStatistics> {
  const statistics = new Map<number, TrackStatistics>();
  if (!tags) return statistics;
  tags.soundMasters('Tag', (tag) => {
    const uid = tag.master('Targets')?.identity('TagTrackUID');
    const id = uid && tracks.find((track) => track.uid === uid)?.track.id;
    if (id) statistics.set(id, { ...NO_STATISTICS, ...statistics.get(id), ...readTag(tag) });
  });
  return statistics;
}

const NO_STATISTICS: TrackStatistics = { bytes: null, bitrate: null, frames: null, duration: null };

/** A map, not an object: names come from the file, and `constructor` is one too. */
type ReadField = (text: string) => Partial<TrackStatistics>;
const TAG_FIELDS: ReadonlyMap<string, ReadField> = new Map<string, ReadField>([
  ['BPS', (text) => ({ bitrate: countOf(text) })],
  ['NUMBER_OF_BYTES', (text) => ({ bytes: countOf(text) })],
  ['NUMBER_OF_FRAMES', (text) => ({ frames: countOf(text) })],
  ['DURATION', (text) => ({ duration: tagDuration(text) })],
]);

function tagDuration(text: string): Nanoseconds | null {
  const duration = parseTagDuration(text);
  return duration === null ? null : nanoseconds(duration);
}

function readTag(tag: Master): Partial<TrackStatistics> {
  const simple = tag.masters('SimpleTag').map((entry) => {
    const name = (entry.string('TagName') ?? '').replace(/-[a-z]{2,3}$/, '');
    return TAG_FIELDS.get(name)?.(entry.string('TagString') ?? '') ?? {};
  });
  return Object.assign({}, ...simple) as Partial<TrackStatistics>;
}

function countOf(text: string): number | null {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : null;
}
