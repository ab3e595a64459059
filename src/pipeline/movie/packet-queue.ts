import type { TimedPacket } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

/** Pictures that may follow one in decode order and still be shown before it. */
const MAX_REORDER = 16;

/** What a packet takes in memory beside its bytes: silent frames share theirs. */
const PACKET_BYTES = 200;
/** Packets that are moved to the front each time: of more, those that were given stay until they are half of all. */
const FEW = 1024;

/** Packets of one track that wait to be written, in decode order. */
export class PacketQueue {
  #packets: TimedPacket[] = [];
  /** Index of the first one that waits. */
  #at = 0;
  /** Where the last one ends: ticks of the track. */
  #reached = Number.NEGATIVE_INFINITY;
  #bytes = 0;

  get reached(): number {
    return this.#reached;
  }

  /** What all that waits takes in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws MediaError `limit` when too much waits */
  add(packets: readonly TimedPacket[]): void {
    for (const one of packets) {
      this.#packets.push(one);
      this.#bytes += sizeOf(one);
    }
    refuseMore(this.#bytes);
    const last = packets.at(-1);
    if (last) this.#reached = last.dts + last.duration;
  }

  /** Those that decode before `time`. */
  takeBefore(time: number): TimedPacket[] {
    let end = this.#at;
    while ((this.#packets[end]?.dts ?? time) < time) end++;
    const taken = this.#packets.slice(this.#at, end);
    for (const one of taken) this.#bytes -= sizeOf(one);
    this.#at = end;
    const left = this.#packets.length - end;
    if (left <= FEW || left <= this.#at) {
      this.#packets = this.#packets.slice(this.#at);
      this.#at = 0;
    }
    return taken;
  }

  /** All that is shown before `time`, and what that needs; the rest is let go. */
  takeShownBefore(time: number): TimedPacket[] {
    const packets = this.#packets.slice(this.#at);
    this.#packets = [];
    this.#at = 0;
    this.#bytes = 0;
    const behind = packets.findIndex(({ dts }) => dts >= time);
    if (behind < 0) return packets;
    const last = packets.slice(0, behind + MAX_REORDER).findLastIndex(({ packet }) => packet.pts < time);
    return packets.slice(0, last + 1);
  }
}

const sizeOf = ({ packet }: TimedPacket): number => PACKET_BYTES + packet.data.length;

/** @throws MediaError `limit` when so many bytes wait because another track has nothing */
export function refuseMore(bytes: number): void {
  if (bytes > LIMITS.liveWaiting)
    throw new MediaError('limit', `${bytes} bytes came of some tracks where others have nothing`);
}
