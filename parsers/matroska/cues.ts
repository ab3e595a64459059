import type { SeekPoint } from '../../src/core/contracts.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds } from '../../src/core/time.ts';
import type { Master } from './ebml.ts';

interface CueContext {
  readonly timestampScale: number;
  /** File offset that cluster positions count from: the first byte of Segment's content. */
  readonly segmentStart: number;
  /** Positions at or beyond it are ignored: seen as underflows of 2^64. */
  readonly end: number;
}

/**
 * Cues by track, in order of time, each cluster position within the file (RFC 9559, 5.1.5).
 * Cues are hints: nothing here says that the block is a key picture.
 */
export function parseCues(cues: Master, context: CueContext): Map<number, SeekPoint[]> {
  const byTrack = new Map<number, SeekPoint[]>();
  for (const point of cues.masters('CuePoint')) {
    const time = point.uint('CueTime');
    if (time === null) continue;
    for (const entry of point.masters('CueTrackPositions')) {
      const track = entry.uint('CueTrack');
      const position = (entry.uint('CueClusterPosition') ?? -1) + context.segmentStart;
      if (track === null || position < context.segmentStart || position >= context.end) continue;
      const list = byTrack.get(track) ?? [];
      if (list.length === 0) byTrack.set(track, list);
      list.push({ time: nanoseconds(time * context.timestampScale), position, blockPosition: null });
    }
  }
  for (const [track, list] of byTrack) byTrack.set(track, inOrder(list));
  return byTrack;
}

/** Points that go forward in time and in the file; later duplicates and those that run backwards are dropped. */
function inOrder(points: SeekPoint[]): SeekPoint[] {
  const kept: SeekPoint[] = [];
  for (const point of points.sort((a, b) => a.time - b.time || a.position - b.position)) {
    const last = kept.at(-1);
    if (!last || (point.time > last.time && point.position >= last.position)) kept.push(point);
  }
  return kept;
}

/** `HH:MM:SS.nnnnnnnnn`, the DURATION of mkvmerge's and FFmpeg's statistics tags; null when it is not one. */
export function parseTagDuration(text: string): number | null {
  const match = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text.trim());
  if (!match) return null;
  const [, h = '0', m = '0', s = '0'] = match;
  return Math.round((Number(h) * 3600 + Number(m) * 60 + Number(s)) * NANOSECONDS_PER_SECOND);
}
