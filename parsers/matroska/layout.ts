import { readRange } from '../../src/core/bytes.ts';
import type { ByteRange, Source } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { AttachmentHeads } from './attachments.ts';
import { findClusterId } from './cluster.ts';
import type { KnownClusters } from './cues.ts';
import { findId, MAX_HEAD_SIZE, type Master } from './ebml.ts';
import { ELEMENTS } from './elements.ts';
import {
  readSegmentBounds,
  type SeekTarget,
  type SegmentBounds,
  scanTopLevel,
  seekTargets,
  TOP_NAMES,
  type TopElement,
  type TopName,
  type TopScan,
} from './segment.ts';

/** First read at a place that a SeekHead names: Cues of two hours and the Tags behind them; names of attachments. */
const TARGET_READ = 128 * 1024;
const ATTACHMENTS_READ = 16 * 1024;
/** SeekHeads that name further SeekHeads. */
const SEEK_ROUNDS = 3;
/** Places read in one of these rounds; seven kinds of elements are looked for. A head can name thousands. */
const SEEK_TARGETS = 8;
/** Kinds of which a file may have several, each with a part of the whole. */
const REPEATED: ReadonlySet<TopName> = new Set(['SeekHead', 'Cues', 'Tags']);
/** Places with the ID of Tracks that are looked at when nothing names it: others are payload that looks like it. */
const TRACKS_CANDIDATES = 8;

/** `in order`: nothing may be read before what was read already, and nothing far ahead of it. */
export type SourceAccess = 'anywhere' | 'in order';

/** What is known of the file before its packets. */
export interface Layout {
  readonly bounds: SegmentBounds;
  /** End of the file or of Segment, whichever comes first. */
  readonly end: number;
  /** All that were met of each kind, in order of their position. */
  elements(name: TopElement['name']): readonly Master[];
  readonly attachments: AttachmentHeads | null;
  readonly firstCluster: number | null;
  /** First byte behind the last Cluster, as far as known. */
  readonly payloadEnd: number;
  readonly clusters: KnownClusters;
}

/**
 * Reads the head of the file, then what it names and does not hold, in one further round trip.
 * @throws MediaError `corrupt`, `truncated`, `unsupported` (no size), `limit`
 */
export async function readLayout(source: Source, signal: AbortSignal, access: SourceAccess): Promise<Layout> {
  const head = await readRange(source, { start: 0, end: LIMITS.head }, signal);
  const bounds = readSegmentBounds(head);
  const size = source.size;
  if (size === null)
    throw new MediaError(
      'unsupported',
      'The upstream does not say how long the file is; it cannot be sought in',
      {
        inOrderOnly: true,
      },
    );
  const end = Math.min(bounds.end ?? size, size);
  const read = (range: ByteRange) => readRange(source, range, signal);
  const reading: Reading = { read, bounds, end, found: new Found() };
  const first = scanTopLevel(
    head.subarray(bounds.start, bounds.end ?? head.length),
    bounds.start,
    bounds.maxIdLength,
  );
  reading.found.take(first);
  const isInOrder = access === 'in order';
  const [reached] = await Promise.all([
    reachCluster(first, reading),
    isInOrder ? null : followSeekHeads(first, reading),
  ]);
  // Nowhere reached: the size of an element before it may be what is damaged.
  const firstCluster = reached ?? findClusterId(head, bounds.start);
  if (!reading.found.has('Tracks') && !isInOrder) await searchTracks(firstCluster ?? bounds.start, reading);
  return layoutOf(reading, firstCluster, head);
}

function layoutOf({ bounds, end, found }: Reading, firstCluster: number | null, head: Uint8Array): Layout {
  const behind = found.positions().filter((position) => position > (firstCluster ?? end));
  const isCluster = (position: number) => {
    if (position < 0 || position >= end) return false;
    const id = head.subarray(position, position + 4);
    return id.length < 4 ? null : findId(id, ELEMENTS.Cluster, 0) === 0;
  };
  return {
    bounds,
    end,
    elements: (name) => found.elements(name),
    attachments: found.attachments,
    firstCluster,
    payloadEnd: Math.min(end, ...behind),
    clusters: { first: firstCluster ?? end, isCluster },
  };
}

interface Reading {
  readonly read: (range: ByteRange) => Promise<Uint8Array>;
  readonly bounds: SegmentBounds;
  readonly end: number;
  readonly found: Found;
}

/** Elements by their position, from scans that may overlap. */
class Found {
  readonly #elements = new Map<number, TopElement>();
  attachments: AttachmentHeads | null = null;

  take(scan: TopScan): void {
    for (const element of scan.found) this.#elements.set(element.position, element);
    this.attachments ??= scan.attachments;
  }

