import type { Sample, SampleBatch, SampleHead } from '../../src/core/contracts.ts';
import type { Joiner } from '../elementary/joiner.ts';
import type { BlockTrack } from './block.ts';

/**
 * Joins the samples of tracks of which several blocks make one sample of MP4. The other tracks' pass through; the
 * order within each track stays.
 */
export class SampleJoining {
  readonly #joiners: ReadonlyMap<number, Joiner>;
  /** Tracks whose joiner may hold something: all whose last sample did not come back as it was. */
  readonly #holding = new Set<number>();

  constructor(tracks: Iterable<BlockTrack>) {
    this.#joiners = new Map(
      [...tracks].flatMap(({ id, joiner }) => (joiner ? [[id, joiner()] as const] : [])),
    );
  }

  /**
   * The batch with what is complete; `next` is told only where nothing before it is still held: else it is what is held,
   * if its joiner tells.
   */
  add(batch: SampleBatch): SampleBatch {
    if (this.#joiners.size === 0) return batch;
    const samples = batch.samples.flatMap((sample) => this.#addSample(sample));
    const isHeld = batch.next !== null && this.#holding.has(batch.next.trackId);
    return { samples, next: this.#heldHead() ?? (isHeld ? null : batch.next), skipped: batch.skipped };
  }

  /** What is still held when nothing more comes. */
  flush(): SampleBatch {
    const samples = [...this.#joiners.values()].flatMap((joiner) => joiner.flush());
    this.#holding.clear();
    return { samples, next: null, skipped: 0 };
  }

  #heldHead(): SampleHead | null {
    const held = [...this.#joiners.values()].flatMap((joiner) => joiner.held ?? []);
    const [first] = held.sort((a, b) => a.position - b.position);
    return first ? { ...first, prefix: first.data } : null;
  }

  #addSample(sample: Sample): readonly Sample[] {
    const joiner = this.#joiners.get(sample.trackId);
    if (!joiner) return [sample];
    const complete = joiner.add(sample);
    if (complete.at(-1) === sample) this.#holding.delete(sample.trackId);
    else this.#holding.add(sample.trackId);
    return complete;
  }
}
