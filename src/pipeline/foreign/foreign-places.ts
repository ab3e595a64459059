import { NANOSECONDS_PER_SECOND, nanoseconds, type Ticks } from '../../core/time.ts';
import type { Booked, Places } from '../reencoded/stamp-book.ts';
import type { Title } from '../title.ts';

/** A picture that much of its duration before a cut is meant to be at it. */
const EARLY = 0.25;
const MICROSECONDS = 1_000_000;

/** Where segments from n on begin, in seconds of the title: a little before their first picture. */
export function foreignCuts({ timeline, video }: Title, n: number): number[] {
  const early = EARLY * (video?.pictureDuration ?? 0);
  return timeline.cuts.slice(n).map(({ time }) => Math.max(0, time - early) / timeline.timescale);
}

/** Pictures that another program stamped: their segments are those in whose time they are shown. */
export class ForeignPlaces implements Places {
  readonly #title: Title;
  readonly #first: number;
  /** Seconds from when a picture is shown to its stamp. */
  readonly #offset: number;
  /** Of the segments from the first on. */
  readonly #starts: readonly number[];
  #latest: Ticks | null = null;
  /** The segment that the last picture was in. */
  #at = 0;

  constructor(title: Title, first: number) {
    this.#title = title;
    this.#first = first;
    this.#offset = (title.foreign?.start ?? 0) + (title.foreign?.pictureDelay ?? 0);
    this.#starts = foreignCuts(title, first);
  }

  take(stamp: number): Booked | null {
    const { video } = this.#title;
    const seconds = stamp / MICROSECONDS - this.#offset;
    // What is stamped before the title begins is its first picture, rounded.
    if (!video || (this.#first > 0 && seconds < (this.#starts[0] ?? 0))) return null;
    while (this.#at > 0 && seconds < (this.#starts[this.#at] ?? 0)) this.#at--;
    while (seconds >= (this.#starts[this.#at + 1] ?? Number.POSITIVE_INFINITY)) this.#at++;
    const pts = video.clock.ticksAt(nanoseconds(Math.max(0, Math.round(seconds * NANOSECONDS_PER_SECOND))));
    this.#latest = pts;
    return { n: this.#first + this.#at, pts };
  }

  startOf(_n: number, first: Ticks): number {
    return first;
  }

  endOf(n: number, next: Ticks | null): number {
    const { timeline } = this.#title;
    return next ?? timeline.cuts[n + 1]?.time ?? Math.max(timeline.end, (this.#latest ?? 0) + 1);
  }

  forget(): void {}
}
