/** Bytes that come in parts, however small, joined up to a limit. */
export class GrowingBytes {
  readonly #limit: number;
  readonly #tooLong: () => Error;
  #room = new Uint8Array(64 * 1024);
  #size = 0;

  /** @param tooLong what is thrown for more bytes than `limit` */
  constructor(limit: number, tooLong: () => Error) {
    this.#limit = limit;
    this.#tooLong = tooLong;
  }

  /** Copies the part. */
  add(part: Uint8Array): void {
    const size = this.#size + part.length;
    if (size > this.#limit) throw this.#tooLong();
    if (size > this.#room.length) {
      const room = new Uint8Array(Math.min(this.#limit, Math.max(size, this.#room.length * 2)));
      room.set(this.bytes);
      this.#room = room;
    }
    this.#room.set(part, this.#size);
    this.#size = size;
  }

  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.#size);
  }
}
