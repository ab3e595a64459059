import { concat } from '../../src/core/bytes.ts';
import { FULL_SEGMENT, MIN_HEADER_BYTES, type Page } from './page.ts';

/** A packet of a logical stream. */
export interface OggPacket {
  readonly data: Uint8Array;
  /** Of the page on which it begins. */
  readonly position: number;
  /** It has more bytes than are kept: these are its first ones. */
  readonly isCut: boolean;
}

/** What a page brought. */
export interface PageContent {
  /** Those that end on it, but for empty ones. */
  readonly packets: readonly OggPacket[];
  /** Pages are missing before it. */
  readonly isAfterLoss: boolean;
  /** Bytes of packets whose other parts are missing. */
  readonly lost: number;
}

interface Part {
  readonly pieces: Uint8Array[];
  readonly position: number;
  size: number;
}

/** Joins the packets of one logical stream from its pages: RFC 3533, 5. */
export class PacketJoiner {
  readonly #limit: number;
  #sequence: number | null = null;
  /** The packet that goes on on the next page. */
  #part: Part | null = null;
  /** What a first page goes on with began where nothing was read. */
  #isForeign = true;

  /** @param limit bytes of a packet that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Where the packet begins that is not complete; null without one. */
  get open(): number | null {
    return this.#part?.position ?? null;
  }

  push(page: Page): PageContent {
    const { sequence, isContinued, position, bytes, headerBytes } = page;
    const isAfterLoss = this.#sequence !== null && sequence !== (this.#sequence + 1) % 2 ** 32;
    this.#sequence = sequence;
    let lost = isAfterLoss || !isContinued ? this.drop() : 0;
    /** What goes on here without a beginning is left out. */
    let isOrphan = isContinued && this.#part === null;
    const packets: OggPacket[] = [];
    let at = headerBytes;
    let from = at;
    for (let i = MIN_HEADER_BYTES; i < headerBytes; i++) {
      const size = bytes[i] ?? 0;
      at += size;
      const isEnd = size < FULL_SEGMENT;
      if (!isEnd && i + 1 < headerBytes) continue;
      const piece = bytes.subarray(from, at);
      from = at;
      if (isOrphan) lost += this.#isForeign ? 0 : piece.length;
      else if (piece.length > 0) this.#add(piece, position);
      if (!isEnd) break;
      if (this.#part) packets.push(this.#take(this.#part));
      isOrphan = false;
    }
    this.#isForeign &&= isOrphan;
    return { packets, isAfterLoss, lost };
  }

  /** Forgets the packet that is not complete: its bytes. */
  drop(): number {
    const size = this.#part?.size ?? 0;
    this.#part = null;
    return size;
  }

  #add(piece: Uint8Array, position: number): void {
    this.#part ??= { pieces: [], position, size: 0 };
    const part = this.#part;
    const room = Math.max(0, this.#limit - part.size);
    if (room > 0 || part.pieces.length === 0) part.pieces.push(piece.subarray(0, room));
    part.size += piece.length;
  }

  #take({ pieces, position, size }: Part): OggPacket {
    this.#part = null;
    const [first = new Uint8Array(0)] = pieces;
    return { data: pieces.length > 1 ? concat(pieces) : first, position, isCut: size > this.#limit };
  }
}
