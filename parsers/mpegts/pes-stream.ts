import { concat, equalBytes } from '../../src/core/bytes.ts';
import type { Sample, SampleHead } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import type { Joiner } from '../elementary/joiner.ts';
import type { Elementary, Place, Unit } from './elementary.ts';
import type { PacketHead } from './packet.ts';
import { type PesHeader, parsePesHeader } from './pes.ts';
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

export interface PesContext {
  /** A PES packet begins. */
  begins(position: number): void;
  /** What its stamps mean. */
  placeOf(
    pid: number,
    header: PesHeader,
    at: { readonly position: number; readonly isAnnounced: boolean },
  ): Place;
  /** A sample is whole. */
  give(sample: Sample): void;
}

/** Longest PES header: 9 bytes and 255 of fields. */
const MAX_HEADER = 264;
/** What is not whole after so many bytes does not keep the others back any longer. */
export const MAX_HOLD = 4 * 1024 * 1024;
/**
 * A PES packet of more bytes is read as if another one without stamps began there; the other half of `MAX_HOLD` is left
 * for what began in it.
 */
const LONG = MAX_HOLD / 2;
const NOTHING: Uint8Array = new Uint8Array(0);
const NEVER = Number.POSITIVE_INFINITY;
const COUNTERS = 15;
const STUFFING = 0xff;

/** From packets of one PID to samples. A PES packet that began before the first one is passed over. */
export class PesStream {
  readonly #context: PesContext;
  readonly #reading: StreamReading;
  #pid: number;
  /** What has come of a PES header that is not whole. */
  #header: Uint8Array | null = null;
  /** Of the PES packet. */
  #position = 0;
  /** Of the packet before, and its payload. */
  #counter = -1;
  #bytes = NOTHING;
  #start = 0;
  #end = 0;
  /** Payload that the PES packet still has; Infinity when unbounded, 0 before the first. */
  #left = 0;
  #isOpen = false;
  #isAnnounced = false;
  /** The first sample that waits to be joined. */
  #held: Sample | null = null;
  #skipped = 0;

  constructor(reading: StreamReading, context: PesContext) {
    this.#reading = reading;
    this.#pid = reading.pid;
    this.#context = context;
  }

  get elementary(): Elementary {
    return this.#reading.elementary;
  }

  /** Bytes that made no sense since the last call. */
  takeSkipped(): number {
    const skipped = this.#skipped + this.elementary.takeSkipped();
    this.#skipped = 0;
    return skipped;
  }

