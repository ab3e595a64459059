import type { Sample, SampleHead, TimedPacket } from '../core/contracts.ts';
import { corrupt } from '../core/errors.ts';
import { type Ticks, ticks } from '../core/time.ts';
import type { Cut, CutPoint, Timeline } from '../core/timeline.ts';
import { MAX_LEADING } from './leading-pictures.ts';
import type { Counters } from './ledger.ts';
import { PictureClock } from './picture-clock.ts';
import { beginningOf, pictureKind } from './pictures.ts';
import { isAt } from './probe-point.ts';
import type { SpanRecorder } from './span-cache.ts';
import type { Title } from './title.ts';

/** Bytes read behind the next cut's position: its cluster head, block head and first NAL unit headers. */
const LOOK_AHEAD = 4096;

interface VideoContext {
  /** Takes the other tracks' samples. */
  readonly recorder: SpanRecorder;
  readonly signal: AbortSignal;
  /** What this making of the segment meets. */
  readonly counters: Counters;
}

/** What segment n needs to know of the cut that ends it. */
interface Ending {
  /** First presentation time of the next segment, once it is certain. */
  firstTime: Ticks | null;
  /** Of the cut picture, while leading pictures may still follow. */
  cutTime: Ticks | null;
  earliest: number;
  leading: number;
}

/**
 * The pictures of segment n in decode order with their decode times, in batches as their times become final.
 * Side effect: other tracks' samples of the span go to `recorder`.
 * @throws MediaError `corrupt` when the cut's picture is not where the plan saw it
 */
export async function* videoPackets(
  title: Title,
  n: number,
  { recorder, signal, counters }: VideoContext,
): AsyncGenerator<TimedPacket[]> {
  const { video, demuxer } = title;
  const { cut, next, end } = await placeOf(title, n, signal);
  if (!video || !cut) throw corrupt(`No video segment ${n}`);
  const soft = Math.min(end, softEnd(cut.point, next?.point) ?? end);
  const query = { start: cut.point.position, soft, end, tracks: recorder.tracksWith(video.track.id) };
  const pictures = new PictureClock(video, title.timeline.end, counters);
  const ending: Ending = { firstTime: null, cutTime: null, earliest: Number.POSITIVE_INFINITY, leading: 0 };
  const atEnd = () => ending.firstTime !== null;
  const isAtCut = (sample: Sample, point: CutPoint) => isAt(sample, point, video.track.id, demuxer.precision);
  let hasBegun = false;

  for await (const batch of demuxer.samples(query, signal)) {
    const ready: TimedPacket[] = [];
    for (const sample of batch.samples) {
      if (sample.trackId !== video.track.id) recorder.add(sample);
      else if (!hasBegun && !isAtCut(sample, cut.point)) counters.droppedPackets += n === 0 ? 1 : 0;
      else if (next && hasBegun && (ending.cutTime !== null || isAtCut(sample, next.point))) {
        meetsNext(title, ending, { head: headOf(sample), next, isWhole: true });
        if (atEnd()) break;
      } else {
        hasBegun = true;
        ready.push(...pictures.add(sample));
      }
    }
    if (ready.length > 0) yield ready;
    if (next && hasBegun && !atEnd() && batch.next?.trackId === video.track.id)
      meetsNext(title, ending, { head: batch.next, next, isWhole: false });
    if (atEnd()) break;
  }
  if (!hasBegun) throw corrupt('The picture that the index names is not there', cut.point.position);
  if (atEnd() || !next) recorder.finish();
  yield pictures.finish(endTime(title.timeline, n, { ending, counters }));
}

interface Place {
  readonly cut: Cut | undefined;
  readonly next: Cut | null;
  /** Where reading ends though the next cut was not met. */
  readonly end: number;
}

/** Where the segment begins and ends: by the plan, or found now where there is no index. */
async function placeOf(title: Title, n: number, signal: AbortSignal): Promise<Place> {
  const { timeline, locator, video, demuxer } = title;
  const cut = timeline.cuts[n];
  const next = timeline.cuts[n + 1] ?? null;
  if (!locator || !cut || !video) return { cut, next, end: farthest(title, n) };
  const at = async (k: number): Promise<Cut> => {
    const point = await locator.cut(k, signal);
    return { time: video.clock.ticksAt(point.time), point };
  };
  const [first, second] = await Promise.all([at(n), next && at(n + 1)]);
  return { cut: first, next: second, end: demuxer.payload.end };
}

/** Bytes up to the picture of the next cut; null where nobody knows how far behind this cut's it is. */
function softEnd(cut: CutPoint, next: CutPoint | undefined): number | null {
  if (!next) return null;
  if (next.blockPosition !== null) return next.blockPosition + LOOK_AHEAD;
  return next.position > cut.position ? next.position + LOOK_AHEAD : null;
}

/** Where reading ends though the next cut was not met: at the one behind it. */
function farthest({ timeline, demuxer }: Title, n: number): number {
  const next = timeline.cuts[n + 1]?.point.position;
  if (next === undefined) return demuxer.payload.end;
  const behind = timeline.cuts.slice(n + 2).find((cut) => cut.point.position > next);
  return behind?.point.position ?? demuxer.payload.end;
}

const headOf = (sample: Sample): SampleHead => ({ ...sample, prefix: sample.data });

interface Reached {
  readonly ending: Ending;
  readonly counters: Counters;
}

/** Where the segment ends: the next one's first picture; the plan's word where that picture was not found. */
function endTime(timeline: Timeline, n: number, { ending, counters }: Reached): Ticks | null {
  if (ending.firstTime !== null) return ending.firstTime;
  if (ending.cutTime !== null) return ticks(Math.min(ending.earliest, ending.cutTime));
  const isLast = n + 1 >= timeline.cuts.length;
  if (!isLast) counters.movedCuts++;
  return isLast ? null : (timeline.cuts[n + 1]?.time ?? null);
}

interface Meeting {
  readonly head: SampleHead;
  readonly next: Cut;
  readonly isWhole: boolean;
}

/** True when the picture belongs to the next segment; notes what it says of that segment's first time. */
function meetsNext(title: Title, ending: Ending, { head, next, isWhole }: Meeting): boolean {
  const { video, demuxer } = title;
  if (!video) return false;
  if (ending.cutTime !== null) {
    noteLeading(ending, video.clock.ticksAt(head.time), isWhole);
    return true;
  }
  if (!isAt(head, next.point, video.track.id, demuxer.precision)) return false;
  const kind = pictureKind(video.track, head);
  if (kind === 'unknown' && !isWhole) return true;
  const time = video.clock.ticksAt(head.time);
  if (beginningOf(kind).leadsNone) ending.firstTime = time;
  else if (isWhole) {
    ending.cutTime = time;
    ending.earliest = time;
  }
  return true;
}

/** Leading pictures follow their cut at once: the first one shown after it ends the search. */
function noteLeading(ending: Ending, time: Ticks, isWhole: boolean): void {
  const { cutTime } = ending;
  if (cutTime === null) return;
  if (time > cutTime || ending.leading >= MAX_LEADING) {
    ending.firstTime = ticks(Math.min(ending.earliest, cutTime));
    return;
  }
  if (!isWhole) return;
  ending.earliest = Math.min(ending.earliest, time);
  ending.leading++;
}
