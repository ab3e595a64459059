import type { MediaError } from '../../../src/core/errors.ts';
import type { SoundConfig } from '../../../src/core/media.ts';

/** What a decoder and a sample entry are told. */
export interface SoundFormat {
  readonly config: SoundConfig;
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples of every frame; null where they vary (Opus). */
  readonly frameSize: number | null;
}

/** What a frame holds for MP4. */
export interface Sound {
  /** As MP4 stores it: raw AAC without ADTS or LATM, Opus without its control header; else the frame itself. */
  readonly data: Uint8Array;
  /** Where a frame holds several with a place of their own each: its bytes, a view of the frame's. */
  readonly raw?: Uint8Array;
  /** How long it lasts, in samples at the format's sampleRate. */
  readonly samples: number;
  /** The same object as long as nothing changes. */
  readonly format: SoundFormat;
}

/** A frame of sound as it comes out of an elementary stream. */
export interface CutFrame extends Sound {
  /**
   * As the stream has it: with the ADTS header, the LOAS frame. Of several frames behind one header the first has all
   * of it, the others none.
   */
  readonly raw: Uint8Array;
  /** Of its first byte from the beginning of the payload pushed last; negative where it began in an earlier one. */
  readonly offset: number;
  /** It began in an earlier PES packet than the one that completed it. */
  readonly isCarried: boolean;
}

/** A place in the payloads where time goes by without a sound. */
export interface Gap {
  /** As that of frames. */
  readonly offset: number;
  /** How many make none: one, or nobody knows. */
  readonly frames: 1 | null;
}

/** Cuts the payloads of one stream's PES packets, given in order, into frames. Holds less than one frame. */
export interface SoundSplitter {
  /**
   * The payload of the next PES packet, whole. Frames that are complete now: views into the payload, joined where they
   * lie in two. Never throws: what makes no frame is passed over.
   */
  push(payload: Uint8Array): readonly CutFrame[];
  /**
   * No payload follows: the frame that only waited for what might have belonged to it. Offsets count from the end of
   * the last payload.
   */
  flush(): readonly CutFrame[];
  /** Bytes were lost: what is held is dropped, and the next frame is found by its sync word. */
  lose(): void;
  /** Since the last call, ascending: offsets count as those of the frames that came with them. */
  takeGaps(): readonly Gap[];
  /** Bytes of payloads that wait for what follows. */
  readonly held: number;
  /** Bytes passed over since the last call, without those of a frame that began before the first payload. */
  takeSkipped(): number;
  /** Of the last frame cut; null before the first. */
  readonly format: SoundFormat | null;
  /** Why the last whole frame that was passed over makes no sound here; null while there was none. */
  readonly refused: MediaError | null;
}

/** What a header tells of the bytes that it begins: a frame, or where frames are made of several, one of its parts. */
export interface Part {
  /** With the header. */
  readonly bytes: number;
  /** Equal in all parts that may follow each other in one stream; null where any may. */
  readonly key: number | null;
  /** A frame can begin with it. */
  readonly isHead: boolean;
  /** What it adds to the length of its frame; 0 where that is not told by headers. */
  readonly samples: number;
}

/** How the frames of one codec lie in its elementary stream. A codec is one of these and its row in `splitter.ts`. */
export interface Framing {
  /** Longest frame: what it says beyond that is not believed. */
  readonly maxBytes: number;
  /** The part that begins at `at`; null where none does, `more` where the bytes end too early to tell. */
  partAt(bytes: Uint8Array, at: number): Part | 'more' | null;
  /**
   * Only where a frame may have several parts: the part belongs to the frame before it, which lasts `samples` so far.
   */
  joins?(part: Part, samples: number): boolean;
  /**
   * The sounds of one whole frame; none where what it needs was not met yet.
   * @throws MediaError where it makes no sound: it is passed over
   */
  sounds(frame: Uint8Array): readonly Sound[];
  /** Frames come before one at which reading can begin, and nothing tells how many. */
  readonly isSparse?: true;
  /** Bytes were lost: forgets what earlier frames said of later ones. */
  reset?(): void;
}

/** Gives the format made before as long as its key stays the same. */
export function rememberFormat(): (key: string, make: () => SoundFormat) => SoundFormat {
  let last: { readonly key: string; readonly format: SoundFormat } | null = null;
  return (key, make) => {
    if (last?.key !== key) last = { key, format: make() };
    return last.format;
  };
}

/** The first two bytes of a sync word, of the second one only the bits of `mask`. */
export interface Sync {
  readonly first: number;
  readonly second: number;
  readonly mask: number;
}

/** The sync word stands at `at`, as far as the bytes reach. */
export function syncAt(bytes: Uint8Array, at: number, { first, second, mask }: Sync): boolean {
  const next = bytes[at + 1];
  return bytes[at] === first && (next === undefined || (next & mask) === second);
}
