import { concat } from '../../src/core/bytes.ts';
import type { Sample, SampleBatch, SampleHead } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import type { Joiner } from '../elementary/joiner.ts';
import type { Elementary, Place, Unit } from './elementary.ts';
import type { PacketFraming } from './framing.ts';
import type { PacketHead } from './packet.ts';
import { PacketStream } from './packet-stream.ts';
import { parsePesHeader } from './pes.ts';
import type { FollowedTables } from './program.ts';
import { timeOfTicks } from './stamps.ts';

/** One PID of which samples are wanted. */
export interface StreamReading {
  readonly trackId: number;
  readonly pid: number;
  /** New for each stretch that is read. */
  readonly elementary: Elementary;
  /** For streams of which several samples make one of MP4. */
  readonly joiner: Joiner | null;
}

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

/** Longest PES header: 9 bytes and 255 of fields. */
const MAX_HEADER = 264;
/** A PES packet whose end does not come for so many bytes does not keep the others back any longer. */
export const MAX_HOLD = 4 * 1024 * 1024;
const NOTHING = new Uint8Array(0);
const NEVER = Number.POSITIVE_INFINITY;

/** A PID's state. */
interface Pid {
  readonly stream: StreamReading;
  /** Of the PES packet whose header has not come whole. */
  header: Uint8Array | null;
  position: number;
  counter: number;
  /** Payload that the PES packet still has; Infinity when unbounded, 0 before the first. */
  left: number;
  isAnnounced: boolean;
  /** The sample that waits to be joined. */
  held: Sample | null;
}

/**
 * Reads packets from bytes as they arrive, beginning at any of them. A PES packet that began before is passed over.
 * Samples are given in order of their positions: each when nothing that began before it is still incomplete.
 */