  /** Its next packet. */
  read(head: PacketHead, bytes: Uint8Array, position: number): void {
    if (head.isDiscontinuity) this.#isAnnounced = true;
    if (!head.hasPayload || head.isScrambled || !this.#follows(head, bytes)) return;
    if (head.isStart) this.#begin(position);
    if (this.#header) this.#readHeader(bytes.subarray(head.payloadStart, head.payloadEnd));
    else if (this.#isOpen) this.#payload(bytes, head, position);
  }

  /** The PES packet under way, as it is by now, and what waits for more. */
  flush(): void {
    this.#take(this.elementary.flush());
    for (const sample of this.#reading.joiner?.flush() ?? []) this.#context.give(sample);
    this.#held = null;
    this.#header = null;
  }

  /** Gives up what began before a place. */
  release(position: number): void {
    const { pending } = this.elementary;
    if (pending && pending.position < position) this.#take(this.elementary.flush());
    if (this.#header && this.#position < position) this.#header = null;
    if (!this.#held || this.#held.position >= position) return;
    for (const sample of this.#reading.joiner?.flush() ?? []) this.#context.give(sample);
    this.#held = null;
  }

  /** Goes on with another PID. */
  move(pid: number): void {
    this.#take(this.elementary.flush());
    this.#pid = pid;
    this.#header = null;
    this.#counter = -1;
    this.#isOpen = false;
  }

  /** Where the oldest begins that is not whole; infinite when nothing is. */
  get reached(): number {
    const pending = this.elementary.pending?.position ?? NEVER;
    return Math.min(pending, this.#held?.position ?? NEVER, this.#header ? this.#position : NEVER);
  }

  /** The head of what is under way; null where it is not known. */
  get next(): SampleHead | null {
    const place = this.elementary.pending;
    if (!place || place.ticks === null || place.position > this.reached) return null;
    const { position } = place;
    const time = timeOfTicks(place.ticks);
    return { trackId: this.#reading.trackId, time, isKey: null, position, entry: position, prefix: NOTHING };
  }

  /**
   * False for a packet that comes twice (ISO/IEC 13818-1, 2.4.3.3). Some writers never count: then packets differ, and
   * none is known to be lost.
   */
  #follows(head: PacketHead, bytes: Uint8Array): boolean {
    const before = this.#counter;
    const isNext = head.counter === ((before + 1) & COUNTERS) || head.isDiscontinuity || before < 0;
    const isSame = before === head.counter;
    if (!isNext && isSame && this.#isRepeated(head, bytes)) return false;
    this.#counter = head.counter;
    this.#bytes = bytes;
    this.#start = head.payloadStart;
    this.#end = head.payloadEnd;
    if (!isNext && !isSame) this.#lose();
    return true;
  }

  #isRepeated({ payloadStart, payloadEnd }: PacketHead, bytes: Uint8Array): boolean {
    return equalBytes(bytes.subarray(payloadStart, payloadEnd), this.#bytes.subarray(this.#start, this.#end));
  }

  #lose(): void {
    this.#header = null;
    this.#take(this.elementary.lose());
  }

  #payload(bytes: Uint8Array, { payloadStart, payloadEnd }: PacketHead, position: number): void {
    if (position - this.#position > LONG) {
      this.#position = position;
      this.#context.begins(position);
      this.#take(this.elementary.begin({ position, ticks: null }));
    }
    this.#append(bytes, payloadStart, payloadEnd);
  }

  #append(bytes: Uint8Array, start: number, payloadEnd: number): void {
    if (this.#left === NEVER) {
      this.#take(this.elementary.append(bytes, start, payloadEnd));
      return;
    }
    const isWhole = this.#left <= 0;
    const end = Math.min(payloadEnd, start + this.#left);
    if (end > start) this.#take(this.elementary.append(bytes, start, end));
    this.#left -= end - start;
    if (this.#left <= 0 && !isWhole) this.#take(this.elementary.end());
    if (end < payloadEnd && !isStuffing(bytes.subarray(end, payloadEnd)))
      this.#take(this.elementary.surplus?.(bytes, end, payloadEnd) ?? []);
  }

  #begin(position: number): void {
    if (this.#isOpen && this.#left > 0) this.#take(this.elementary.end());
    this.#header = NOTHING;
    this.#position = position;
    this.#isOpen = false;
    this.#context.begins(position);
  }

  /** A header that lies over two packets is rare, but legal. */
  #readHeader(payload: Uint8Array): void {
    const bytes = this.#header && this.#header.length > 0 ? concat([this.#header, payload]) : payload;
    try {
      const header = parsePesHeader(bytes);
      this.#header = !header && bytes.length < MAX_HEADER ? bytes.slice() : null;
      if (!header || header.isScrambled || this.elementary.isForeign?.(header)) return;
      this.#open(header);
      this.#append(bytes, header.headerBytes, bytes.length);
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#header = null;
      this.#skipped += payload.length;
    }
  }

  #open(header: PesHeader): void {
    const at = { position: this.#position, isAnnounced: this.#isAnnounced };
    const place = this.#context.placeOf(this.#pid, header, at);
    this.#isAnnounced = false;
    this.#isOpen = true;
    this.#left = header.payloadBytes ?? NEVER;
    this.#take(this.elementary.begin(place));
  }

  #take(units: readonly Unit[]): void {
    if (units.length === 0) return;
    for (const unit of units) this.#give(sampleOf(unit, this.#reading.trackId));
  }

  #give(sample: Sample): void {
    const { joiner } = this.#reading;
    if (!joiner) {
      this.#context.give(sample);
      return;
    }
    const complete = joiner.add(sample);
    for (const one of complete) this.#context.give(one);
    const isHeld = complete.length === 0 || complete.at(-1) === this.#held;
    this.#held = isHeld ? (complete.length === 0 ? (this.#held ?? sample) : sample) : null;
  }
}

/** Behind the end of a PES packet, where some writers put it. */
const isStuffing = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === STUFFING);

/** Of several samples in one PES packet each has a position of its own, before the end of its first packet. */
const MAX_ORDINAL = 187;

function sampleOf(
  { data, place, ticks, duration, isKey, ordinal = 0, entry }: Unit,
  trackId: number,
): Sample {
  return {
    trackId,
    time: timeOfTicks(ticks),
    duration: duration === null ? null : timeOfTicks(duration),
    isKey,
    position: place.position + Math.min(ordinal, MAX_ORDINAL),
    entry: entry ?? place.position,
    data,
  };
}
