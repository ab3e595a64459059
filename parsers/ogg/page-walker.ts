import { ByteQueue } from '../../src/core/bytes.ts';
import { crcOfPage, MIN_HEADER_BYTES, nextCapture, type Page, pageHeaderAt } from './page.ts';
import { pageCrc } from './page-crc.ts';

export interface WalkBeginning {
  readonly position: number;
  /** Bytes before the first page are no damage: reading began within one. */
  readonly isForeign: boolean;
}

/**
 * Bytes of pages with wrong checksums that are summed up: so many for each byte read, and these at once. Headers that
 * claim 64 KB each in every 27 bytes would cost a thousand times as much.
 */
const SUMMED = { perByte: 8, atOnce: 512 * 1024 } as const;

/** Cuts a stream into the pages whose checksums are right, whatever the pieces in which its bytes arrive. */
export class PageWalker {
  readonly #queue: ByteQueue;
  readonly #start: number;
  /** Bytes below which there is nothing to be done. */
  #wanted = MIN_HEADER_BYTES;
  #isForeign: boolean;
  #skipped = 0;
  #inVain = 0;

  constructor({ position, isForeign }: WalkBeginning) {
    this.#queue = new ByteQueue(position);
    this.#start = position;
    this.#isForeign = isForeign;
  }

  /** Every page that begins before it was given. */
  get reached(): number {
    return this.#queue.position;
  }

  push(chunk: Uint8Array): Page[] {
    this.#queue.push(chunk);
    return this.#queue.length < this.#wanted ? [] : this.#walk(false);
  }

  /** The stream ends here. */
  flush(): Page[] {
    return this.#walk(true);
  }

  /** Bytes in no page since the last call. */
  takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }

  #walk(isLast: boolean): Page[] {
    const { position } = this.#queue;
    const bytes = this.#queue.peek(this.#queue.length);
    const pages: Page[] = [];
    let at = 0;
    this.#wanted = 0;
    while (at < bytes.length) {
      const from = nextCapture(bytes, at);
      this.#pass(from - at);
      at = from;
      const found = this.#pageAt(bytes, at, position);
      if (typeof found === 'number' && !isLast) {
        this.#wanted = found;
        break;
      }
      if (found === null || typeof found === 'number') this.#pass(Math.min(1, bytes.length - at++));
      else {
        pages.push(found);
        this.#isForeign = false;
        at += found.size;
      }
    }
    at = Math.min(at, bytes.length);
    this.#queue.skip(at);
    this.#wanted = Math.max(this.#wanted, MIN_HEADER_BYTES);
    return pages;
  }

  /** The page at `at`, null where there is none, or how many bytes it takes to know. */
  #pageAt(bytes: Uint8Array, at: number, position: number): Page | number | null {
    const header = pageHeaderAt(bytes, at);
    if (header === null) return null;
    if (header === 'short')
      return bytes.length - at < MIN_HEADER_BYTES ? MIN_HEADER_BYTES : wholeHeader(bytes, at);
    if (bytes.length - at < header.size) return header.size;
    const advanced = position + at - this.#start;
    if (this.#inVain > SUMMED.perByte * advanced + SUMMED.atOnce) return null;
    const page = bytes.subarray(at, at + header.size);
    if (pageCrc(page) === crcOfPage(page)) return { ...header, position: position + at, bytes: page };
    this.#inVain += header.size;
    return null;
  }

  #pass(size: number): void {
    if (!this.#isForeign) this.#skipped += size;
  }
}

const wholeHeader = (bytes: Uint8Array, at: number): number =>
  MIN_HEADER_BYTES + (bytes[at + MIN_HEADER_BYTES - 1] ?? 0);