export class TransportReader {
  readonly #context: ReaderContext;
  readonly #pids = new Map<number, Pid>();
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
    for (const stream of context.streams)
      this.#pids.set(stream.pid, {
        stream,
        header: null,
        position: 0,
        counter: -1,
        left: 0,
        isAnnounced: false,
        held: null,
      });
  }

  push(chunk: Uint8Array): SampleBatch {
    this.#skipped = 0;
    this.#skipped += this.#packets.push(chunk);
    return this.#batch();
  }

  /** Everything that began before was given. */
  get reached(): number {
    return this.#oldest().position;
  }

  /** Nothing more comes: gives all that is held. */
  flush(): SampleBatch {
    this.#skipped = 0;
    for (const pid of this.#pids.values()) {
      this.#take(pid, pid.stream.elementary.flush());
      this.#ready.push(...(pid.stream.joiner?.flush() ?? []));
      pid.held = null;
      pid.header = null;
    }
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
    const pid = this.#pids.get(head.pid);
    if (!pid) return;
    if (head.isDiscontinuity) pid.isAnnounced = true;
    if (head.isScrambled) this.scrambled.add(head.pid);
    if (!head.hasPayload || head.isScrambled) return;
    const isExpected = pid.counter < 0 || head.counter === ((pid.counter + 1) & 15) || head.isDiscontinuity;
    if (head.counter === pid.counter && !head.isDiscontinuity) return;
    pid.counter = head.counter;
    if (!isExpected) this.#lose(pid);
    if (head.isStart) this.#begin(pid, position);
    if (pid.header) this.#readHeader(pid, bytes.subarray(head.payloadStart, head.payloadEnd));
    else if (pid.left > 0) this.#payload(pid, bytes, head);
  }

  #payload(pid: Pid, bytes: Uint8Array, { payloadStart: start, payloadEnd }: PacketHead): void {
    const end = Math.min(payloadEnd, start + pid.left);
    pid.left -= end - start;
    this.#take(pid, pid.stream.elementary.append(bytes, start, end));
    if (pid.left <= 0) this.#take(pid, pid.stream.elementary.end());
  }

  #lose(pid: Pid): void {
    pid.header = null;
    this.#take(pid, pid.stream.elementary.lose());
  }

  #begin(pid: Pid, position: number): void {
    if (pid.left > 0) this.#take(pid, pid.stream.elementary.end());
    pid.header = NOTHING;
    pid.position = position;
    pid.left = 0;
    for (const other of this.#pids.values()) {
      const pending = other.stream.elementary.pending;
      if (pending && pending.position < position - MAX_HOLD)
        this.#take(other, other.stream.elementary.flush());
    }
  }

  /** A header that lies over two packets is rare, but legal. */
  #readHeader(pid: Pid, payload: Uint8Array): void {
    const bytes = pid.header && pid.header.length > 0 ? concat([pid.header, payload]) : payload;
    try {
      const header = parsePesHeader(bytes);
      if (!header && bytes.length < MAX_HEADER) {
        pid.header = bytes.slice();
        return;
      }
      pid.header = null;
      if (!header || header.isScrambled) return;
      this.#open(pid, header);
      pid.left = header.payloadBytes ?? Number.POSITIVE_INFINITY;
      const end = Math.min(bytes.length, header.headerBytes + pid.left);
      pid.left -= end - header.headerBytes;
      this.#take(pid, pid.stream.elementary.append(bytes, header.headerBytes, end));
      if (pid.left <= 0) this.#take(pid, pid.stream.elementary.end());
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      pid.header = null;
      this.#skipped += payload.length;
    }
  }

  #open(pid: Pid, { pts, dts }: { readonly pts: number | null; readonly dts: number | null }): void {
    const { position, isAnnounced } = pid;
    const id = pid.stream.pid;
    const stamp = dts ?? pts;
    if (stamp !== null) this.#context.see?.(id, stamp, { position, isAnnounced });
    pid.isAnnounced = false;
    const ticks = stamp === null ? null : this.#context.ticksOf(id, stamp, position);
    // PTS and DTS lie seconds apart at the most, whatever wraps between them.
    const delay = pts !== null && dts !== null ? ((pts - dts + 3 * 2 ** 32) % 2 ** 33) - 2 ** 32 : 0;
    const place: Place = { position, ticks: ticks === null ? null : ticks + delay };
    this.#take(pid, pid.stream.elementary.begin(place));
  }

  #take(pid: Pid, units: readonly Unit[]): void {
    const { trackId, elementary, joiner } = pid.stream;
    for (const { data, place, ticks, duration, isKey } of units) {
      const sample: Sample = {
        trackId,
        time: timeOfTicks(ticks),
        duration: duration === null ? null : timeOfTicks(duration),
        isKey,
        position: place.position,
        entry: place.position,
        data,
      };
      if (!joiner) {
        this.#ready.push(sample);
        continue;
      }
      const complete = joiner.add(sample);
      this.#ready.push(...complete);
      const isHeld = complete.length === 0 || complete.at(-1) === pid.held;
      pid.held = isHeld ? (complete.length === 0 ? (pid.held ?? sample) : sample) : null;
    }
    this.#skipped += elementary.takeSkipped();
  }

  #move(moved: ReadonlyMap<number, number>): void {
    for (const [from, to] of moved) {
      const pid = this.#pids.get(from);
      if (!pid || this.#pids.has(to)) continue;
      this.#take(pid, pid.stream.elementary.flush());
      this.#pids.delete(from);
      this.#pids.set(to, { ...pid, stream: { ...pid.stream, pid: to }, header: null, counter: -1, left: 0 });
    }
  }

  /** What nothing incomplete comes before, and the head of what does. */
  #batch(limit = 0): SampleBatch {
    const { next, position: oldest } = this.#oldest();
    const position = Math.max(limit, oldest);
    const samples = this.#ready.filter((sample) => sample.position < position);
    if (samples.length > 0) {
      this.#ready = this.#ready.filter((sample) => sample.position >= position);
      samples.sort((a, b) => a.position - b.position);
    }
    return { samples, next, skipped: this.#skipped };
  }

  #oldest(): { readonly next: SampleHead | null; readonly position: number } {
    let position = Number.POSITIVE_INFINITY;
    let next: SampleHead | null = null;
    for (const { stream, header, held, position: begun } of this.#pids.values()) {
      const place = stream.elementary.pending;
      position = Math.min(position, held?.position ?? NEVER, header === null ? NEVER : begun);
      if (!place || place.position >= position) continue;
      position = place.position;
      const time = place.ticks === null ? null : timeOfTicks(place.ticks);
      const entry = place.position;
      next =
        time === null
          ? null
          : { trackId: stream.trackId, time, isKey: null, position, entry, prefix: NOTHING };
    }
    return { next, position };
  }
}
