import type { Elementary, Place, Unit } from '../elementary.ts';
import { type AccessUnit, AccessUnitSplitter } from './access-units.ts';
import type { OrderedCodec, OrderedStream } from './ordered-pictures.ts';
import { type OrderedPicture, PictureTimes, type TimedPicture } from './picture-times.ts';

export interface OrderedReading {
  readonly codec: OrderedCodec;
  /** Null while it is being learned: then nothing is given. */
  readonly stream: OrderedStream | null;
  /** Told every access unit, which holds only while it is told. */
  readonly see?: (data: Uint8Array) => void;
}

interface Picture extends OrderedPicture {
  readonly data: Uint8Array;
  readonly place: Place;
  readonly isKey: boolean;
  readonly ordinal: number;
  /** Where reading must begin for the same time to come out. */
  readonly entry: number;
}

const NONE: Unit[] = [];

/** Access units as they are, with times for those that have no stamps. */
export class OrderedElementary implements Elementary {
  readonly #reading: OrderedReading;
  readonly #splitter: AccessUnitSplitter<Place, true>;
  readonly #times = new PictureTimes<Picture>();
  #ready: Unit[] = [];
  #isFresh = false;
  #entry: number | null = null;
  /** Of the access unit before: where it began, and which it was there. */
  #place: Place | null = null;
  #ordinal = 0;

  constructor(reading: OrderedReading) {
    this.#reading = reading;
    this.#splitter = new AccessUnitSplitter(reading.codec.rules(), (unit) => this.#take(unit));
  }

  get pending(): Place | null {
    const { held } = this.#times;
    return held ? held.place : this.#splitter.pending;
  }

  begin(place: Place): Unit[] {
    this.#isFresh = true;
    this.#splitter.mark(place);
    return this.#given();
  }

  append(bytes: Uint8Array, start: number, end: number): Unit[] {
    this.#splitter.append(bytes, start, end);
    if (!this.#isFresh) return NONE;
    this.#isFresh = false;
    this.#splitter.advance();
    return this.#given();
  }

  surplus(bytes: Uint8Array, start: number, end: number): Unit[] {
    return this.append(bytes, start, end);
  }

  end(): Unit[] {
    return NONE;
  }

  /** A damaged picture is still better than none. */
  lose(): Unit[] {
    return NONE;
  }

  flush(): Unit[] {
    this.#splitter.flush();
    this.#give(this.#times.flush());
    return this.#given();
  }

  takeSkipped(): number {
    return 0;
  }

  #take({ bytes, place, stamped, isFollower }: AccessUnit<Place>): true {
    this.#reading.see?.(bytes);
    this.#ordinal = place === this.#place ? this.#ordinal + 1 : 0;
    this.#place = place;
    const order = this.#reading.stream?.orderOf(bytes);
    if (!order) return true;
    const stamp = isFollower ? null : stamped.ticks;
    if (stamp !== null && !order.isB) this.#entry = place.position;
    const entry = stamp === null ? (this.#entry ?? place.position) : place.position;
    this.#give(
      this.#times.add({ ...order, stamp, data: bytes.slice(), place, ordinal: this.#ordinal, entry }),
    );
    return true;
  }

  #give(pictures: readonly TimedPicture<Picture>[]): void {
    for (const { picture, time } of pictures) {
      const { data, place, isKey, ordinal, entry } = picture;
      if (time !== null)
        this.#ready.push({ data, place, ticks: time, duration: null, isKey, ordinal, entry });
    }
  }

  #given(): Unit[] {
    const units = this.#ready;
    if (units.length > 0) this.#ready = [];
    return units;
  }
}
