/** Bytes behind the last that may be looked at. */
const MARGIN = 8;

/**
 * Reads the bits of entropy-coded sound, most significant first, as fast as can be. Behind the end there are zeros,
 * and `overrun` latches.
 */
export class DenseBits {
  readonly #view: DataView;
  readonly #end: number;
  #at = 0;
  #overrun = false;

  constructor(bytes: Uint8Array) {
    const padded = new Uint8Array(bytes.length + MARGIN);
    padded.set(bytes);
    this.#view = new DataView(padded.buffer);
    this.#end = bytes.length * 8;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#at;
  }

  get overrun(): boolean {
    return this.#overrun;
  }

  /** The next 32 bits, which stay. */
  peek(): number {
    const at = this.#at >> 3;
    const used = this.#at & 7;
    const word = this.#view.getUint32(at);
    return used === 0 ? word : ((word << used) | (this.#view.getUint8(at + 4) >> (8 - used))) >>> 0;
  }

  skip(bits: number): void {
    this.#at += bits;
    if (this.#at <= this.#end) return;
    this.#at = this.#end;
    this.#overrun = true;
  }

  /** Unsigned integer of 0 to 32 bits. */
  u(bits: number): number {
    if (bits === 0) return 0;
    const value = this.peek() >>> (32 - bits);
    this.skip(bits);
    return value;
  }

  /** Two's complement of 0 to 53 bits. */
  s(bits: number): number {
    if (bits > 32) return this.s(bits - 32) * 2 ** 32 + this.u(32);
    if (bits === 0) return 0;
    const value = (this.peek() | 0) >> (32 - bits);
    this.skip(bits);
    return value;
  }

  /** Zeros before the next one, which is read too. */
  zeros(): number {
    for (let count = 0; ; count += 32) {
      const ahead = Math.clz32(this.peek());
      this.skip(Math.min(32, ahead + 1));
      if (ahead < 32 || this.#overrun) return count + ahead;
    }
  }

  /** Ones before the next zero, which is read too; at most `limit` of them (up to 31), behind which no zero is read. */
  ones(limit: number): number {
    const ahead = Math.clz32(~this.peek());
    this.skip(ahead < limit ? ahead + 1 : limit);
    return Math.min(ahead, limit);
  }

  align(): void {
    this.skip(-this.#at & 7);
  }
}
