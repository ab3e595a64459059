import { rescale } from '../../src/core/time.ts';
import { type CompositionOrder, compositionOrder } from './composition-order.ts';
import { compositionTime, decodeDuration, type SampleTable } from './sample-table.ts';

/** One entry of `elst`: ISO/IEC 14496-12, 8.6.6. */
export interface Edit {
  /** In the movie timescale. */
  readonly duration: number;
  /** In the media timescale; negative for an empty edit. */
  readonly mediaTime: number;
  /** 1 as it is, 0 for a picture that stands still. */
  readonly rate: number;
}

export type EditRemark =
  /** An edit that holds a picture is passed over as an empty one: the picture before it stays. */
  | 'dwell'
  /** An edit with another speed is played at normal speed. */
  | 'rate'
  /** Samples are to be presented a second time, which is left out: each is read once. */
  | 'repeats'
  /** The edits leave nothing of the media, and are not followed. */
  | 'presents-nothing'
  /** Pictures before the first edit, or between two, are shown since those in it need them. */
  | 'pre-roll';

/** A stretch of the media that is presented as it is. */
export interface EditSegment {
  /** Where it begins in presentation time, in the movie timescale. */
  readonly start: number;
  /** Composition times that are presented, in the media timescale: from `mediaTime` on, which appears at `start`. */
  readonly mediaTime: number;
  /** Half-open; Infinity to the end of the media. */
  readonly mediaEnd: number;
  /** Samples in decode order, half-open; Infinity where they come in fragments. */
  readonly first: number;
  readonly end: number;
  /** What is composed before this is left out: pictures that lead the first sync picture and cannot be decoded. */
  readonly from: number;
}

/** Which samples of a track appear, and when. Read with `presentedTime` and the like. */
export interface EditPlan {
  readonly movieTimescale: number;
  readonly mediaTimescale: number;
  readonly presents: EditedMedia['presents'];
  /** Ascending in presentation time and in samples, which are in one of them at most. */
  readonly segments: readonly EditSegment[];
  readonly remarks: readonly EditRemark[];
}

export interface EditedMedia {
  /** Pictures need others before them; frames of sound and texts stand alone and are kept where they overlap an edit. */
  readonly presents: 'pictures' | 'frames';
  /**
   * Null where samples come in fragments, all or some: the last edit then lasts as long as they do, and the plan is
   * read with `presentedFragmentTime`.
   */
  readonly table: SampleTable | null;
}

/** A stretch of the media and where it begins in presentation time. */
interface Interval {
  readonly start: number;
  readonly mediaTime: number;
  readonly mediaEnd: number;
}

/**
 * What an edit list makes of a track. Pictures cannot be hidden: an edit begins with the last sync picture at or before
 * its media time, what lies in between is shown before the edit's start, and pictures behind its end stay where those
 * in it may need them. An edit of no duration lasts to the end of the media if it is the last one.
 * @param edits none: the media as it is
 * @param movieTimescale of the durations; 0, which is broken: the edits are not followed
 * @param mediaTimescale of the media times; 0, which is broken: 1
 */
export function planEdits(
  edits: readonly Edit[],
  movieTimescale: number,
  mediaTimescale: number,
  media: EditedMedia,
): EditPlan {
  const remarks = new Set<EditRemark>();
  const plan = {
    movieTimescale: movieTimescale || 1,
    mediaTimescale: mediaTimescale || 1,
    presents: media.presents,
  };
  const known = movieTimescale > 0 ? edits : [];
  if (known.length === 0) return { ...plan, segments: [wholeMedia(media, 0)], remarks: [] };
  const intervals = joined(intervalsOf(known, plan, remarks), plan);
  const { table } = media;
  const order = table && compositionOrder(table);
  const found =
    table && order
      ? forward(intervals, { table, order, presents: media.presents }, remarks)
      : openEnded(intervals, media, remarks);
  if (found.length > 0) return { ...plan, segments: found, remarks: [...remarks] };
  return {
    ...plan,
    segments: [wholeMedia(media, leadingDelay(known))],
    remarks: [...remarks, 'presents-nothing'],
  };
}

const wholeMedia = ({ table }: EditedMedia, start: number): EditSegment => ({
  start,
  mediaTime: 0,
  mediaEnd: Number.POSITIVE_INFINITY,
  first: 0,
  end: table?.count ?? Number.POSITIVE_INFINITY,
  from: Number.NEGATIVE_INFINITY,
});

function leadingDelay(edits: readonly Edit[]): number {
  const first = edits.findIndex(({ mediaTime }) => mediaTime >= 0);
  return edits.slice(0, first < 0 ? edits.length : first).reduce((sum, { duration }) => sum + duration, 0);
}

type Timescales = Pick<EditPlan, 'movieTimescale' | 'mediaTimescale'>;

