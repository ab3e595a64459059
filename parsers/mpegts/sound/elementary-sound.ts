import type { CutFrame, Gap, SoundFormat, SoundSplitter } from '../../elementary/sound/framing.ts';
import type { Elementary, Place, Unit } from '../elementary.ts';
import type { PesHeader } from '../pes.ts';
import { CLOCK } from '../stamps.ts';

/** A PES packet whose frames are still coming. */
interface Mark {
  /** Of its payload's first byte, counted over all payloads. */
  readonly at: number;
  readonly place: Place;
  /** When the next frame that begins in it is heard: the stamp goes for the first (ISO/IEC 13818-1, 2.4.3.7). */
  next: number | null;
  /** Frames that began since, of which nobody knew yet how long they last. */
  passed: number;
}

export interface SoundReading {
  readonly splitter: SoundSplitter;
  /** Frames with their headers, as the stream has them. */
  readonly isAsStored: boolean;
  /** stream_id_extension of PES packets that have another stream. */
  readonly foreign?: number | null;
  /** Told the format of every frame, and when it is heard. */
  readonly see?: (format: SoundFormat, ticks: number | null) => void;
}

/** Longest payload that is collected: of an unbounded PES packet nothing tells the end but the next one. */
const MAX_PAYLOAD = 1 << 20;
const FIRST_CAPACITY = 4096;

/** Frames of sound as samples of MP4. */
export class SoundElementary implements Elementary {
  readonly #reading: SoundReading;
  #payload = new Uint8Array(FIRST_CAPACITY);
  #length = 0;
  #isOpen = false;
  #marks: Mark[] = [];
  /** Bytes of all payloads that were cut. */
  #total = 0;
  /** End of the last frame, and how long it lasts. */
  #next: number | null = null;
  #step = 0;

  constructor(reading: SoundReading) {
    this.#reading = reading;
  }

  /** Of them, those of which nothing is waited for. */
  get #done(): number {
    return this.#total - this.#reading.splitter.held;
  }

  isForeign({ extension }: PesHeader): boolean {
    return extension !== null && extension === this.#reading.foreign;
  }

  get pending(): Place | null {
    return this.#isOpen || this.#done < this.#total ? (this.#markOf(this.#done)?.place ?? null) : null;
  }

  begin(place: Place): Unit[] {
    const units = this.end();
    const first = this.#marks.findLastIndex(({ at }) => at <= this.#done);
    this.#marks.splice(0, Math.max(0, first));
    this.#marks.push({ at: this.#total, place, next: place.ticks, passed: 0 });
    this.#isOpen = true;
    return units;
  }

  append(bytes: Uint8Array, start: number, end: number): Unit[] {
    const size = end - start;
    if (!this.#isOpen) return [];
    if (this.#length + size > this.#payload.length) this.#grow(this.#length + size);
    this.#payload.set(bytes.subarray(start, end), this.#length);
    this.#length += size;
    return this.#length > MAX_PAYLOAD ? this.#cut() : [];
  }

  end(): Unit[] {
    const units = this.#isOpen ? this.#cut() : [];
    this.#isOpen = false;
    return units;
  }

  lose(): Unit[] {
    const units = this.end();
    this.#reading.splitter.lose();
    return units;
  }

  flush(): Unit[] {
    const units = this.end();
    return [...units, ...this.#units(this.#reading.splitter.flush(), this.#total)];
  }

  takeSkipped(): number {
    return this.#reading.splitter.takeSkipped();
  }

  #cut(): Unit[] {
    const payload = this.#payload.slice(0, this.#length);
    const base = this.#total;
    this.#total += this.#length;
    this.#length = 0;
    return this.#units(this.#reading.splitter.push(payload), base);
  }

  /** @param base what the offsets of frames are counted from */
  #units(frames: readonly CutFrame[], base: number): Unit[] {
    const gaps = [...this.#reading.splitter.takeGaps()];
    const units: Unit[] = [];
    for (const frame of frames) {
      while (gaps[0] && gaps[0].offset < frame.offset) this.#pass(gaps.shift(), base);
      const unit = this.#unit(frame, base);
      if (unit) units.push(unit);
    }
    for (const gap of gaps) this.#pass(gap, base);
    return units;
  }

  /** What is heard behind a gap is late by what it lasts; where that is never known, the next stamp tells. */
  #pass(gap: Gap | undefined, base: number): void {
    if (!gap) return;
    const mark = this.#marks.findLast(({ at }) => at <= base + gap.offset);
    if (gap.frames === null) this.#next = null;
    else if (this.#next !== null) this.#next += this.#step;
    if (!mark) return;
    if (gap.frames === null) mark.next = null;
    else mark.passed++;
  }

  #unit({ data, raw, samples, offset, format }: CutFrame, base: number): Unit | null {
    const { isAsStored, see } = this.#reading;
    const mark = this.#markOf(base + offset);
    const duration = (samples * CLOCK) / format.sampleRate;
    const own = mark?.next ?? null;
    const ticks = own === null ? this.#next : own + (mark?.passed ?? 0) * duration;
    see?.(format, ticks);
    if (!mark || ticks === null) return null;
    mark.passed = 0;
    this.#step = duration;
    this.#next = ticks + duration;
    mark.next = this.#next;
    if (isAsStored && raw.length === 0) return null;
    return { data: isAsStored ? raw : data, place: mark.place, ticks, duration, isKey: true };
  }

  #markOf(at: number): Mark | undefined {
    return this.#marks.findLast((mark) => mark.at <= at) ?? this.#marks[0];
  }

  #grow(size: number): void {
    const payload = new Uint8Array(Math.max(size, this.#payload.length * 2));
    payload.set(this.#payload.subarray(0, this.#length));
    this.#payload = payload;
  }
}
