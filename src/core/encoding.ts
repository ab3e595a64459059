import type { ForeignPictures } from './foreign.ts';
import type { Colour, VideoTrack } from './media.ts';

/** What video is encoded to. */
export type EncodedCodec = 'h264' | 'h265' | 'av1';

/** A way in which video can be had. */
export type VideoForm = 'copy' | EncodedCodec;

/** Which forms of the video somebody wants. */
export interface VideoWish {
  /** Null: those that players may need. */
  readonly forms: readonly VideoForm[] | null;
  /** In samples of the shorter side; null: any. */
  readonly maxHeight: number | null;
  /** Bits a second at most; null: any. */
  readonly maxBitrate: number | null;
}

/** What a video track becomes: all that decides about its bytes besides the encoder. */
export interface VideoTarget {
  readonly codec: EncodedCodec;
  /** In samples; both even. */
  readonly width: number;
  readonly height: number;
  /** Bits of one sample. */
  readonly depth: 8 | 10;
  /** What is brighter than that is tone-mapped. */
  readonly range: 'SDR' | 'PQ' | 'HLG';
  /** As the pictures are tagged; nothing unspecified. */
  readonly colour: Colour;
  /** Pictures a second where they follow each other at the usual distance. */
  readonly frameRate: number;
  /** Bits a second that a decoder which buffers a second of them is never given more of. */
  readonly maxBitrate: number;
}

/** What becomes what. */
export interface EncodeWork {
  /** As the decoder is given it; its size, colour and the like are what the pictures are made of. */
  readonly source: VideoTrack;
  readonly target: VideoTarget;
}

/** Pictures to be encoded in one go. */
export interface EncodeRun extends EncodeWork {
  /** One of `encodersFor`. */
  readonly encoder: string;
  /** Microseconds: pictures stamped before it are decoded, since others need them, and not encoded. */
  readonly from: number;
  /** Where the encoder reads the pictures itself: their stamps are those of the container's clock then. */
  readonly foreign?: ForeignPictures;
}

/** Encoders of video that this machine has. */
export interface VideoEncoders {
  /**
   * Names of those that were seen to make such pictures here, the preferred one first; those that failed lately come
   * last. Empty where there are none.
   * @throws the abort reason when aborted
   */
  encodersFor(target: VideoTarget, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Pictures of one track in Matroska, stamped in microseconds, come out as fragmented MP4 of one track whose timescale
   * is a million: each picture with its stamp, a closed GOP from the first one on and from each one whose stamp is odd
   * where those before it are even, or even where they are odd. Without input the encoder reads `run.foreign`: stamps are
   * those of its container's clock, and closed GOPs begin at its cuts. Reads no further ahead than what comes out is taken.
   * @throws MediaError `not-offered` when the encoder fails; what `input` throws; the abort reason when aborted
   */
  encode(
    run: EncodeRun,
    input: AsyncIterable<readonly Uint8Array[]> | null,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /** An encoder failed: others come first for a while. */
  demote(encoder: string, reason: string): void;
}
