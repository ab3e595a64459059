import { concat } from '../../src/core/bytes.ts';
import { findPacket, type PacketFraming } from './framing.ts';
import { PacketHead } from './packet.ts';

/** Bytes in which the longest stride has enough sync bytes behind each other to be believed. */
const SYNC_REACH = 204 * 6;
const NOTHING = new Uint8Array(0);

/**
 * Told each packet: its head, the bytes that the head's indices mean, and where its stride begins in the file.
 */
type OnPacket = (head: PacketHead, bytes: Uint8Array, position: number) => void;

/** Packets out of bytes as they arrive, beginning at any of them; what is none is passed over up to the next. */
export class PacketStream {
  readonly #framing: Pick<PacketFraming, 'stride' | 'lead'>;
  readonly #onPacket: OnPacket;
  readonly #head = new PacketHead();
  #rest: Uint8Array = NOTHING;
  #position: number;
  #isLost = false;
  #skipped = 0;

  constructor(position: number, framing: Pick<PacketFraming, 'stride' | 'lead'>, onPacket: OnPacket) {
    this.#position = position;
    this.#framing = framing;
    this.#onPacket = onPacket;
  }

  /** @returns bytes that were passed over */
  push(chunk: Uint8Array): number {
    this.#skipped = 0;
    if (this.#rest.length > 0) {
      const window = concat([this.#rest, chunk.subarray(0, SYNC_REACH)]);
      const done = this.#read(window, chunk.length <= SYNC_REACH ? 0 : this.#rest.length);
      if (done < this.#rest.length || chunk.length <= SYNC_REACH) this.#rest = window.slice(done);
      else {
        const from = done - this.#rest.length;
        this.#rest = NOTHING;
        this.#keep(chunk, from + this.#read(chunk.subarray(from), 0));
      }
    } else this.#keep(chunk, this.#read(chunk, 0));
    return this.#skipped;
  }

  #keep(chunk: Uint8Array, from: number): void {
    this.#rest = from < chunk.length ? chunk.slice(from) : NOTHING;
  }

  /**
   * All whole packets.
   * @param enough where it may stop; 0: as far as it goes
   * @returns bytes consumed
   */
  #read(bytes: Uint8Array, enough: number): number {
    const { stride, lead } = this.#framing;
    let at = 0;
    while (at + stride <= bytes.length && (enough === 0 || at < enough)) {
      if (this.#isLost || !this.#head.read(bytes, at + lead)) {
        const found = this.#find(bytes, at);
        if (found === null) break;
        at = found;
        continue;
      }
      this.#onPacket(this.#head, bytes, this.#position);
      at += stride;
      this.#position += stride;
    }
    return at;
  }

  /** The next packet behind damage; null where more bytes are needed to believe it. */
  #find(bytes: Uint8Array, at: number): number | null {
    const from = this.#isLost ? at : at + 1;
    this.#isLost = true;
    const isEnough = bytes.length - at >= SYNC_REACH;
    const found = isEnough ? findPacket(bytes, from, this.#framing) : null;
    const to = found ?? (isEnough ? bytes.length - SYNC_REACH + 1 : at);
    if (found !== null) this.#isLost = false;
    if (to > at) {
      this.#skipped += to - at;
      this.#position += to - at;
    }
    if (found === null && to > at) this.#isLost = true;
    return found ?? (to > at ? to : null);
  }
}
