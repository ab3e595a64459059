import type { TimedPacket } from '../../core/contracts.ts';

/** Pictures that may follow one in decode order and still be shown before it. */
const MAX_REORDER = 16;

/** Packets of one track that wait to be written, in decode order. */
export class PacketQueue {
  #packets: TimedPacket[] = [];
  /** Where the last one ends: ticks of the track. */
  #reached = Number.NEGATIVE_INFINITY;

  get reached(): number {
    return this.#reached;
  }

  get isEmpty(): boolean {
    return this.#packets.length === 0;
  }

  add(packets: readonly TimedPacket[]): void {
    for (const packet of packets) this.#packets.push(packet);
    const last = packets.at(-1);
    if (last) this.#reached = last.dts + last.duration;
  }

  /** Those that decode before `time`. */
  takeBefore(time: number): TimedPacket[] {
    const at = this.#packets.findIndex(({ dts }) => dts >= time);
    return this.#packets.splice(0, at < 0 ? this.#packets.length : at);
  }

  /** All that is shown before `time`, and what that needs; the rest is let go. */
  takeShownBefore(time: number): TimedPacket[] {
    const packets = this.#packets;
    this.#packets = [];
    const behind = packets.findIndex(({ dts }) => dts >= time);
    if (behind < 0) return packets;
    const last = packets.slice(0, behind + MAX_REORDER).findLastIndex(({ packet }) => packet.pts < time);
    return packets.slice(0, last + 1);
  }
}
