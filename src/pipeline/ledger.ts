/** What could not be done as the source has it; told in `/probe`. */
export interface Counters {
  /** Silent frames put where the source has none. */
  filledFrames: number;
  /** Packets before the title's zero, before the first cut, or without a picture. */
  droppedPackets: number;
  /** Packets stamped before their predecessor. */
  misplacedPackets: number;
  /** Pictures whose stamp equalled another's. */
  spreadStamps: number;
  /** Cuts that proved to be somewhere else than the index said. */
  movedCuts: number;
  /** Bytes that made no sense. */
  skippedBytes: number;
}

const zero = (): Counters => ({
  filledFrames: 0,
  droppedPackets: 0,
  misplacedPackets: 0,
  spreadStamps: 0,
  movedCuts: 0,
  skippedBytes: 0,
});

/** Counts by segment, so that one that is made twice counts once. */
export class Ledger {
  readonly #planned: Counters;
  readonly #segments = new Map<string, Counters>();

  /** @param planned what the plan itself met */
  constructor(planned: Partial<Counters> = {}) {
    this.#planned = { ...zero(), ...planned };
  }

  /** Counters for one making of a segment, in place of those of the one before. */
  open(rendition: string, n: number): Counters {
    const fresh = zero();
    this.#segments.set(`${rendition}/${n}`, fresh);
    return fresh;
  }

  /** Over the plan and all segments made so far. */
  total(): Counters {
    const sum = { ...this.#planned };
    for (const counters of this.#segments.values())
      for (const name of Object.keys(sum) as (keyof Counters)[]) sum[name] += counters[name];
    return sum;
  }
}
