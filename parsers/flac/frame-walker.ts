import { crc16 } from '../../src/codecs/crc.ts';
import type { FlacStreamInfo } from '../../src/codecs/flac.ts';
import { ByteQueue } from '../../src/core/bytes.ts';
import { type FrameHeader, frameHeaderAt, MAX_HEADER_BYTES } from './frame-header.ts';

/** A frame as the file has it. */
export interface FlacFrame {
  readonly position: number;
  readonly header: FrameHeader;
  readonly bytes: Uint8Array;
}

/** By how much held bytes must grow before they are looked at again: else tiny pieces cost a lot. */
const GROWTH = 1.25;
/** Headers behind a frame that are not the next one's: one follows damage, more are an attack on the time it takes. */
const MAX_STRANGERS = 4;

/**
 * Cuts a stream into frames, whatever the pieces in which its bytes arrive and wherever they begin. A frame ends where
 * the header with the next number begins; without that, where its checksum is right before another header or the end.
 */
export class FlacWalker {
  readonly #info: FlacStreamInfo;
  readonly #queue: ByteQueue;
  readonly #longest: number;
  #wanted = 0;
  #skipped = 0;
  /** What is passed over before the first frame belongs to one that began earlier. */
  #isForeign: boolean;

  /** @param isForeign bytes before the first frame are no damage */
  constructor(info: FlacStreamInfo, { position, isForeign }: { position: number; isForeign: boolean }) {
    this.#info = info;
    this.#queue = new ByteQueue(position);
    this.#longest = longestFrame(info);
    this.#isForeign = isForeign;
  }

  /** Every frame that begins before it was given. */
  get reached(): number {
    return this.#queue.position;
  }

  /** Bytes behind a frame's beginning that tell for sure whether it is one, and where it ends. */
  get reach(): number {
    return Math.ceil(GROWTH * (this.#longest + MAX_HEADER_BYTES));
  }

  push(chunk: Uint8Array): FlacFrame[] {
    this.#queue.push(chunk);
    return this.#queue.length < this.#wanted ? [] : this.#walk(false);
  }

  /** The stream ends here. */
  flush(): FlacFrame[] {
    return this.#walk(true);
  }

  /** Bytes without sense since the last call. */
  takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }

  #walk(isLast: boolean): FlacFrame[] {
    const { position } = this.#queue;
    const bytes = this.#queue.peek(this.#queue.length);
    const frames: FlacFrame[] = [];
    let at = 0;
    this.#wanted = 0;
    while (at < bytes.length && this.#wanted === 0) {
      const from = this.#nextHeader(bytes, at, isLast);
      this.#pass(from - at);
      at = from;
      const header = frameHeaderAt(bytes, at, this.#info);
      if (!header) break;
      const end = this.#endOf(bytes, { at, header, isLast });
      if (end === 'more') this.#wanted = Math.floor((bytes.length - at) * GROWTH);
      else if (end === null) {
        this.#pass(1);
        at++;
      } else {
        frames.push({ position: position + at, header, bytes: bytes.subarray(at, end) });
        this.#isForeign = false;
        at = end;
      }
    }
    this.#queue.skip(at);
    return frames;
  }

  /** Where the next header is; where the bytes end before it, as many are left as one may begin in. */
  #nextHeader(bytes: Uint8Array, from: number, isLast: boolean): number {
    const found = nextHeader(bytes, from, this.#info);
    if (found !== null) return found;
    return isLast ? bytes.length : Math.max(from, bytes.length - MAX_HEADER_BYTES + 1);
  }

  /** Where a frame ends; null where it is none. */
  #endOf(bytes: Uint8Array, { at, header, isLast }: Place): number | 'more' | null {
    const limit = at + this.#longest;
    const wanted = expectedNumber(header);
    let from = at + header.bytes;
    const isWhole = (end: number) => crc16(bytes.subarray(at, end)) === 0;
    for (let strangers = 0; strangers < MAX_STRANGERS; strangers++) {
      const next = nextHeader(bytes, from, this.#info);
      if (next === null || next > limit) break;
      const { number, isFixed } = frameHeaderAt(bytes, next, this.#info) ?? header;
      if ((number === wanted && isFixed === header.isFixed) || isWhole(next)) return next;
      from = next + 1;
      if (strangers + 1 === MAX_STRANGERS) return null;
    }
    if (bytes.length >= limit + MAX_HEADER_BYTES) return null;
    if (!isLast) return 'more';
    return isWhole(bytes.length) ? bytes.length : null;
  }

  #pass(size: number): void {
    if (!this.#isForeign) this.#skipped += size;
  }
}

interface Place {
  readonly at: number;
  readonly header: FrameHeader;
  readonly isLast: boolean;
}

const SYNC = 0xff;

/** Where the first header at or after `from` stands whose bytes are all there; null where none does. */
export function nextHeader(bytes: Uint8Array, from: number, info: FlacStreamInfo): number | null {
  for (let at = bytes.indexOf(SYNC, from); at >= 0; at = bytes.indexOf(SYNC, at + 1))
    if (frameHeaderAt(bytes, at, info)) return at;
  return null;
}

/** The number that the frame behind one has. */
const expectedNumber = ({ number, isFixed, samples }: FrameHeader): number =>
  number + (isFixed ? 1 : samples);

/** Headers of frame and subframes, the checksum: more than they take. */
const OVERHEAD = 64;

/** Samples as they are, one bit more for a difference: no encoder needs more. */
const longestFrame = ({ channels, maxBlockSize, bitsPerSample }: FlacStreamInfo): number =>
  OVERHEAD + channels * (OVERHEAD + Math.ceil((maxBlockSize * (bitsPerSample + 1)) / 8));
