import { concat } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import type { CutFrame, Framing, Gap, Sound, SoundFormat, SoundSplitter } from './framing.ts';
import { findStart, type Measured, measureFrame } from './sync.ts';

/** By how much held bytes must grow before a start is searched in all of them again: else tiny payloads cost a lot. */
const GROWTH = 0.25;

/** Bytes of all payloads that are needed, in one piece, and the last of them by itself, so that views are its own. */
interface Window {
  readonly bytes: Uint8Array;
  readonly payload: Uint8Array;
  /** Where the payload begins in the bytes. */
  readonly held: number;
  /** No payload follows: what ends with the bytes is whole, what reaches beyond them is none. */
  readonly isLast: boolean;
}

/**
 * The splitter of any codec. The first frame is found by its sync word and another one at its end; from then on every
 * frame is expected at the end of the last. A frame that ends where none begins, with a sure start of another in its
 * last part, was none: its length was damaged. So what comes out from some payload on hardly depends on earlier ones.
 */
export class FrameCutter implements SoundSplitter {
  readonly #framing: Framing;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Held bytes below which there is nothing to be done. */
  #wanted = 0;
  #isLocked = false;
  /** Of which parts the last frame was made. */
  #usual: Measured | null = null;
  #skipped = 0;
  #gaps: Gap[] = [];
  /** Bytes that may be the rest of a frame which began before the first payload. */
  #foreign: number;
  #format: SoundFormat | null = null;
  #refused: MediaError | null = null;

  constructor(framing: Framing) {
    this.#framing = framing;
    this.#foreign = framing.maxBytes;
  }

  get format(): SoundFormat | null {
    return this.#format;
  }

  get refused(): MediaError | null {
    return this.#refused;
  }

  get held(): number {
    return this.#length;
  }

  push(payload: Uint8Array): readonly CutFrame[] {
    if (payload.length === 0) return [];
    const held = this.#length;
    this.#chunks.push(payload);
    this.#length += payload.length;
    if (this.#length < this.#wanted) return [];
    const bytes = held === 0 ? payload : concat(this.#chunks);
    return this.#cut({ bytes, payload, held, isLast: false });
  }

  flush(): readonly CutFrame[] {
    const bytes = concat(this.#chunks);
    const frames = this.#cut({ bytes, payload: new Uint8Array(0), held: bytes.length, isLast: true });
    this.#forget();
    return frames;
  }

  lose(): void {
    this.#skip(this.#length);
    this.#forget();
  }

  takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }

  takeGaps(): readonly Gap[] {
    const gaps = this.#gaps;
    this.#gaps = [];
    return gaps;
  }

  #forget(): void {
    this.#hold(new Uint8Array(0), 0);
    this.#isLocked = false;
    this.#usual = null;
    this.#framing.reset?.();
  }

  #hold(bytes: Uint8Array, wanted: number): void {
    this.#chunks = bytes.length > 0 ? [bytes] : [];
    this.#length = bytes.length;
    this.#wanted = wanted;
  }

  #skip(size: number): void {
    const foreign = Math.min(this.#foreign, size);
    this.#foreign -= foreign;
    this.#skipped += size - foreign;
  }

  #cut(window: Window): CutFrame[] {
    const { bytes } = window;
    const frames: CutFrame[] = [];
    let at = 0;
    while (at < bytes.length) {
      const from = this.#isLocked ? at : this.#lock(window, at);
      if (!this.#isLocked) {
        const held = bytes.length - from;
        this.#hold(bytes.subarray(from), held + Math.floor(held * GROWTH));
        return frames;
      }
      const frame = this.#measure(window, from);
      if (typeof frame === 'number') {
        const inner = window.isLast ? this.#innerStart(window, from + 1, bytes.length) : null;
        this.#hold(bytes.subarray(from), frame);
        if (inner === null) return frames;
        this.#skip(inner - from);
        at = inner;
      } else if (frame) at = this.#take(window, from, frame, frames);
      else {
        at = from;
        this.#isLocked = false;
      }
    }
    this.#hold(new Uint8Array(0), 0);
    return frames;
  }

  /** Where the next frame begins; locked where that is sure, else it is where one may begin. */
  #lock({ bytes, held, isLast }: Window, at: number): number {
    const aligned = isLast ? 0 : held;
    const start = findStart(this.#framing, bytes, { at, end: bytes.length, aligned });
    const from = start?.at ?? bytes.length;
    this.#skip(from - at);
    this.#isLocked = start?.isSure ?? false;
    if (!this.#isLocked) return from;
    this.#foreign = 0;
    if (this.#framing.isSparse) this.#gaps.push({ offset: from - held - 1, frames: null });
    return from;
  }

  /** Where to go on behind a frame, or in it where it was none. */
  #take(window: Window, at: number, frame: Measured, frames: CutFrame[]): number {
    const end = at + frame.bytes;
    if (!frame.isFollowed) {
      const inner = this.#innerStart(window, at + frame.lastPart + 1, end);
      if (inner !== null) {
        this.#skip(inner - at);
        return inner;
      }
      this.#isLocked = false;
    }
    this.#usual = frame;
    for (const cut of this.#framesOf(window, at, end)) frames.push(cut);
    return end;
  }

  /** A frame of several parts that ends with the bytes is taken for whole where it is like the one before it. */
  #measure({ bytes, isLast }: Window, at: number): Measured | number | null {
    const isWhole = ({ parts, samples }: Measured) =>
      isLast || (parts === this.#usual?.parts && samples === this.#usual.samples);
    return measureFrame(this.#framing, bytes, at, isWhole);
  }

  /** A sure start in [at, end). */
  #innerStart({ bytes, held }: Window, at: number, end: number): number | null {
    const inner = findStart(this.#framing, bytes, { at, end, aligned: held });
    return inner?.isSure ? inner.at : null;
  }

  #framesOf({ bytes, payload, held }: Window, at: number, end: number): CutFrame[] {
    const isCarried = at < held;
    const raw = isCarried ? bytes.subarray(at, end) : payload.subarray(at - held, end - held);
    const sounds = this.#soundsOf(raw);
    this.#format = sounds.at(-1)?.format ?? this.#format;
    if (sounds.length === 0) this.#gaps.push({ offset: at - held, frames: 1 });
    return sounds.map((sound, i) => ({
      ...sound,
      raw: sound.raw ?? (i === 0 ? raw : raw.subarray(0, 0)),
      offset: at - held + (sound.raw ? sound.raw.byteOffset - raw.byteOffset : 0),
      isCarried,
    }));
  }

  #soundsOf(raw: Uint8Array): readonly Sound[] {
    try {
      return this.#framing.sounds(raw);
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#refused = error;
      this.#skip(raw.length);
      return [];
    }
  }
}
