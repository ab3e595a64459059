import { type PlaylistLine, tagValue, URI_LINE } from './line.ts';

/** One segment of a media playlist with the lines before it. */
export interface SegmentBlock {
  readonly lines: readonly PlaylistLine[];
  /** The address, as the playlist wrote it. */
  readonly uri: string;
  /** Seconds. */
  readonly duration: number;
}

export interface MediaBlocks {
  /** All before the first segment that is not of it. */
  readonly header: readonly PlaylistLine[];
  readonly segments: readonly SegmentBlock[];
  /** Behind the last segment. */
  readonly tail: readonly PlaylistLine[];
}

/** Tags that are of the one segment behind them. */
const SEGMENT_TAGS: ReadonlySet<string> = new Set([
  '#EXTINF',
  '#EXT-X-BYTERANGE',
  '#EXT-X-DISCONTINUITY',
  '#EXT-X-PROGRAM-DATE-TIME',
  '#EXT-X-GAP',
  '#EXT-X-PART',
  '#EXT-X-KEY',
  '#EXT-X-MAP',
  '#EXT-X-BITRATE',
]);

/** Cuts a media playlist into its segments. */
export function readBlocks(lines: readonly PlaylistLine[]): MediaBlocks {
  const first = lines.findIndex(({ name }) => SEGMENT_TAGS.has(name) || name === URI_LINE);
  if (first < 0) return { header: lines, segments: [], tail: [] };
  const segments: SegmentBlock[] = [];
  let pending: PlaylistLine[] = [];
  for (const line of lines.slice(first)) {
    pending.push(line);
    if (line.name !== URI_LINE) continue;
    segments.push({ lines: pending, uri: line.text.trim(), duration: durationOf(pending) });
    pending = [];
  }
  return { header: lines.slice(0, first), segments, tail: pending };
}

/** Of EXTINF; lists of channels say -1. */
function durationOf(lines: readonly PlaylistLine[]): number {
  const tag = lines.find(({ name }) => name === '#EXTINF');
  const duration = tag === undefined ? 0 : Number.parseFloat(tagValue(tag));
  return duration > 0 && Number.isFinite(duration) ? duration : 0;
}
