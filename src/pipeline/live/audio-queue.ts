import { audioCodec, frameSamples } from '../../codecs/codecs.ts';
import type { Sample, TimedPacket } from '../../core/contracts.ts';
import { rescaleUp, type Ticks } from '../../core/time.ts';
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
  #smallest: Uint8Array | null = null;
  /** Where the last frame ends, in samples. */
  end = 0;

  constructor(audio: PlannedAudio, counters: Counters) {
    this.#audio = audio;
    this.#counters = counters;
  }

  get timescale(): number {
    return this.#audio.clock.timescale;
  }

  push(sample: Sample): void {
    const { clock, track } = this.#audio;
    // A copy: a view would keep the whole fetched block alive.
    const data = sample.data.slice();
    const samples = frameSamples(track, data) ?? clock.frameSize;
    const frame = { start: clock.ticksAt(sample.time), samples, data };
    if (!this.#smallest || data.length < this.#smallest.length) this.#smallest = data;
    this.#frames.push(frame);
    this.end = Math.max(this.end, frame.start + samples);
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
    for (const frame of this.#frames) framer.push(frame);
    const taken = this.#frames.filter((frame) => isLast || frame.start < to);
    this.#before = taken.at(-1) ?? this.#before;
    this.#frames = this.#frames.slice(taken.length);
    return framer.finish();
  }

  #samplesAt(place: Ticks, timescale: number): number {
    return rescaleUp(place, timescale, this.#audio.clock.timescale);
  }
}
