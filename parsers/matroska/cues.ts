import type { SeekPoint } from '../../src/core/contracts.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds } from '../../src/core/time.ts';
import type { Master } from './ebml.ts';

export interface CueContext {
  readonly timestampScale: number;
  /** File offset that cluster positions count from: see `cueBase`. */
  readonly base: number;
  /** First byte of Segment's content: nothing lies before it. */
  readonly segmentStart: number;
  /** Positions at or beyond it are ignored: seen as underflows of 2^64. */
  readonly end: number;
}

/**
 * Cues by track, in order of time, each cluster position within the file (RFC 9559, 5.1.5).
 * Cues are hints: nothing here says that the block is a key picture.
 */
export function parseCues(cues: readonly Master[], context: CueContext): Map<number, SeekPoint[]> {
  const byTrack = new Map<number, SeekPoint[]>();
  const points = cues.flatMap((one) => one.soundMasters('CuePoint', (point) => readPoint(point, context)));
  for (const { track, point } of points.flat()) {
    const list = byTrack.get(track) ?? [];
    if (list.length === 0) byTrack.set(track, list);
    list.push(point);
  }
  for (const [track, list] of byTrack) byTrack.set(track, inOrder(list));
  return byTrack;
}

interface TrackPoint {
  readonly track: number;
  readonly point: SeekPoint;
}

function readPoint(cue: Master, context: CueContext): TrackPoint[] {
  const time = (cue.uint('CueTime') ?? Number.NaN) * context.timestampScale;
  if (!Number.isSafeInteger(time)) return [];
  const points = cue.soundMasters('CueTrackPositions', (entry) => {
    const track = entry.uint('CueTrack');
    const stored = entry.uint('CueClusterPosition');
    const position = (stored ?? Number.NaN) + context.base;
    if (track === null || !(position >= context.segmentStart && position < context.end)) return null;
    return { track, point: { time: nanoseconds(time), position, blockPosition: null } };
  });
  return points.filter((point) => point !== null);
}

/** What is known of the file's clusters before the index is read. */
export interface KnownClusters {
  /** File offset of the first one. */
  readonly first: number;
  /** Null where the byte has not been read. */
  isCluster(position: number): boolean | null;
}

/** Cues that are looked at to know what they count from. */
const SAMPLED_CUES = 256;

/**
 * The file offset that positions in these Cues count from. That is the content of Segment, unless bytes that were read
 * prove it wrong: some writers count from the start of the file, and editors insert elements without moving the index.
 */
export function cueBase(cues: readonly Master[], segmentStart: number, clusters: KnownClusters): number {
  const positions = cues
    .flatMap((one) => one.soundMasters('CuePoint', readPositions).slice(0, SAMPLED_CUES))
    .flat();
  const agreeing = (base: number) => positions.filter((p) => clusters.isCluster(base + p) === true).length;
  const isRefuted = positions.some((p) => clusters.isCluster(segmentStart + p) === false);
  if (!isRefuted || agreeing(segmentStart) > 0) return segmentStart;
  if (agreeing(0) > 0) return 0;
  const moved = clusters.first - Math.min(...positions);
  return agreeing(moved) > 1 ? moved : segmentStart;
}

const readPositions = (cue: Master): number[] =>
  cue
    .soundMasters('CueTrackPositions', (entry) => entry.uint('CueClusterPosition'))
    .filter((position) => position !== null);

/**
 * The most points that go forward both in time and in the file; of several with one time the first in the file.
 * So a point that leads astray costs itself, not those that follow it.
 */
function inOrder(points: SeekPoint[]): SeekPoint[] {
  const sorted = points
    .sort((a, b) => a.time - b.time || a.position - b.position)
    .filter((point, i, all) => point.time !== all[i - 1]?.time);
  // Longest non-decreasing run of positions: ends[n] is the lowest last point of all runs of n + 1 points.
  const ends: number[] = [];
  const before = sorted.map((point, i) => {
    const length = firstAbove(ends, (end) => (sorted[end]?.position ?? 0) > point.position);
    ends[length] = i;
    return ends[length - 1];
  });
  const kept: SeekPoint[] = [];
  for (let i = ends.at(-1); i !== undefined; i = before[i]) {
    const point = sorted[i];
    if (point) kept.push(point);
  }
  return kept.reverse();
}

/** Index of the first item that `isAbove`; items below come first. */
function firstAbove(items: readonly number[], isAbove: (item: number) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAbove(items[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** `HH:MM:SS.nnnnnnnnn`, the DURATION of mkvmerge's and FFmpeg's statistics tags; null when it is not one. */
export function parseTagDuration(text: string): number | null {
  const match = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text.trim());
  if (!match) return null;
  const [, h = '0', m = '0', s = '0'] = match;
  const duration = Math.round((Number(h) * 3600 + Number(m) * 60 + Number(s)) * NANOSECONDS_PER_SECOND);
  return Number.isSafeInteger(duration) ? duration : null;
}
