/**
 * Reads fields of bits, most significant first. Reading past the end latches `overrun` and gives 0 from then on,
 * so that a structure is read as a list of fields and checked once at its end.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #overrun = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** True once a field did not fit: everything read since is 0. */
  get overrun(): boolean {
    return this.#overrun;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length * 8 - this.#at;
  }

  /** Unsigned integer of 0 to 32 bits. */
  u(bits: number): number {
    if (!this.#reserve(bits)) return 0;
    let value = 0;
    let left = bits;
    while (left > 0) {
      const free = 8 - (this.#at & 7);
      const take = Math.min(free, left);
      const byte = this.#bytes[this.#at >> 3] ?? 0;
      value = value * 2 ** take + ((byte >> (free - take)) & ((1 << take) - 1));
      this.#at += take;
      left -= take;
    }
    return value;
  }

  flag(): boolean {
    return this.u(1) === 1;
  }

  skip(bits: number): void {
    if (this.#reserve(bits)) this.#at += bits;
  }

  /** To the next byte boundary, counted from the first byte. */
  align(): void {
    this.skip(-this.#at & 7);
  }

  /** Unsigned Exp-Golomb code, ITU-T H.264, 9.1. A code longer than the standard's 63 bits latches too. */
  ue(): number {
    let zeros = 0;
    while (!this.flag()) {
      zeros++;
      if (this.#overrun || zeros > 31) {
        this.#latch();
        return 0;
      }
    }
    const rest = this.u(zeros);
    return this.#overrun ? 0 : 2 ** zeros - 1 + rest;
  }

  /** Signed Exp-Golomb code, ITU-T H.264, 9.1.1. */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : 0 - code / 2;
  }

  #reserve(bits: number): boolean {
    if (!this.#overrun && bits <= this.remaining) return true;
    this.#latch();
    return false;
  }

  #latch(): void {
    this.#overrun = true;
    this.#at = this.#bytes.length * 8;
  }
}

/** The other direction: collects fields of bits, most significant first. For small structures. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #at = 0;

  /** Bits written so far. */
  get position(): number {
    return this.#at;
  }

  /** The low `bits` (0 to 32) bits of an unsigned integer. */
  u(value: number, bits: number): this {
    for (let i = bits - 1; i >= 0; i--) this.#bit(Math.floor(value / 2 ** i) % 2);
    return this;
  }

  flag(value: boolean): this {
    return this.u(value ? 1 : 0, 1);
  }

  ue(value: number): this {
    const size = Math.floor(Math.log2(value + 1));
    return this.u(0, size)
      .u(1, 1)
      .u(value + 1 - 2 ** size, size);
  }

  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** Zero bits to the next byte boundary. */
  align(): this {
    return this.u(0, -this.#at & 7);
  }

  /** Everything written, padded with zero bits to a whole byte. */
  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #bit(bit: number): void {
    const at = this.#at >> 3;
    this.#bytes[at] = (this.#bytes[at] ?? 0) | (bit << (7 - (this.#at & 7)));
    this.#at++;
  }
}

/** NAL unit → RBSP: without the emulation prevention bytes. The same view when there are none. ITU-T H.264, 7.3.1. */
export function removeEmulationPrevention(nal: Uint8Array): Uint8Array {
  let out: Uint8Array | null = null;
  let length = 0;
  let from = 0;
  for (let i = 2; i < nal.length; i++) {
    if (nal[i] !== 3 || nal[i - 1] !== 0 || nal[i - 2] !== 0 || i - 2 < from) continue;
    out ??= new Uint8Array(nal.length);
    out.set(nal.subarray(from, i), length);
    length += i - from;
    from = i + 1;
  }
  if (!out) return nal;
  out.set(nal.subarray(from), length);
  return out.subarray(0, length + nal.length - from);
}

/** RBSP → NAL unit: a 3 wherever two zero bytes would meet a byte below 4, or the end. ITU-T H.264, 7.4.1. */
export function insertEmulationPrevention(rbsp: Uint8Array): Uint8Array {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros === 2 && byte < 4) {
      out.push(3);
      zeros = 0;
    }
    out.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  if (zeros === 2) out.push(3);
  return Uint8Array.from(out);
}
