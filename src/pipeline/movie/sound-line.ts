import type { Sample, TimedPacket } from '../../core/contracts.ts';
import { rescaleUp, type Ticks } from '../../core/time.ts';
import type { Frame } from '../audio-framer.ts';
import { isLate } from '../audio-segment.ts';
import type { Counters } from '../ledger.ts';
import { frameOf, openSegmentSound, type SegmentSound } from '../segment-sound.ts';
import { type PlannedAudio, segmentCount, type Title } from '../title.ts';
import { PacketQueue } from './packet-queue.ts';
import type { LinePlan } from './picture-line.ts';

/** The frames of a copied audio track, the same as those of its segments one after the other. */
export class SoundLine {
  readonly audio: PlannedAudio;
  readonly queue = new PacketQueue();
  readonly timescale: number;
  readonly #title: Title;
  readonly #counters: Counters;
  /** What begins before it is not of the movie: samples. */
  readonly #origin: number;
  #n: number;
  #sound: SegmentSound | null;
  /** The last frame met. */
  #before: Frame | null = null;
  #isMet = false;

  constructor(title: Title, audio: PlannedAudio, { place, counters }: LinePlan) {
    this.audio = audio;
    this.timescale = audio.clock.timescale;
    this.#title = title;
    this.#counters = counters;
    this.#origin = rescaleUp(place.origin, title.timeline.timescale, this.timescale);
    this.#n = place.n;
    this.#sound = openSegmentSound(title, { audio, n: place.n }, counters);
  }

  /** True for the first sample met when frames of the movie may lie before it in the file. */
  isLate(sample: Sample): boolean {
    const isFirst = !this.#isMet;
    this.#isMet = true;
    return isFirst && isLate(this.audio, this.#n, sample);
  }

  push(sample: Sample): void {
    this.pushFrame(frameOf(this.audio, sample));
  }

  pushFrame(frame: Frame): void {
    this.#sound?.push(frame);
    while (this.#sound?.isDone) {
      this.#take(this.#sound.take());
      this.#next();
      this.#sound?.push(frame);
    }
    this.#before = frame;
    if (this.#sound) this.#take(this.#sound.take());
  }

  /** Nothing comes any more of the segments that end before `time`, of the timeline. */
  passTo(time: number): void {
    const { cuts } = this.#title.timeline;
    while (this.#sound && (cuts[this.#n + 1]?.time ?? Number.POSITIVE_INFINITY) <= time) this.#close();
  }

  /** Nothing comes any more: segments are closed as far as `time`, in samples. */
  finishTo(time: number): void {
    while (this.#sound && this.queue.reached < time) this.#close();
  }

  #close(): void {
    this.#take(this.#sound?.finish() ?? []);
    this.#next();
  }

  #next(): void {
    this.#n++;
    const isOver = this.#n >= segmentCount(this.#title);
    this.#sound = isOver
      ? null
      : openSegmentSound(this.#title, { audio: this.audio, n: this.#n }, this.#counters);
    if (this.#before) this.#sound?.push(this.#before);
  }

  #take(packets: readonly TimedPacket[]): void {
    this.queue.add(packets.filter(({ dts }) => dts >= this.#origin));
  }
}

/** A time of the timeline in a track's ticks: what begins before it begins before that. */
export const inTrack = (title: Title, time: Ticks, timescale: number): number =>
  rescaleUp(time, title.timeline.timescale, timescale);
