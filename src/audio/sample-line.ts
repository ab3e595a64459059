/**
 * Samples of some channels by their position on a time line: silence wherever nothing was written. Positions move on;
 * what lies behind is forgotten.
 */
export class SampleLine {
  #planes: Float32Array[];
  /** Position of the first sample held. */
  #base: number;
  /** Position behind the last one written. */
  #end: number;

  constructor(channels: number, start: number) {
    this.#planes = Array.from({ length: channels }, () => new Float32Array(0));
    this.#base = start;
    this.#end = start;
  }

  /** Over what was there; what lies before the line's beginning is left out. */
  write(position: number, planes: readonly Float32Array[]): void {
    const length = planes[0]?.length ?? 0;
    const skipped = Math.min(length, Math.max(0, this.#base - position));
    if (skipped === length) return;
    this.#reserve(position + length);
    const at = position + skipped - this.#base;
    for (const [i, plane] of this.#planes.entries()) plane.set(planes[i]?.subarray(skipped) ?? [], at);
    this.#end = Math.max(this.#end, position + length);
  }

  /** Views of the samples from `position` on, good until the next call. */
  read(position: number, length: number): Float32Array[] {
    this.#reserve(position + length);
    const at = position - this.#base;
    return this.#planes.map((plane) => plane.subarray(at, at + length));
  }

  /** Nothing before `position` will be asked for. */
  forget(position: number): void {
    const count = Math.min(position - this.#base, this.#planes[0]?.length ?? 0);
    if (count < 0 || (count < (this.#planes[0]?.length ?? 0) / 2 && position < this.#end)) return;
    for (const plane of this.#planes) {
      plane.copyWithin(0, count);
      plane.fill(0, plane.length - count);
    }
    this.#base = position;
    this.#end = Math.max(this.#end, position);
  }

  #reserve(end: number): void {
    const held = this.#planes[0]?.length ?? 0;
    const needed = end - this.#base;
    if (needed <= held) return;
    const grown = Math.max(needed, 2 * held);
    this.#planes = this.#planes.map((plane) => {
      const larger = new Float32Array(grown);
      larger.set(plane);
      return larger;
    });
  }
}
