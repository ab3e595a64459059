import type { Sample, SampleBatch } from '../../src/core/contracts.ts';
import type { Place } from './elementary.ts';
import type { PacketFraming } from './framing.ts';
import type { PacketHead } from './packet.ts';
import { PacketStream } from './packet-stream.ts';
import type { PesHeader } from './pes.ts';
import { MAX_HOLD, type PesContext, PesStream, type StreamReading } from './pes-stream.ts';
import type { FollowedTables } from './program.ts';

export interface ReaderContext {
  readonly framing: Pick<PacketFraming, 'stride' | 'lead'>;
  readonly streams: readonly StreamReading[];
  /** Ticks of 90 kHz on one line, by place. */
  ticksOf(pid: number, stamp: number, position: number): number;
  /** Told every stamp before it is asked for; absent where all are known. */
  readonly see?: (
    pid: number,
    stamp: number,
    at: { readonly position: number; readonly isAnnounced: boolean },
  ) => void;
  readonly tables?: FollowedTables;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * Reads packets from bytes as they arrive, beginning at any of them. Samples are given in order of their positions: each
 * when nothing that began before it is still incomplete.
 */
export class TransportReader {
  readonly #context: ReaderContext;
  readonly #pids: Map<number, PesStream>;
  /** Those that are told how far the others have come. */
  readonly #waiting: readonly PesStream[];
  readonly #packets: PacketStream;
  #ready: Sample[] = [];
  #skipped = 0;
  /** PIDs of which scrambled packets were met. */
  readonly scrambled = new Set<number>();

  constructor(position: number, context: ReaderContext) {
    this.#packets = new PacketStream(position, context.framing, (head, bytes, at) =>
      this.#packet(head, bytes, at),
    );
    this.#context = context;
    const own: PesContext = {
      begins: (position) => this.#release(position - MAX_HOLD),
      placeOf: (pid, header, at) => this.#placeOf(pid, header, at),
      give: (sample) => this.#ready.push(sample),
    };
    this.#pids = new Map(context.streams.map((stream) => [stream.pid, new PesStream(stream, own)]));
    this.#waiting = [...this.#pids.values()].filter(({ elementary }) => elementary.outrun);
  }

  push(chunk: Uint8Array): SampleBatch {
    this.#skipped = this.#packets.push(chunk);
    return this.#batch();
  }

  /** Everything that began before was given. */
  get reached(): number {
    return Math.min(...[...this.#pids.values()].map(({ reached }) => reached));
  }

  /** Nothing more comes: gives all that is held. */
  flush(): SampleBatch {
    this.#skipped = 0;
    for (const stream of this.#pids.values()) stream.flush();
    return this.#batch(NEVER);
  }

  #packet(head: PacketHead, bytes: Uint8Array, position: number): void {
    if (head.isDamaged) return;
    const { tables } = this.#context;
    if (tables?.pids.has(head.pid) && head.hasPayload && !head.isScrambled) {
      const moved = tables.push(head.pid, bytes.subarray(head.payloadStart, head.payloadEnd), head.isStart);
      if (moved) this.#move(moved);
      return;
    }
    const stream = this.#pids.get(head.pid);
    if (!stream) return;
    if (head.isScrambled) this.scrambled.add(head.pid);
    stream.read(head, bytes, position);
  }

  #release(position: number): void {
    if (position > 0) for (const stream of this.#pids.values()) stream.release(position);
  }

  #placeOf(
    pid: number,
    { pts, dts }: PesHeader,
    at: { readonly position: number; readonly isAnnounced: boolean },
  ): Place {
    const { position } = at;
    const stamp = dts ?? pts;
    if (stamp !== null) this.#context.see?.(pid, stamp, at);
    const ticks = stamp === null ? null : this.#context.ticksOf(pid, stamp, position);
    // PTS and DTS lie seconds apart at the most, whatever wraps between them.
    const delay = pts !== null && dts !== null ? ((pts - dts + 3 * 2 ** 32) % 2 ** 33) - 2 ** 32 : 0;
    const place: Place = { position, ticks: ticks === null ? null : ticks + delay };
    const own = this.#pids.get(pid);
    for (const other of this.#waiting) if (other !== own) other.elementary.outrun?.(place);
    return place;
  }

  #move(moved: ReadonlyMap<number, number>): void {
    for (const [from, to] of moved) {
      const stream = this.#pids.get(from);
      if (!stream || this.#pids.has(to)) continue;
      stream.move(to);
      this.#pids.delete(from);
      this.#pids.set(to, stream);
    }
  }

  /** What nothing incomplete comes before, and the head of what does. */
  #batch(limit = 0): SampleBatch {
    const streams = [...this.#pids.values()];
    for (const stream of streams) this.#skipped += stream.takeSkipped();
    const oldest = streams.reduce<PesStream | null>(
      (first, stream) => (first && first.reached <= stream.reached ? first : stream),
      null,
    );
    const position = Math.max(limit, oldest?.reached ?? NEVER);
    const samples = this.#ready.filter((sample) => sample.position < position);
    if (samples.length > 0) {
      this.#ready = this.#ready.filter((sample) => sample.position >= position);
      samples.sort((a, b) => a.position - b.position);
    }
    return { samples, next: oldest?.next ?? null, skipped: this.#skipped };
  }
}
