import type { Sample, SampleBatch } from '../../src/core/contracts.ts';
import { type Nanoseconds, nanoseconds } from '../../src/core/time.ts';

/** A lace that lasts more often than this as long per frame as the one before it is followed by a hole. */
const MOST_GROWTH = 4;

/**
 * Gives each frame of a lace its own stamp where neither track, block nor codec tells how long frames last (Vorbis as
 * old mkvmerge wrote it): they are spread evenly up to the next block of their track, for which they wait.
 */
export class LaceSpreading {
  /** The frames of one lace by track. */
  readonly #held = new Map<number, Sample[]>();
  readonly #spacing = new Map<number, number>();

  add(batch: SampleBatch): SampleBatch {
    if (this.#held.size === 0 && !batch.samples.some(isOpenLace)) return batch;
    const samples = batch.samples.flatMap((sample, i) => {
      const before = this.#held.get(sample.trackId);
      if (before?.[0]?.position === sample.position) {
        before.push(sample);
        return [];
      }
      const released = this.#release(sample.trackId, sample.time);
      if (!isOpenLace(sample, i, batch.samples)) return [...released, sample];
      this.#held.set(sample.trackId, [sample]);
      return released;
    });
    const { next } = batch;
    return { ...batch, samples: next ? [...samples, ...this.#release(next.trackId, next.time)] : samples };
  }

  /** What still waits when nothing more comes. */
  flush(): SampleBatch {
    const samples = [...this.#held.keys()].flatMap((trackId) => this.#release(trackId, null));
    return { samples, next: null, skipped: 0 };
  }

  /** @param until stamp of the next block; null when there is none */
  #release(trackId: number, until: Nanoseconds | null): Sample[] {
    const frames = this.#held.get(trackId);
    const [first] = frames ?? [];
    if (!frames || !first) return [];
    this.#held.delete(trackId);
    const spacing = this.#spacingOf(trackId, until === null ? null : (until - first.time) / frames.length);
    if (spacing === null) return frames;
    return frames.map((frame, i) => ({
      ...frame,
      time: nanoseconds(first.time + Math.round(i * spacing)),
      duration: nanoseconds(Math.round(spacing)),
    }));
  }

  #spacingOf(trackId: number, measured: number | null): number | null {
    const last = this.#spacing.get(trackId) ?? null;
    if (measured === null || measured <= 0 || (last !== null && measured > last * MOST_GROWTH)) return last;
    this.#spacing.set(trackId, measured);
    return measured;
  }
}

/** One of several frames of a block whose length is unknown. Frames of one block are neighbours in their batch. */
const isOpenLace = (sample: Sample, i: number, all: readonly Sample[]): boolean =>
  sample.duration === null && [all[i - 1], all[i + 1]].some((other) => other?.position === sample.position);
