import { videoCodec } from '../codecs/codecs.ts';
import type { Sample, TimedPacket } from '../core/contracts.ts';
import { type Ticks, ticks } from '../core/time.ts';
import { DecodeClock } from './decode-times.ts';
import type { Counters } from './ledger.ts';
import { beginningOf, pictureKind } from './pictures.ts';
import type { PlannedVideo } from './title.ts';

/** Turns samples into packets whose decode times and durations are final. */
export class PictureClock {
  readonly #counters: Counters;
  readonly #titleEndTime: Ticks | null;
  readonly #video: PlannedVideo;
  readonly #clock: DecodeClock;
  readonly #waiting: { readonly sample: Sample; readonly pts: Ticks; readonly isSync: boolean }[] = [];
  /** Decode times given out, for the packets at the front of the queue. */
  readonly #times: number[] = [];
  #isFirst = true;

  /** @param titleEnd in the video's ticks; null while it is not known */
  constructor(video: PlannedVideo, titleEnd: Ticks | null, counters: Counters) {
    this.#counters = counters;
    this.#titleEndTime = titleEnd;
    this.#video = video;
    this.#clock = new DecodeClock(video.reorderDepth);
  }

  add(sample: Sample): TimedPacket[] {
    const kind = pictureKind(this.#video.track, sample);
    // What is only decoded may have frames that are never shown: others are made of them.
    if (kind === 'none' && !this.#video.track.decodeOnly) {
      this.#counters.droppedPackets++;
      return [];
    }
    const { isSync: isSafe, canBegin } = beginningOf(kind);
    const isSync = isSafe || (this.#isFirst && canBegin);
    const isHidden = canBegin && !isSync && this.#video.recovery === 'hidden';
    this.#isFirst = false;
    const pts = this.#unique(this.#video.clock.ticksAt(sample.time));
    this.#waiting.push({ sample: isHidden ? this.#hidden(sample) : sample, pts, isSync });
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
    const end = this.#titleEndTime ?? 0;
    return end - last >= this.#video.pictureDuration / 2 ? end : last + this.#video.pictureDuration;
  }

  #hidden(sample: Sample): Sample {
    const [config] = this.#video.track.configs;
    return config ? { ...sample, data: videoCodec(config).withoutRecoveryPoint(sample.data) } : sample;
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
