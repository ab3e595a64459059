import type { Elementary, Place, Unit } from '../elementary.ts';
import { CLOCK } from '../stamps.ts';
import type { CutFrame, SoundFormat, SoundSplitter } from './framing.ts';

/** A PES packet whose frames are still coming. */
interface Mark {
  /** Of its payload's first byte, counted over all payloads. */
  readonly at: number;
  readonly place: Place;
  /** When the next frame that begins in it is heard: the stamp goes for the first (ISO/IEC 13818-1, 2.4.3.7). */
  next: number | null;
}

export interface SoundReading {
  readonly splitter: SoundSplitter;
  /** Frames with their headers, as the stream has them. */
  readonly isAsStored: boolean;
  /** Told the format of every frame. */
  readonly see?: (format: SoundFormat) => void;
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
  /** Bytes of all payloads that were cut, and of them those up to the end of the last frame. */
  #total = 0;
  #done = 0;
  /** End of the last frame. */
  #next: number | null = null;

  constructor(reading: SoundReading) {
    this.#reading = reading;
  }

  get pending(): Place | null {
    return this.#isOpen || this.#done < this.#total ? (this.#markOf(this.#done)?.place ?? null) : null;
  }

  begin(place: Place): Unit[] {
    const units = this.end();
    const first = this.#marks.findLastIndex(({ at }) => at <= this.#done);
    this.#marks.splice(0, Math.max(0, first));
    this.#marks.push({ at: this.#total, place, next: place.ticks });
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
    this.#done = this.#total;
    return units;
  }

  flush(): Unit[] {
    const units = this.end();
    const rest = this.#units(this.#reading.splitter.flush(), this.#total);
    this.#done = this.#total;
    return [...units, ...rest];
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
    return frames.flatMap((frame) => this.#unit(frame, base) ?? []);
  }

  #unit({ data, raw, samples, offset, format }: CutFrame, base: number): Unit | null {
    const { isAsStored, see } = this.#reading;
    see?.(format);
    const mark = this.#markOf(base + offset);
    this.#done = Math.max(this.#done, base + offset + raw.length);
    const ticks = mark?.next ?? this.#next;
    if (!mark || ticks === null) return null;
    const duration = (samples * CLOCK) / format.sampleRate;
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
