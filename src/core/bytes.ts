import type { ByteRange, Source } from './contracts.ts';
import { truncated } from './errors.ts';

/** A bounded cursor over bytes that knows where in the file they lie. Reading past the end throws `truncated`. */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  readonly #end: number;
  #at: number;

  /**
   * @param base file offset of `bytes[0]`
   * @param start index of the first byte to read; @param end index behind the last
   */
  constructor(bytes: Uint8Array, base = 0, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#base = base;
    this.#at = start;
    this.#end = Math.min(end, bytes.length);
  }

  /** File offset of the next byte. */
  get position(): number {
    return this.#base + this.#at;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  u16(): number {
    const at = this.#take(2);
    return ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0);
  }

  i16(): number {
    return (this.u16() << 16) >> 16;
  }

  u32(): number {
    return this.uint(4);
  }

  /** Big-endian unsigned integer of 0 to 8 bytes; above 2^53 it loses precision, which callers reject by range. */
  uint(size: number): number {
    const start = this.#take(size);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + (this.#bytes[start + i] ?? 0);
    return value;
  }

  f32(): number {
    return this.#floats(4).getFloat32(0);
  }

  f64(): number {
    return this.#floats(8).getFloat64(0);
  }

  /** A view of the next `size` bytes, not a copy. */
  bytes(size: number): Uint8Array {
    const start = this.#take(size);
    return this.#bytes.subarray(start, start + size);
  }

  skip(size: number): void {
    this.#take(size);
  }

  peek(): number | undefined {
    return this.#at < this.#end ? this.#bytes[this.#at] : undefined;
  }

  #floats(size: number): DataView {
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#take(size), size);
  }

  #take(size: number): number {
    if (size > this.remaining)
      throw truncated(`${size} bytes expected, ${this.remaining} left`, this.position);
    const at = this.#at;
    this.#at += size;
    return at;
  }
}

/**
 * Arrived bytes that nobody consumed yet. Chunks that follow each other in one buffer are joined without a copy;
 * only what straddles two buffers is copied.
 */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  /** Index of the queue's first byte in the first chunk. */
  #at = 0;
  #length = 0;
  #position: number;

  constructor(position: number) {
    this.#position = position;
  }

  get length(): number {
    return this.#length;
  }

  /** File offset of the first byte in the queue. */
  get position(): number {
    return this.#position;
  }

  /** The buffer that the first bytes lie in, which begin at `at`: for reading without a view. */
  get bytes(): Uint8Array {
    return this.#chunks[0] ?? NO_BYTES;
  }

  get at(): number {
    return this.#at;
  }

  /** How many of the first bytes lie in `bytes`. */
  get near(): number {
    return this.bytes.length - this.#at;
  }

  /** Sees to it that the first `size` bytes, at most `length`, lie in `bytes`. */
  gather(size: number): void {
    if (this.near >= size || this.#chunks.length < 2) return;
    const count = Math.min(size, this.#length);
    const joined = this.#joined(count);
    this.#drop(count);
    if (this.#at > 0) this.#chunks[0] = this.bytes.subarray(this.#at);
    this.#chunks.unshift(joined);
    this.#at = 0;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const last = this.#chunks.at(-1);
    const adjacent =
      last && last.buffer === chunk.buffer && last.byteOffset + last.length === chunk.byteOffset;
    if (adjacent)
      this.#chunks[this.#chunks.length - 1] = new Uint8Array(
        last.buffer,
        last.byteOffset,
        last.length + chunk.length,
      );
    else this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The first `size` bytes, at most `length`; they stay in the queue. */
  peek(size: number): Uint8Array {
    const count = Math.min(size, this.#length);
    if (count === 0) return NO_BYTES;
    return this.near >= count ? this.bytes.subarray(this.#at, this.#at + count) : this.#joined(count);
  }

  /** Removes the first `size` bytes, at most `length`. */
  skip(size: number): void {
    const count = Math.min(size, this.#length);
    this.#length -= count;
    this.#position += count;
    this.#drop(count);
  }

  #joined(count: number): Uint8Array {
    return join([this.bytes.subarray(this.#at), ...this.#chunks.slice(1)], count);
  }

  #drop(count: number): void {
    this.#at += count;
    while (this.near <= 0 && this.#chunks.length > 0) {
      this.#at -= this.bytes.length;
      this.#chunks.shift();
    }
  }
}

const NO_BYTES = new Uint8Array(0);

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    if (at >= size) break;
    const part = chunk.length > size - at ? chunk.subarray(0, size - at) : chunk;
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** All bytes of the range in one piece: shorter only where the resource ends. No copy when they lie in one buffer. */
export async function readRange(source: Source, range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
  const queue = new ByteQueue(range.start);
  for await (const chunk of source.read(range, signal)) queue.push(chunk);
  return queue.peek(queue.length);
}

/** A source of bytes that are already there. */
export function memorySource(bytes: Uint8Array): Source {
  return {
    size: bytes.length,
    async *read({ start, end }) {
      const part = bytes.subarray(Math.min(start, bytes.length), Math.min(end, bytes.length));
      if (part.length > 0) yield part;
    },
  };
}

export const concat = (parts: readonly Uint8Array[]): Uint8Array =>
  join(
    parts,
    parts.reduce((sum, part) => sum + part.length, 0),
  );

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);
