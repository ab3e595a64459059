import { joinLengthPrefixed } from '../../../src/codecs/nal.ts';
import type { FrameRate } from '../../../src/core/time.ts';
import type { Elementary, Place, Unit } from '../elementary.ts';
import { CLOCK } from '../stamps.ts';
import { type AccessUnit, AccessUnitSplitter } from './access-units.ts';
import type { NalRules } from './nal-rules.ts';
import type { PictureCodec } from './pictures.ts';

export interface VideoReading {
  readonly codec: PictureCodec;
  readonly rules: NalRules;
  /** For pictures that have no stamps of their own; null when unknown. */
  readonly frameRate: FrameRate | null;
  /** Annex B as the stream has it, and what has no picture too. */
  readonly isAsStored: boolean;
  /** Told every access unit's NAL units. */
  readonly see?: (nals: readonly Uint8Array[]) => void;
}

/** Until two stamps were met. */
const USUAL_STEP = CLOCK / 25;

/** Access units as samples of MP4. */
export class VideoElementary implements Elementary {
  readonly #reading: VideoReading;
  readonly #splitter: AccessUnitSplitter<Place, Unit>;
  #isFresh = false;
  #last: number | null = null;
  readonly #step: number;

  constructor(reading: VideoReading) {
    this.#reading = reading;
    this.#splitter = new AccessUnitSplitter(reading.rules, (unit) => this.#unit(unit));
    const { frameRate } = reading;
    this.#step = frameRate ? (CLOCK * frameRate.den) / frameRate.num : USUAL_STEP;
  }

  get pending(): Place | null {
    return this.#splitter.pending;
  }

  begin(place: Place): Unit[] {
    this.#isFresh = true;
    return this.#splitter.mark(place);
  }

  append(bytes: Uint8Array, start: number, end: number): Unit[] {
    this.#splitter.append(bytes, start, end);
    if (!this.#isFresh) return NONE;
    // What begins here most often ends what came before.
    this.#isFresh = false;
    return this.#splitter.advance();
  }

  /** Pictures of more than 64 KB cannot tell their length; some writers tell the rest of it. */
  surplus(bytes: Uint8Array, start: number, end: number): Unit[] {
    return this.append(bytes, start, end);
  }

  end(): Unit[] {
    return NONE;
  }

  /** A damaged picture is still better than none. */
  lose(): Unit[] {
    return NONE;
  }

  flush(): Unit[] {
    return this.#splitter.flush();
  }

  takeSkipped(): number {
    return 0;
  }

  #unit({ bytes, nals, place, isFollower }: AccessUnit<Place>): Unit | null {
    const { codec, isAsStored, see } = this.#reading;
    see?.(nals);
    const own = isFollower ? null : place.ticks;
    const ticks = own ?? (this.#last === null ? null : this.#last + this.#step);
    if (ticks === null || (!isAsStored && !nals.some(codec.isSlice))) return null;
    this.#last = ticks;
    return {
      data: isAsStored ? bytes.slice() : joinLengthPrefixed(nals.filter(codec.isStored)),
      place,
      ticks,
      duration: null,
      isKey: nals.some(codec.isKey),
    };
  }
}

const NONE: Unit[] = [];
