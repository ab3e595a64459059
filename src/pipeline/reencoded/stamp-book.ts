import { corrupt } from '../../core/errors.ts';
import type { Ticks } from '../../core/time.ts';

/** Where a picture belongs that came back from an encoder. */
export interface Booked {
  readonly n: number;
  readonly pts: Ticks;
}

/** Where the pictures belong that an encoder gives. */
export interface Places {
  /** The picture with this stamp; null for one that is not wanted. */
  take(stamp: number): Booked | null;
  /** When segment n begins. @param first picture that came back of it */
  startOf(n: number, first: Ticks): number;
  /** When it ends. @param next picture behind it; null where none came back */
  endOf(n: number, next: Ticks | null): number;
  /** Forgets segment n, and what did not come back of it. */
  forget(n: number): void;
}

/** Ticks from the first picture of a segment to the first of the next. */
export interface SegmentSpan {
  readonly start: number;
  readonly end: number;
}

const SECOND = 1_000_000;
/** Pictures may be shown a little before the title begins. */
const MARGIN = 60 * SECOND;
/** What is only decoded is stamped so much earlier than it is shown: no stamp of it can be taken for a later one. */
const GAP = 3600 * SECOND;

/**
 * The stamps, in microseconds, of pictures on their way through an encoder: from them one knows which came back, and
 * the encoder where segments begin, since they are even in one segment and odd in the next.
 */
export class StampBook implements Places {
  readonly #timescale: number;
  readonly #first: number;
  readonly #pictures = new Map<number, Booked>();
  readonly #spans = new Map<number, SegmentSpan>();
  readonly #whole = new Set<number>();

  /** @param first segment that is encoded; those before it are only decoded */
  constructor(timescale: number, first: number) {
    this.#timescale = timescale;
    this.#first = first;
  }

  /** Before it lie the stamps of what is only decoded. @param cut time of the first segment that is not */
  from(cut: Ticks): number {
    return this.#shown(cut) + GAP / 2;
  }

  /** The stamp for a picture of segment n: never that of another one. */
  stamp(n: number, pts: Ticks): number {
    const shown = this.#shown(pts);
    if (n < this.#first) return shown;
    let stamp = 2 * Math.floor(shown / 2) + GAP + (n % 2);
    while (this.#pictures.has(stamp)) stamp += 2;
    this.#pictures.set(stamp, { n, pts });
    return stamp;
  }

  /** Segment n reaches at least over these times. */
  extend(n: number, { start, end }: SegmentSpan): void {
    const known = this.#spans.get(n);
    this.#spans.set(n, { start: known?.start ?? start, end });
  }

  /** All pictures of segment n have their stamps. */
  complete(n: number): void {
    this.#whole.add(n);
  }

  /** The picture with this stamp; null where none was given with it, or it came back already. */
  take(stamp: number): Booked | null {
    const booked = this.#pictures.get(stamp) ?? null;
    this.#pictures.delete(stamp);
    return booked;
  }

  startOf(n: number): number {
    return this.#spanOf(n).start;
  }

  /** Where segment n ends. @throws MediaError `corrupt` while not all of it was stamped */
  endOf(n: number): number {
    if (!this.#whole.has(n)) throw corrupt(`The encoder left segment ${n} before it was given all of it`);
    return this.#spanOf(n).end;
  }

  /** Forgets segment n, and what did not come back of it. */
  forget(n: number): void {
    for (const [stamp, booked] of this.#pictures) if (booked.n <= n) this.#pictures.delete(stamp);
    this.#spans.delete(n);
    this.#whole.delete(n);
  }

  #spanOf(n: number): SegmentSpan {
    const span = this.#spans.get(n);
    if (!span) throw corrupt(`The encoder gave a picture of segment ${n}, of which it was given none`);
    return span;
  }

  #shown(pts: Ticks): number {
    return Math.round((pts / this.#timescale) * SECOND) + MARGIN;
  }
}
