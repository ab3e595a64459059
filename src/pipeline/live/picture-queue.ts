import type { Sample, TimedPacket } from '../../core/contracts.ts';
import { type Ticks, ticks } from '../../core/time.ts';
import type { Counters } from '../ledger.ts';
import { PictureClock } from '../picture-clock.ts';
import { beginningOf, pictureKind } from '../pictures.ts';
import type { PlannedVideo } from '../title.ts';
import { LONGEST, targetOf } from './targets.ts';

/** A segment whose end is known. */
export interface Boundary {
  /** Of its first picture. */
  readonly start: Ticks;
  /** Where the next one begins. */
  readonly end: Ticks;
  readonly pictures: readonly TimedPacket[];
}

/** The rest when nothing more comes; null where there is none. */
export interface Rest {
  readonly boundaries: readonly Boundary[];
  readonly rest: Boundary | null;
}

/** Pictures that may follow an open cut in decode order and precede it in output order. */
const MAX_LEADING = 16;

/** The first picture of the next segment, and those behind it that may be shown before it. */
interface NextSegment {
  readonly cut: Ticks;
  earliest: Ticks;
  readonly samples: Sample[];
}

/** Pictures in decode order, cut where decoding can begin. */
export class PictureQueue {
  readonly #video: PlannedVideo;
  readonly #counters: Counters;
  #clock: PictureClock;
  #packets: TimedPacket[] = [];
  #start: Ticks | null = null;
  #next: NextSegment | null = null;
  #segments = 0;

  constructor(video: PlannedVideo, counters: Counters) {
    this.#video = video;
    this.#counters = counters;
    this.#clock = new PictureClock(video, null, counters);
  }

  push(sample: Sample): Boundary[] {
    const { canBegin, leadsNone, isSync } = beginningOf(pictureKind(this.#video.track, sample.data));
    const time = this.#video.clock.ticksAt(sample.time);
    if (this.#start === null) {
      if (!canBegin) this.#counters.droppedPackets++;
      else this.#begin(time, [sample]);
      return [];
    }
    if (this.#next) return this.#addToNext(this.#next, sample, time);
    if (!this.#isCut(time, { canBegin, isSync })) {
      this.#add(sample);
      return [];
    }
    this.#next = { cut: time, earliest: time, samples: [sample] };
    return leadsNone ? this.#settle(this.#next) : [];
  }

  /** @param soundEnd where the longest audio ends */
  end(soundEnd: Ticks): Rest {
    const boundaries = this.#next ? this.#settle(this.#next) : [];
    if (this.#start === null) return { boundaries, rest: null };
    const pictures = [...this.#packets, ...this.#clock.finish(null)];
    const last = pictures.at(-1);
    const pictureEnd = last ? last.dts + last.duration : 0;
    const end = ticks(Math.max(pictureEnd, soundEnd));
    if (last && end > pictureEnd)
      pictures[pictures.length - 1] = { ...last, duration: last.duration + end - pictureEnd };
    return { boundaries, rest: { start: this.#start, end, pictures } };
  }

  #isCut(
    time: Ticks,
    { canBegin, isSync }: { readonly canBegin: boolean; readonly isSync: boolean },
  ): boolean {
    const passed = (time - (this.#start ?? 0)) / this.#video.clock.timescale;
    const target = targetOf(this.#segments);
    if (isSync) return passed >= target;
    // An open GOP is the second choice, the middle of one the last.
    return passed >= LONGEST || (canBegin && passed >= Math.max(target, LONGEST / 2) && passed > 0);
  }

  #addToNext(next: NextSegment, sample: Sample, time: Ticks): Boundary[] {
    if (time > next.cut || next.samples.length > MAX_LEADING)
      return [...this.#settle(next), ...this.push(sample)];
    next.samples.push(sample);
    next.earliest = ticks(Math.min(next.earliest, time));
    return [];
  }

  #settle({ cut, earliest, samples }: NextSegment): Boundary[] {
    const pictures = [...this.#packets, ...this.#clock.finish(earliest)];
    this.#next = null;
    this.#segments++;
    const start = this.#start ?? cut;
    this.#begin(cut, samples);
    return [{ start, end: cut, pictures }];
  }

  #begin(start: Ticks, samples: readonly Sample[]): void {
    this.#start = start;
    this.#packets = [];
    this.#clock = new PictureClock(this.#video, null, this.#counters);
    for (const sample of samples) this.#add(sample);
  }

  #add(sample: Sample): void {
    this.#packets.push(...this.#clock.add(sample));
  }
}
