/**
 * Decode times of one segment: the i-th packet in decode order decodes at the i-th smallest
 * presentation time. Times become final when `depth` further packets have been seen.
 */
export class DecodeClock {
  readonly #depth: number;
  /** Presentation times seen and not yet given out, ascending; at most depth + 1. */
  readonly #waiting: number[] = [];
  #last: number | null = null;

  /** @param depth how many packets may precede one in decode order and follow it in output order */
  constructor(depth: number) {
    this.#depth = depth;
  }

  /** True when a packet with this presentation time still waits. */
  has(pts: number): boolean {
    return this.#waiting.includes(pts);
  }

  /** Takes the next packet's presentation time; gives the next decode time that became final, or null. */
  push(pts: number): number | null {
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1] ?? 0) > pts) at--;
    this.#waiting.splice(at, 0, pts);
    return this.#waiting.length > this.#depth ? this.#take() : null;
  }

  /** The remaining decode times, after the last packet. */
  flush(): number[] {
    const rest: number[] = [];
    while (this.#waiting.length > 0) rest.push(this.#take());
    return rest;
  }

  /** Strictly increasing even where pictures were reordered further than declared. */
  #take(): number {
    const smallest = this.#waiting.shift() ?? 0;
    this.#last = this.#last === null ? smallest : Math.max(smallest, this.#last + 1);
    return this.#last;
  }
}
