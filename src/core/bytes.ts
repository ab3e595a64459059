import type { ByteRange, Source } from './contracts.ts';
import { truncated } from './errors.ts';

/** A bounded cursor over bytes that knows where in the file they lie. Reading past the end throws `truncated`. */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #base: number;
  #at = 0;

  /** @param base file offset of the first byte */
  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = base;
  }

  /** File offset of the next byte. */
  get position(): number {
    return this.#base + this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** Big-endian unsigned integer of 0 to 8 bytes; above 2^53 it loses precision, which callers reject by range. */
  uint(size: number): number {
    const start = this.#take(size);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + this.#view.getUint8(start + i);
    return value;
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4));
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
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
    return this.#bytes[this.#at];
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
 * only a view that straddles two buffers copies its own bytes.
 */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
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
    const first = this.#chunks[0];
    if (!first || size === 0) return new Uint8Array(0);
    if (first.length >= size) return first.subarray(0, size);
    return join(this.#chunks, Math.min(size, this.#length));
  }

  /** Removes the first `size` bytes, at most `length`. */
  skip(size: number): void {
    let left = Math.min(size, this.#length);
    this.#length -= left;
    this.#position += left;
    while (left > 0) {
      const first = this.#chunks[0];
      if (!first) return;
      if (first.length > left) {
        this.#chunks[0] = first.subarray(left);
        return;
      }
      left -= first.length;
      this.#chunks.shift();
    }
  }
}

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
