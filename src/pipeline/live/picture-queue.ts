import type { Sample, TimedPacket } from '../../core/contracts.ts';
import { unsupported } from '../../core/errors.ts';
import { type Ticks, ticks } from '../../core/time.ts';
import type { Counters } from '../ledger.ts';
import { PictureClock } from '../picture-clock.ts';
import { beginningOf, pictureKind } from '../pictures.ts';
import type { PlannedVideo } from '../title.ts';
import { type Cutting, NO_BEGINNING, SEGMENT_BYTES } from './targets.ts';

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

interface Beginning {
  readonly canBegin: boolean;
  readonly isSync: boolean;
}

/** Pictures in decode order, cut where decoding can begin. */
export class PictureQueue {
  readonly #video: PlannedVideo;
  readonly #cutting: Cutting;
  readonly #counters: Counters;
  #clock: PictureClock;
  #packets: TimedPacket[] = [];
  #start: Ticks | null = null;
  /** Where the segment before ended: no picture is shown before that. */
  #floor: Ticks = ticks(0);
  /** The latest picture of the segment. */
  #latest: Ticks = ticks(-1);
  #next: NextSegment | null = null;
  #segments = 0;
  /** Of the first picture of all, while none was met that decoding can begin with. */
  #waitingSince: Ticks | null = null;
  /** Of the pictures that wait for the end of their segment. */
  bytes = 0;

  constructor(video: PlannedVideo, cutting: Cutting, counters: Counters) {
    this.#video = video;
    this.#cutting = cutting;
    this.#counters = counters;
    this.#clock = new PictureClock(video, null, counters);
  }

  /** @throws MediaError `unsupported` when decoding cannot begin at any of the first pictures */
  push(sample: Sample): Boundary[] {
    const { canBegin, leadsNone, isSync } = beginningOf(pictureKind(this.#video.track, sample));
    const time = this.#video.clock.ticksAt(sample.time);
    if (this.#start === null) {
      if (canBegin && time >= 0) this.#begin(time, [sample]);
      else this.#leaveOut(time);
      return [];
    }
    if (this.#next) return this.#addToNext(this.#next, sample, time);
    if (!this.#isCut(time, { canBegin, isSync })) {
      this.#add(sample);
      return [];
    }
    this.#next = { cut: time, earliest: time, samples: [sample] };
    this.bytes += sample.data.length;
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

  #leaveOut(time: Ticks): void {
    this.#counters.droppedPackets++;
    this.#waitingSince ??= time;
    if (time - this.#waitingSince > NO_BEGINNING * this.#video.clock.timescale)
      throw unsupported(`No picture of the first ${NO_BEGINNING} s is one that decoding can begin with`);
  }

  /** A cut is shown after all that came before it: else the times of two segments would overlap. */
  #isCut(time: Ticks, { canBegin, isSync }: Beginning): boolean {
    if (time <= this.#latest) return false;
    const passed = (time - (this.#start ?? 0)) / this.#video.clock.timescale;
    const isRich = this.bytes >= SEGMENT_BYTES.rich && passed >= 1;
    const target = isRich ? 1 : this.#cutting.target(this.#segments);
    if (isSync && passed >= target) return true;
    // An open GOP is the second choice, the middle of one the last.
    const { longest } = this.#cutting;
    if (canBegin && passed >= Math.max(target, longest / 2)) return true;
    return passed >= longest || this.bytes >= SEGMENT_BYTES.most;
  }

  #addToNext(next: NextSegment, sample: Sample, time: Ticks): Boundary[] {
    if (time > next.cut || next.samples.length > MAX_LEADING)
      return [...this.#settle(next), ...this.push(sample)];
    if (time <= this.#latest) this.#counters.misplacedPackets++;
    else {
      next.samples.push(sample);
      next.earliest = ticks(Math.min(next.earliest, time));
      this.bytes += sample.data.length;
    }
    return [];
  }

  #settle({ cut, earliest, samples }: NextSegment): Boundary[] {
    const pictures = [...this.#packets, ...this.#clock.finish(earliest)];
    this.#next = null;
    this.#segments++;
    const start = this.#start ?? cut;
    this.#floor = earliest;
    this.#begin(cut, samples);
    return [{ start, end: cut, pictures }];
  }

  #begin(start: Ticks, samples: readonly Sample[]): void {
    this.#start = start;
    this.#packets = [];
    this.#latest = ticks(-1);
    this.bytes = 0;
    this.#clock = new PictureClock(this.#video, null, this.#counters);
    for (const sample of samples) this.#add(sample);
  }

  #add(sample: Sample): void {
    const time = this.#video.clock.ticksAt(sample.time);
    if (time < this.#floor) {
      this.#counters.misplacedPackets++;
      return;
    }
    this.#latest = ticks(Math.max(this.#latest, time));
    this.bytes += sample.data.length;
    this.#packets.push(...this.#clock.add(sample));
  }
}