  has(name: TopName): boolean {
    if (name === 'Attachments') return this.attachments !== null;
    return this.elements(name).length > 0;
  }

  hasAt(position: number): boolean {
    return this.#elements.has(position);
  }

  positions(): number[] {
    return [...this.#elements.keys()];
  }

  elements(name: TopName): Master[] {
    return [...this.#elements.values()]
      .filter((element) => element.name === name)
      .sort((a, b) => a.position - b.position)
      .map((element) => element.content);
  }
}

/** Hops over attachments and the like that the head does not hold, up to the first Cluster; null if there is none. */
async function reachCluster(first: TopScan, { read, bounds, end, found }: Reading): Promise<number | null> {
  let scan = first;
  for (let hop = 0; hop < LIMITS.elementHops && scan.unread; hop++) {
    const { position, size, isWanted } = scan.unread;
    const isHead = isWanted || size <= MAX_HEAD_SIZE;
    const next = isHead ? position : position + size;
    if (next >= end) return null;
    const length = isWanted ? Math.max(size, LIMITS.head / 4) : LIMITS.head / 4;
    const bytes = await read({ start: next, end: Math.min(next + length, end) });
    scan = scanTopLevel(bytes, next, bounds.maxIdLength);
    found.take(scan);
    if (scan.unread?.position === position && isHead) return null;
  }
  return scan.cluster;
}

/** Fetches what the SeekHeads name and nobody met yet, each round in parallel. */
async function followSeekHeads(first: TopScan, reading: Reading): Promise<void> {
  const { bounds, end, found } = reading;
  let heads = first.found.filter((element) => element.name === 'SeekHead');
  const visited = new Set(heads.map((head) => head.position));
  for (let round = 0; round < SEEK_ROUNDS && heads.length > 0; round++) {
    const targets = heads
      .flatMap((head) => seekTargets(head.content, bounds, end))
      .filter(({ name, position }) => {
        const isNew =
          !visited.has(position) && (REPEATED.has(name) ? !found.hasAt(position) : !found.has(name));
        if (isNew) visited.add(position);
        return isNew;
      })
      .sort((a, b) => TOP_NAMES.indexOf(a.name) - TOP_NAMES.indexOf(b.name))
      .slice(0, SEEK_TARGETS);
    const scans = await Promise.all(targets.map((target) => scanAt(target, reading)));
    for (const scan of scans) if (scan) found.take(scan);
    heads = scans.flatMap((scan) => scan?.found.filter((element) => element.name === 'SeekHead') ?? []);
  }
}

/** The elements at a place that a SeekHead names; null when nothing sensible is there: positions are hints. */
async function scanAt({ name, position }: SeekTarget, reading: Reading): Promise<TopScan | null> {
  const { read, end, bounds } = reading;
  const scan = async (length: number) => {
    const bytes = await read({ start: position, end: Math.min(position + length, end) });
    return scanTopLevel(bytes, position, bounds.maxIdLength);
  };
  try {
    const first = await scan(name === 'Attachments' ? ATTACHMENTS_READ : TARGET_READ);
    if (first.unread?.position !== position || !first.unread.isWanted || name === 'Chapters') return first;
    return await scan(first.unread.size);
  } catch (error) {
    if (error instanceof MediaError && (error.code === 'corrupt' || error.code === 'truncated')) return null;
    throw error;
  }
}

/**
 * Tracks that stand behind the clusters and that no SeekHead names, by their ID: at the end of the file, or anywhere
 * in one that is small enough to be read through.
 */
async function searchTracks(firstCluster: number, reading: Reading): Promise<void> {
  const { end, found } = reading;
  const tail = Math.max(firstCluster, end - LIMITS.tailProbe);
  const ranges = [{ start: tail, end }];
  if (end <= LIMITS.wholeWithoutIndex)
    for (let start = firstCluster; start < tail; start += WINDOW)
      ranges.push({ start, end: Math.min(start + WINDOW + 3, tail) });
  let candidates = 0;
  for (const range of ranges) {
    const bytes = await reading.read(range);
    for (
      let at = findId(bytes, ELEMENTS.Tracks, 0);
      at !== null;
      at = findId(bytes, ELEMENTS.Tracks, at + 1)
    ) {
      const scan = await scanAt({ name: 'Tracks', position: range.start + at }, reading);
      if (scan && hasTracks(scan)) found.take(scan);
      if (found.has('Tracks') || ++candidates >= TRACKS_CANDIDATES) return;
    }
  }
}

const hasTracks = ({ found }: TopScan): boolean =>
  found.some(({ name, content }) => name === 'Tracks' && content.has('TrackEntry'));

/** Bytes of a small file read at a time. */
const WINDOW = 4 * 1024 * 1024;
