import type { Sample, SampleBatch } from '../../src/core/contracts.ts';

/**
 * What of a stream that was cut and went on elsewhere is worth giving: nothing twice, and pictures from the first one on
 * at which decoding can begin.
 */
export class Resumption {
  readonly #video: ReadonlySet<number>;
  /** Of each track: the latest time that was given. */
  readonly #latest = new Map<number, number>();
  readonly #waiting = new Set<number>();
  /** Pictures that precede the one at which decoding began are made of what was lost. */
  readonly #first = new Map<number, number>();

  /** @param video tracks of pictures */
  constructor(video: ReadonlySet<number>) {
    this.#video = video;
  }

  give(batch: SampleBatch): SampleBatch {
    return { ...batch, samples: batch.samples.filter((sample) => this.#isWanted(sample)) };
  }

  /** The last batch before the stream was cut, and with it the last pictures. */
  cut(batch: SampleBatch): SampleBatch {
    const ends = new Map<number, number>();
    for (const { trackId, position } of batch.samples) ends.set(trackId, position);
    const isWhole = ({ trackId, position }: Sample) =>
      !this.#video.has(trackId) || position !== ends.get(trackId);
    const whole = this.give({ ...batch, samples: batch.samples.filter(isWhole), next: null });
    for (const id of this.#latest.keys()) this.#waiting.add(id);
    return whole;
  }

  #isWanted({ trackId, time, isKey }: Sample): boolean {
    const latest = this.#latest.get(trackId) ?? Number.NEGATIVE_INFINITY;
    const isPicture = this.#video.has(trackId);
    if (this.#waiting.has(trackId)) {
      if (time <= latest || (isPicture && !isKey)) return false;
      this.#waiting.delete(trackId);
      if (isPicture) this.#first.set(trackId, time);
    }
    const first = this.#first.get(trackId);
    if (first !== undefined && time < first) return false;
    if (first !== undefined && isKey && time > first) this.#first.delete(trackId);
    if (time > latest) this.#latest.set(trackId, time);
    return true;
  }
}