/** A list in which everything stands still comes from a writer that does not know of rates. */
function intervalsOf(edits: readonly Edit[], scales: Timescales, remarks: Set<EditRemark>): Interval[] {
  const intervals: Interval[] = [];
  const areAllStill = edits.every(({ mediaTime, rate }) => mediaTime < 0 || rate === 0);
  let start = 0;
  for (const [i, { duration, mediaTime, rate }] of edits.entries()) {
    if (rate === 0 && mediaTime >= 0 && !areAllStill) remarks.add('dwell');
    else if (mediaTime >= 0 && (duration > 0 || i === edits.length - 1)) {
      if (rate !== 1) remarks.add('rate');
      const mediaEnd = duration > 0 ? mediaTime + inMedia(duration, scales) : Number.POSITIVE_INFINITY;
      intervals.push({ start, mediaTime, mediaEnd });
    }
    start += duration;
  }
  return intervals;
}

const inMedia = (duration: number, { movieTimescale, mediaTimescale }: Timescales): number =>
  rescale(duration, movieTimescale, mediaTimescale);

/** Edits that go on where the one before ended, within the rounding of the movie timescale, are one. */
function joined(intervals: readonly Interval[], scales: Timescales): Interval[] {
  const out: Interval[] = [];
  const rounding = Math.ceil(scales.mediaTimescale / scales.movieTimescale);
  for (const next of intervals) {
    const last = out.at(-1);
    const expected = last && last.mediaTime + inMedia(next.start - last.start, scales);
    if (last && expected !== undefined && Math.abs(next.mediaTime - expected) <= rounding)
      out[out.length - 1] = { ...last, mediaEnd: Math.max(last.mediaEnd, next.mediaEnd) };
    else out.push(next);
  }
  return out;
}

/** Of fragments nothing is known yet: edits that go forward in the media, the last of them without an end. */
function openEnded(
  intervals: readonly Interval[],
  { presents }: EditedMedia,
  remarks: Set<EditRemark>,
): EditSegment[] {
  const ascending: Interval[] = [];
  for (const interval of intervals)
    if (interval.mediaTime >= (ascending.at(-1)?.mediaEnd ?? 0)) ascending.push(interval);
    else remarks.add('repeats');
  return ascending.map((interval, i) => ({
    ...interval,
    mediaEnd: i + 1 < ascending.length ? interval.mediaEnd : Number.POSITIVE_INFINITY,
    first: 0,
    end: Number.POSITIVE_INFINITY,
    from: presents === 'pictures' && i === 0 ? Number.NEGATIVE_INFINITY : interval.mediaTime,
  }));
}

interface KnownMedia {
  readonly table: SampleTable;
  readonly order: CompositionOrder;
  readonly presents: EditedMedia['presents'];
}

/** The samples of each interval, without those that an earlier one has. */
function forward(intervals: readonly Interval[], media: KnownMedia, remarks: Set<EditRemark>): EditSegment[] {
  const segments: EditSegment[] = [];
  for (const interval of intervals) {
    const range = media.presents === 'pictures' ? pictureRange(interval, media) : frameRange(interval, media);
    const before = segments.at(-1);
    const first = Math.max(range.first, before?.end ?? 0);
    if (before && range.first < range.end && interval.mediaTime < before.mediaEnd) remarks.add('repeats');
    if (first >= range.end) continue;
    if (media.presents === 'pictures' && compositionTime(media.table, first) < interval.mediaTime)
      remarks.add('pre-roll');
    segments.push({ ...interval, ...range, first });
  }
  return segments;
}

type SampleRange = Pick<EditSegment, 'first' | 'end' | 'from'>;

function pictureRange(interval: Interval, media: KnownMedia): SampleRange {
  const { table, order } = media;
  const frames = frameRange(interval, media);
  const sync = table.sync ? order.lastSyncAtOrBefore(interval.mediaTime) : -1;
  if (sync < 0 || frames.first >= frames.end) return frames;
  return { ...frames, first: sync, from: compositionTime(table, sync) };
}

/** From the sample that is composed at `mediaTime`, or one after it that is decoded before. */
function frameRange({ mediaTime, mediaEnd }: Interval, { table, order }: KnownMedia): SampleRange {
  const end = lastBefore(order, mediaEnd) + 1;
  const covering = order.lastAtOrBefore(mediaTime);
  if (!isReached(covering, mediaTime, table)) return { first: end, end, from: mediaTime };
  const first = Math.max(0, Math.min(covering, order.firstAfter(mediaTime)));
  return { first, end, from: covering < 0 ? mediaTime : compositionTime(table, covering) };
}

/** Times of samples are whole. */
const lastBefore = (order: CompositionOrder, mediaEnd: number): number => order.lastAtOrBefore(mediaEnd - 1);

/** False where the media is over when the edit begins. */
const isReached = (covering: number, mediaTime: number, table: SampleTable): boolean =>
  covering < table.count - 1 ||
  mediaTime < compositionTime(table, covering) + decodeDuration(table, covering);
