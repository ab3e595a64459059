import type { Muxer, TimedPacket } from '../core/contracts.ts';

/** Seconds of media in one chunk: what a player waits for before it has a first picture. */
const CHUNK = 0.5;
/** Bytes of one chunk behind the first: what ten viewers of an 80 Mbit/s film each hold twice. */
const CHUNK_BYTES = 1024 * 1024;
/** Sequence numbers of one segment's fragments: more than a ten-hour segment has chunks. */
const CHUNKS_PER_SEGMENT = 4096;

interface ChunkedRendition {
  readonly timescale: number;
  readonly muxer: Muxer;
}

/** Packets of one segment as moof+mdat chunks: borders depend on the packets only, never on arrival. */
export class Chunker {
  readonly #rendition: ChunkedRendition;
  readonly #n: number;
  readonly #length: number;
  #packets: TimedPacket[] = [];
  #bytes = 0;
  #count = 0;

  constructor(rendition: ChunkedRendition, n: number) {
    this.#rendition = rendition;
    this.#n = n;
    this.#length = Math.round(CHUNK * rendition.timescale);
  }

  /** The chunk that this packet completes; null while it grows. A packet ends where the next one begins. */
  push(packet: TimedPacket): Uint8Array[] | null {
    this.#packets.push(packet);
    this.#bytes += packet.packet.data.length;
    const start = this.#packets[0]?.dts ?? packet.dts;
    const isLong = packet.dts + packet.duration >= start + this.#length;
    // The first one is what a player waits for.
    const isLarge = this.#count > 0 && this.#bytes >= CHUNK_BYTES;
    return isLong || isLarge ? this.flush() : null;
  }

  /** The last chunk; null when there is nothing. */
  flush(): Uint8Array[] | null {
    if (this.#packets.length === 0) return null;
    this.#count++;
    const sequence = this.#n * CHUNKS_PER_SEGMENT + Math.min(this.#count, CHUNKS_PER_SEGMENT - 1);
    const bytes = this.#rendition.muxer.fragment(sequence, this.#packets, { isFirst: this.#count === 1 });
    this.#packets = [];
    this.#bytes = 0;
    return bytes;
  }
}
