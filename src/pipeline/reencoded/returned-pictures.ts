import type { StreamedSample } from '../../../parsers/mp4/fragment-stream.ts';
import type { TimedPacket } from '../../core/contracts.ts';
import { corrupt } from '../../core/errors.ts';
import { type Ticks, ticks } from '../../core/time.ts';
import { DecodeClock } from '../decode-times.ts';
import type { Places } from './stamp-book.ts';

/** Pictures that may come before one in decode order and be shown after it: more than encoders here are told to use. */
const REORDER = 5;

/** Pictures of one segment that became final. `isLast`: it has no more. */
export interface ReturnedPictures {
  readonly n: number;
  readonly packets: TimedPacket[];
  readonly isLast: boolean;
}

/** Pictures that nobody wants, before the first that somebody does: a few seconds of them. */
const MAX_LOST = 120;

interface Waiting {
  readonly pts: Ticks;
  readonly isSync: boolean;
  readonly data: Uint8Array;
}

/**
 * Brings encoded pictures into their segments and gives them the times of the plan: each begins and ends where the
 * copied one does, whatever the decoder left out.
 */
export class Returned {
  readonly #places: Places;
  #n: number | null = null;
  #clock = new DecodeClock(REORDER);
  #waiting: Waiting[] = [];
  #times: number[] = [];
  /** Pictures that nobody knows, or that came too late for their segment. */
  lost = 0;

  constructor(places: Places) {
    this.#places = places;
  }

  /** @throws MediaError `corrupt` for pictures that were never given */
  add({ time, isKey, data }: StreamedSample): ReturnedPictures[] {
    const booked = this.#places.take(time);
    if (!booked || (this.#n !== null && booked.n < this.#n)) {
      this.lost++;
      if (this.#n === null && this.lost > MAX_LOST)
        throw corrupt('None of its pictures is one that it was given');
      return [];
    }
    const ended = this.#n !== null && booked.n > this.#n ? this.#end(booked.pts) : [];
    const isFirst = this.#n === null;
    this.#n = booked.n;
    // Pictures before it may be missing: it is shown from the beginning on.
    const pts = isFirst ? ticks(this.#places.startOf(booked.n, booked.pts)) : booked.pts;
    this.#waiting.push({ pts, isSync: isKey, data });
    const decoded = this.#clock.push(pts);
    if (decoded !== null) this.#times.push(decoded);
    const packets = this.#ready();
    return packets.length > 0 ? [...ended, { n: booked.n, packets, isLast: false }] : ended;
  }

  /** No more pictures come. */
  finish(): ReturnedPictures[] {
    return this.#end(null);
  }

  #end(next: Ticks | null): ReturnedPictures[] {
    const n = this.#n;
    if (n === null) return [];
    this.#times.push(...this.#clock.flush());
    const last = this.#times.at(-1) ?? 0;
    this.#times.push(Math.max(last + 1, this.#places.endOf(n, next)));
    const packets = this.#ready();
    this.#places.forget(n);
    this.#n = null;
    this.#clock = new DecodeClock(REORDER);
    this.#waiting = [];
    this.#times = [];
    return [{ n, packets, isLast: true }];
  }

  #ready(): TimedPacket[] {
    const ready: TimedPacket[] = [];
    while (this.#times.length > 1) {
      const [dts = 0, following = 0] = this.#times;
      const front = this.#waiting.shift();
      this.#times.shift();
      if (!front) break;
      ready.push({
        packet: { trackId: 1, configId: 0, ...front },
        dts,
        duration: following - dts,
      });
    }
    return ready;
  }
}
