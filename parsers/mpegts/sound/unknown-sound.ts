import type { Elementary, Place, Unit } from '../elementary.ts';
import { CLOCK } from '../stamps.ts';
import { recogniseSound } from './recognition.ts';
import type { SoundCodec } from './splitter.ts';

/** What becomes of private data. */
export interface Verdict {
  /** They are sound: gives what reads the rest of it; null where it is not to be read. */
  found(codec: SoundCodec): Elementary | null;
  /** They are none, or nobody knows. */
  lost(): void;
}

/** Of any codec, many frames: what is none by then is something else. */
const MAX_BYTES = 64 * 1024;
/** By how much the bytes must grow before they are searched again. */
const GROWTH = 2;
/** Ticks for which it is waited, for its first bytes and then for its frames: decoders hold no more of the others. */
const MAX_LATE = CLOCK;

/** Private data that may be sound, until frames of a codec are met in them. */
export class UnknownElementary implements Elementary {
  readonly #verdict: Verdict;
  #bytes = new Uint8Array(0);
  #length = 0;
  /** Bytes from which on it is worth to search. */
  #wanted = 1;
  #first: Place | null = null;
  /** Where another stream was when this one began to be waited for. */
  #waitsSince: number | null = null;
  #known: Elementary | null = null;
  #isOver = false;

  constructor(verdict: Verdict) {
    this.#verdict = verdict;
  }

  get pending(): Place | null {
    return this.#known?.pending ?? null;
  }

  begin(place: Place): readonly Unit[] {
    this.#look(this.#wanted);
    if (!this.#first) this.#waitsSince = null;
    this.#first ??= place;
    return this.#known?.begin(place) ?? [];
  }

  append(bytes: Uint8Array, start: number, end: number): readonly Unit[] {
    if (this.#known) return this.#known.append(bytes, start, end);
    if (this.#isOver || !this.#first) return [];
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(MAX_BYTES);
    const part = bytes.subarray(start, Math.min(end, start + MAX_BYTES - this.#length));
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
    if (this.#length === MAX_BYTES) this.#look(MAX_BYTES);
    return [];
  }

  end(): readonly Unit[] {
    if (!this.#known) this.#look(this.#wanted);
    return this.#known?.end() ?? [];
  }

  lose(): readonly Unit[] {
    this.#length = 0;
    this.#wanted = 1;
    return this.#known?.lose() ?? [];
  }

  flush(): readonly Unit[] {
    if (!this.#known) this.#look(1);
    return this.#known?.flush() ?? [];
  }

  takeSkipped(): number {
    return this.#known?.takeSkipped() ?? 0;
  }

  outrun({ ticks }: Place): void {
    if (this.#known || this.#isOver || ticks === null) return;
    this.#waitsSince ??= ticks;
    if (Math.abs(ticks - this.#waitsSince) <= MAX_LATE) return;
    this.#look(1);
    if (!this.#known) this.#giveUp();
  }

  /** @param wanted bytes below which it is too early */
  #look(wanted: number): void {
    if (this.#known || this.#isOver || !this.#first || this.#length < wanted) return;
    const bytes = this.#bytes.subarray(0, this.#length);
    const found = recogniseSound(bytes);
    this.#wanted = this.#length * GROWTH;
    if (found) {
      this.#known = this.#verdict.found(found.codec);
      this.#isOver = true;
      this.#known?.begin(this.#first);
      this.#known?.append(bytes, 0, bytes.length);
      this.#bytes = new Uint8Array(0);
    } else if (this.#length === MAX_BYTES) this.#giveUp();
  }

  #giveUp(): void {
    this.#isOver = true;
    this.#bytes = new Uint8Array(0);
    this.#verdict.lost();
  }
}
