import type { Sample } from '../../core/contracts.ts';
import { corrupt } from '../../core/errors.ts';
import type { Counters } from '../ledger.ts';
import { PictureClock } from '../picture-clock.ts';
import { isAt } from '../probe-point.ts';
import type { PlannedVideo, Title } from '../title.ts';
import { PacketQueue } from './packet-queue.ts';
import type { Place } from './place.ts';

/** The pictures of a movie, from its cut on, with their decode times. */
export class PictureLine {
  readonly queue = new PacketQueue();
  readonly timescale: number;
  readonly #title: Title;
  readonly #video: PlannedVideo;
  readonly #place: Place;
  readonly #clock: PictureClock;
  #hasBegun = false;
  /** Pictures still to come among which what is shown before the cut is left out: it cannot be decoded from there. */
  #leading: number;

  constructor(title: Title, video: PlannedVideo, { place, counters }: LinePlan) {
    this.timescale = video.clock.timescale;
    this.#title = title;
    this.#video = video;
    this.#place = place;
    this.#clock = new PictureClock(video, title.timeline.end, counters);
    // As many as decode times are made of: none of them is before the cut then.
    this.#leading = place.n > 0 ? Math.max(1, video.reorderDepth) : 0;
  }

  push(sample: Sample): void {
    const { track, clock } = this.#video;
    const { cut } = this.#place;
    this.#hasBegun ||= isAt(sample, cut.point, track.id, this.#title.demuxer.precision);
    if (!this.#hasBegun) return;
    if (this.#leading > 0) {
      const time = clock.ticksAt(sample.time);
      if (time < cut.time) return;
      if (time > cut.time) this.#leading--;
    }
    this.queue.add(this.#clock.add(sample));
  }

  /** No more comes. @throws MediaError `corrupt` when the picture it begins with was not there */
  finish(): void {
    if (!this.#hasBegun)
      throw corrupt('The picture that the index names is not there', this.#place.cut.point.position);
    this.queue.add(this.#clock.finish(null));
  }
}

export interface LinePlan {
  readonly place: Place;
  readonly counters: Counters;
}
