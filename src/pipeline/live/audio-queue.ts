import { audioCodec, frameSamples } from '../../codecs/codecs.ts';
import type { Sample, TimedPacket } from '../../core/contracts.ts';
import { NANOSECONDS_PER_SECOND, rescaleUp, type Ticks, ticks } from '../../core/time.ts';
import { AudioFramer, type Frame } from '../audio-framer.ts';
import type { Counters } from '../ledger.ts';
import type { PlannedAudio } from '../title.ts';

/** What begins in [start, end) of the main track's clock; the last one takes all that follows. */
export interface Stretch {
  readonly start: Ticks;
  readonly end: Ticks;
  readonly isLast: boolean;
}

/** Frames of one audio track that wait for their segment. */
export class AudioQueue {
  readonly #audio: PlannedAudio;
  readonly #counters: Counters;
  #frames: Frame[] = [];
  /** The last frame that was given to a segment. */
  #before: Frame | null = null;
  /** Behind what was given: samples. */
  #taken = 0;
  /** Where the last packet given ends; null before the first. */
  #closed: number | null = null;
  #smallest: Uint8Array | null = null;
  /** Where the last frame ends, in samples. */
  end = 0;
  /** Of the frames that wait. */
  bytes = 0;

  /** Where the frame before ends, in samples. */
  #following: number | null = null;
  /** Samples that a stamp may be off by its rounding. */
  readonly #tolerance: number;

  constructor(audio: PlannedAudio, counters: Counters) {
    this.#audio = audio;
    this.#tolerance = (audio.clock.precision / NANOSECONDS_PER_SECOND) * audio.clock.timescale + 1;
    this.#counters = counters;
  }

  get timescale(): number {
    return this.#audio.clock.timescale;
  }

  push(sample: Sample): void {
    const { clock, track } = this.#audio;
    const start = this.#startOf(sample);
    if (start < 0) this.#counters.droppedPackets++;
    else if (start < this.#taken) this.#counters.misplacedPackets++;
    else {
      // A copy: a view would keep the whole fetched block alive.
      const data = sample.data.slice();
      const samples = frameSamples(track, data) ?? clock.frameSize;
      if (!this.#smallest || data.length < this.#smallest.length) this.#smallest = data;
      this.#frames.push({ start, samples, data });
      this.bytes += data.length;
      this.#following = start + samples;
      this.end = Math.max(this.end, this.#following);
    }
  }

  /** On the clock's grid, which is unknown of sound that began late: then where the frame before ends, if that is near. */
  #startOf({ time }: Sample): number {
    const stamp = this.#audio.clock.ticksAt(time);
    const following = this.#following ?? Number.NEGATIVE_INFINITY;
    return Math.abs(stamp - following) <= this.#tolerance ? following : stamp;
  }

  /** A frame that begins at or behind a place of the main track's clock was met. */
  reaches(place: Ticks, timescale: number): boolean {
    return (this.#frames.at(-1)?.start ?? Number.NEGATIVE_INFINITY) >= this.#samplesAt(place, timescale);
  }

  /** The frames of a stretch, holes filled. */
  take({ start, end, isLast }: Stretch, timescale: number): TimedPacket[] {
    const { track, clock } = this.#audio;
    const [config] = track.configs;
    const to = this.#samplesAt(end, timescale);
    const silence = (config && audioCodec(config).silentFrame(config, clock.frameSize)) ?? this.#smallest;
    const plan = {
      trackId: track.id,
      gridOrigin: clock.gridOrigin,
      frameSize: clock.frameSize,
      start: this.#samplesAt(start, timescale),
      end: to,
      isLast,
      silence,
    };
    const framer = new AudioFramer(plan, this.#counters);
    if (this.#before) framer.push(this.#before);
    for (const frame of this.#frames) {
      framer.push(frame);
      if (framer.isDone) break;
    }
    this.#pass(isLast ? Number.POSITIVE_INFINITY : to);
    return this.#joined(framer.finish());
  }

  #pass(to: number): void {
    const isTaken = (frame: Frame) => frame.start < to;
    this.#before = this.#frames.findLast(isTaken) ?? this.#before;
    this.#frames = this.#frames.filter((frame) => !isTaken(frame));
    this.bytes = this.#frames.reduce((sum, { data }) => sum + data.length, 0);
    this.#taken = to;
  }

  /** A frame that came too late to be known begins where the one before it was said to end. */
  #joined(packets: readonly TimedPacket[]): TimedPacket[] {
    const closed = this.#closed;
    const from = closed === null ? 0 : packets.findIndex(({ dts, duration }) => dts + duration > closed);
    const joined = from < 0 ? [] : packets.slice(from);
    const [first] = joined;
    if (first && closed !== null && first.dts !== closed)
      joined[0] = {
        packet: { ...first.packet, pts: ticks(closed) },
        dts: closed,
        duration: first.dts + first.duration - closed,
      };
    const last = joined.at(-1);
    if (last) this.#closed = last.dts + last.duration;
    return joined;
  }

  #samplesAt(place: Ticks, timescale: number): number {
    return rescaleUp(place, timescale, this.#audio.clock.timescale);
  }
}
