/** A picture in the order of decoding. */
export interface OrderedPicture {
  /** Shown before the picture that was decoded last, and needed by none. */
  readonly isB: boolean;
  /** When it is shown, in ticks, as its own packet says; null where it does not. */
  readonly stamp: number | null;
  /** Ticks until the next one is shown. */
  readonly duration: number;
  /** A time of its own bitstream, in ticks that begin anew after `cycle`; null where it has none. */
  readonly phase: number | null;
  readonly cycle: number;
}

/** A picture whose time is known; null where nothing tells. */
export interface TimedPicture<P> {
  readonly picture: P;
  readonly time: number | null;
}

interface Reference<P> {
  readonly picture: P;
  time: number | null;
}

/** B-pictures between two others: what does not come to an end is damage. */
const MOST = 64;

/**
 * Times of presentation for pictures of which only some are stamped: ISO/IEC 13818-1, 2.4.3.7. A B-picture is shown as
 * soon as it is decoded, any other one when the next that is none comes; what waits for that is held with those behind
 * it. Times are the same from every stamped picture on that is no B-picture.
 */
export class PictureTimes<P extends OrderedPicture> {
  /** In the order of decoding: what waits for the time of the first one. */
  #waiting: { readonly picture: P; time: number | null }[] = [];
  /** Decoded last of those that are no B-pictures, and not shown yet. */
  #reference: Reference<P> | null = null;
  /** When the next picture is shown. */
  #next: number | null = null;

  /** The first picture that waits. */
  get held(): P | null {
    return this.#waiting[0]?.picture ?? null;
  }

  /** Gives those whose times are known now, in the order of decoding. */
  add(picture: P): TimedPicture<P>[] {
    if (this.#waiting.length > MOST) this.#show(picture.duration);
    if (picture.isB) return this.#addB(picture);
    this.#show(picture.duration);
    const shown = this.#take();
    const reference = { picture, time: picture.stamp };
    this.#reference = reference;
    this.#waiting.push(reference);
    return picture.stamp === null ? shown : [...shown, ...this.#take()];
  }

  /** Nothing more comes. */
  flush(): TimedPicture<P>[] {
    this.#show(0);
    return this.#take();
  }

  /** The reference before is shown now. @param usual what one lasts that was not met */
  #show(usual: number): void {
    const reference = this.#reference;
    this.#reference = null;
    if (!reference) {
      if (this.#next !== null) this.#next += usual;
      return;
    }
    reference.time ??= this.#next;
    if (reference.time !== null) this.#next = reference.time + reference.picture.duration;
  }

  #addB(picture: P): TimedPicture<P>[] {
    const time = picture.stamp ?? this.#before(picture) ?? this.#next;
    if (time !== null) this.#next = time + picture.duration;
    this.#waiting.push({ picture, time });
    return this.#reference === null || this.#reference.time !== null ? this.#take() : [];
  }

  /** By how much earlier than the reference it is shown; null where that one is not stamped, or they do not tell. */
  #before({ phase, cycle }: P): number | null {
    const reference = this.#reference;
    if (!reference || reference.picture.stamp === null || phase === null || reference.picture.phase === null)
      return null;
    const distance = (((reference.picture.phase - phase) % cycle) + cycle) % cycle;
    return distance === 0 || distance > cycle / 2 ? null : reference.picture.stamp - distance;
  }

  #take(): TimedPicture<P>[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }
}
