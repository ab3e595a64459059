import type { Sample } from '../../core/contracts.ts';
import { LIMITS } from '../../core/limits.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds } from '../../core/time.ts';

/** Seconds that a recording may pause; what jumps farther no playlist could tell. */
const FARTHEST = 30;
/** Packets that may wait to be believed: a cluster of the largest kind. */
const WAITING = { samples: 20_000, bytes: LIMITS.interleaveBytes } as const;

/**
 * One line of time from stamps of which some cannot be meant, with nothing known of what follows. A cluster that
 * jumps is left out when the next one does not; when that agrees with it, all goes on where the line was, and is back
 * on its own stamps as soon as these fit.
 */
export class StampLine {
  #reached: number | null = null;
  #shift = 0;
  #waiting: Sample[] = [];
  #waitingBytes = 0;
  /** Bytes of packets that were left out. */
  leftOut = 0;

  /** The packets whose times are certain now. */
  place(sample: Sample): Sample[] {
    const shift = [this.#shift, 0].find((each) => this.#fits(sample.time + each, this.#reached));
    if (shift !== undefined) {
      this.leaveOut();
      this.#shift = shift;
      return [this.#placed(sample)];
    }
    const before = this.#waiting.at(-1);
    if (before && !this.#fits(sample.time, before.time)) this.leaveOut();
    this.#waiting.push(sample);
    this.#waitingBytes += sample.data.length;
    return this.#isBelieved(sample) ? this.#believed() : [];
  }

  /** Nothing follows that could confirm those that wait. */
  leaveOut(): void {
    this.leftOut += this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #fits(time: number, reached: number | null): boolean {
    const ahead = (time - (reached ?? time)) / NANOSECONDS_PER_SECOND;
    return ahead <= FARTHEST && ahead >= -LIMITS.interleaveSeconds;
  }

  /** Each cluster has a stamp of its own: two that agree are right. */
  #isBelieved({ entry }: Sample): boolean {
    const { length } = this.#waiting;
    const isMuch = length >= WAITING.samples || this.#waitingBytes >= WAITING.bytes;
    return isMuch || this.#waiting[0]?.entry !== entry;
  }

  #believed(): Sample[] {
    const samples = this.#waiting;
    this.#shift = (this.#reached ?? 0) - (samples[0]?.time ?? 0);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return samples.map((sample) => this.#placed(sample));
  }

  #placed(sample: Sample): Sample {
    const time = sample.time + this.#shift;
    this.#reached = Math.max(this.#reached ?? time, time);
    return this.#shift === 0 ? sample : { ...sample, time: nanoseconds(time) };
  }
}
