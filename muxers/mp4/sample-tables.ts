import type { TimedPacket } from '../../src/core/contracts.ts';
import { fullBox, type Part, u32, u32List } from '../fmp4/box.ts';
import { refuseLonger } from '../fmp4/fragment.ts';

/** Equal values that follow each other, as pairs of count and value. */
class Runs {
  readonly #pairs: number[] = [];

  push(value: number): void {
    const pairs = this.#pairs;
    if (pairs.at(-1) === value) pairs[pairs.length - 2] = (pairs.at(-2) ?? 0) + 1;
    else pairs.push(1, value);
  }

  get isEmpty(): boolean {
    return this.#pairs.length === 0;
  }

  /** True where all there is is zero. */
  get isZero(): boolean {
    return this.#pairs.length === 2 && this.#pairs[1] === 0;
  }

  get pairs(): readonly number[] {
    return this.#pairs;
  }
}

/** The sample tables of one track, gathered while its samples are written: ISO/IEC 14496-12, 8.6 and 8.7. */
export class SampleTables {
  readonly #durations = new Runs();
  readonly #offsets = new Runs();
  readonly #sizes: number[] = [];
  readonly #syncs: number[] = [];
  /** Place in the file of each chunk, and how many samples it has. */
  readonly #chunks: number[] = [];
  readonly #counts: number[] = [];
  #duration = 0;
  /** Decode time of the first sample; null before it. */
  #first: number | null = null;
  #isSigned = false;

  /** Ticks of all samples together. */
  get duration(): number {
    return this.#duration;
  }

  get first(): number {
    return this.#first ?? 0;
  }

  /**
   * Samples that lie behind each other from `position` of the file on.
   * @param delay ticks that are put on composition offsets
   * @throws MediaError `limit` for one that lasts longer than can be told
   */
  add(packets: readonly TimedPacket[], position: number, delay: number): void {
    this.#chunks.push(position);
    this.#counts.push(packets.length);
    for (const { packet, dts, duration } of packets) {
      refuseLonger(duration);
      this.#first ??= dts;
      this.#duration += duration;
      this.#durations.push(duration);
      const offset = packet.pts - dts + delay;
      this.#isSigned ||= offset < 0;
      this.#offsets.push(offset);
      this.#sizes.push(packet.data.length);
      if (packet.isSync) this.#syncs.push(this.#sizes.length);
    }
  }

  boxes(): Part[] {
    const count = this.#sizes.length;
    const isWide = (this.#chunks.at(-1) ?? 0) >= 2 ** 32;
    return [
      table('stts', this.#durations.pairs.length / 2, this.#durations.pairs),
      ...(this.#offsets.isZero || this.#offsets.isEmpty ? [] : [this.#compositionOffsets()]),
      ...(this.#syncs.length === count ? [] : [table('stss', this.#syncs.length, this.#syncs)]),
      this.#samplesOfChunks(),
      fullBox({ type: 'stsz', version: 0, flags: 0 }, u32(0, count), u32List(this.#sizes)),
      isWide
        ? table('co64', this.#chunks.length, this.#chunks.flatMap(wide))
        : table('stco', this.#chunks.length, this.#chunks),
    ];
  }

  /** Composition Time to Sample, signed where it must be: 8.6.1.3. */
  #compositionOffsets(): Part {
    const { pairs } = this.#offsets;
    return fullBox(
      { type: 'ctts', version: this.#isSigned ? 1 : 0, flags: 0 },
      u32(pairs.length / 2),
      u32List(pairs),
    );
  }

  /** Sample to Chunk, an entry where the number of samples changes: 8.7.4. */
  #samplesOfChunks(): Part {
    const entries: number[] = [];
    for (const [i, samples] of this.#counts.entries())
      if (samples !== this.#counts[i - 1]) entries.push(i + 1, samples, 1);
    return table('stsc', entries.length / 3, entries);
  }
}

const table = (type: string, count: number, values: readonly number[]): Part =>
  fullBox({ type, version: 0, flags: 0 }, u32(count), u32List(values));

const wide = (value: number): number[] => [Math.floor(value / 2 ** 32), value % 2 ** 32];
