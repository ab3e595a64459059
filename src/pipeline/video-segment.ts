import type { Sample, SampleHead, TimedPacket } from '../core/contracts.ts';
import { corrupt } from '../core/errors.ts';
import { type Ticks, ticks } from '../core/time.ts';
import type { Cut, Timeline } from '../core/timeline.ts';
import { DecodeClock } from './decode-times.ts';
import type { Counters } from './ledger.ts';
import { pictureKind } from './pictures.ts';
import type { SpanRecorder } from './span-cache.ts';
import { isAt } from './survey.ts';
import type { PlannedVideo, Title } from './title.ts';

/** Bytes read behind the next cut's position: its cluster head, block head and first NAL unit headers. */
const LOOK_AHEAD = 4096;
/** Pictures that may follow an open cut in decode order and precede it in output order. */
const MAX_LEADING = 16;

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
  const { video, demuxer, timeline } = title;
  const cut = timeline.cuts[n];
  if (!video || !cut) throw corrupt(`No video segment ${n}`);
  const next = timeline.cuts[n + 1] ?? null;
  const end = farthest(title, n);
  const soft = next ? Math.min(end, next.point.position + LOOK_AHEAD) : end;
  const query = { start: cut.point.position, soft, end, tracks: recorder.tracksWith(video.track.id) };
  const pictures = new PictureClock(title, video, counters);
  const ending: Ending = { firstTime: null, cutTime: null, earliest: Number.POSITIVE_INFINITY, leading: 0 };
  const atEnd = () => ending.firstTime !== null;
  let hasBegun = false;

  for await (const batch of demuxer.samples(query, signal)) {
    const ready: TimedPacket[] = [];
    for (const sample of batch.samples) {
      if (sample.trackId !== video.track.id) recorder.add(sample);
      else if (!hasBegun && !isAt(headOf(sample), cut.point, video.track.id, demuxer.precision))
        counters.droppedPackets += n === 0 ? 1 : 0;
      else if (next && hasBegun && meetsNext(title, ending, { head: headOf(sample), next, isWhole: true })) {
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
  const kind = pictureKind(video.track, head.prefix);
  if (kind === 'unknown' && !isWhole) return true;
  const time = video.clock.ticksAt(head.time);
  if (kind === 'idr') ending.firstTime = time;
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

/** Turns samples into packets whose decode times and durations are final. */
class PictureClock {
  readonly #counters: Counters;
  readonly #titleEndTime: Ticks;
  readonly #video: PlannedVideo;
  readonly #clock: DecodeClock;
  readonly #waiting: { readonly sample: Sample; readonly pts: Ticks; readonly isSync: boolean }[] = [];
  /** Decode times given out, for the packets at the front of the queue. */
  readonly #times: number[] = [];
  #isFirst = true;

  constructor(title: Title, video: PlannedVideo, counters: Counters) {
    this.#counters = counters;
    this.#titleEndTime = title.timeline.end;
    this.#video = video;
    this.#clock = new DecodeClock(video.reorderDepth);
  }

  add(sample: Sample): TimedPacket[] {
    const kind = pictureKind(this.#video.track, sample.data);
    if (kind === 'none') {
      this.#counters.droppedPackets++;
      return [];
    }
    const isSync = kind === 'idr' || (this.#isFirst && (kind === 'recovery' || kind === 'intra'));
    this.#isFirst = false;
    const pts = this.#unique(this.#video.clock.ticksAt(sample.time));
    this.#waiting.push({ sample, pts, isSync });
    const time = this.#clock.push(pts);
    if (time !== null) this.#times.push(time);
    return this.#take();
  }

  /** The rest. @param end first time of the next segment; null at the end of the title */
  finish(end: Ticks | null): TimedPacket[] {
    this.#times.push(...this.#clock.flush());
    const last = this.#times.at(-1);
    if (last === undefined) return [];
    this.#times.push(end === null ? this.#titleEnd(last) : Math.max(last + 1, end));
    return this.#take();
  }

  /** The last picture lasts to the end of the title, at least as long as pictures do. */
  #titleEnd(last: number): number {
    const end = this.#titleEndTime;
    return end - last >= this.#video.pictureDuration / 2 ? end : last + this.#video.pictureDuration;
  }

  /** Equal stamps are spread by one tick each. */
  #unique(pts: Ticks): Ticks {
    let free = pts;
    while (this.#clock.has(free)) free = ticks(free + 1);
    if (free !== pts) this.#counters.spreadStamps++;
    return free;
  }

  #take(): TimedPacket[] {
    const ready: TimedPacket[] = [];
    while (this.#times.length > 1) {
      const [dts = 0, following = 0] = this.#times;
      const front = this.#waiting.shift();
      this.#times.shift();
      if (!front) break;
      const { sample, pts, isSync } = front;
      ready.push({
        packet: { trackId: sample.trackId, configId: 0, pts, isSync, data: sample.data },
        dts,
        duration: following - dts,
      });
    }
    return ready;
  }
}
