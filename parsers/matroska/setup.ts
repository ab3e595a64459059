import type { SoundConfig } from '../../src/core/media.ts';
import type { Joiner } from '../elementary/joiner.ts';
import type { PictureFacts } from '../elementary/picture-facts.ts';

/** What every codec's set-up gives: its configuration, and how its frames become those of MP4. */
interface CommonSetup {
  /** False when a frame's beginning alone cannot be brought into MP4's form. */
  readonly isPrefixUsable: boolean;
  /** To the form that MP4 stores. Returns the same view where nothing is to be done. */
  normalize(frame: Uint8Array): Uint8Array;
  /** For codecs whose frames tell how long they last: nanoseconds, null when this one does not. */
  readonly durationOf?: (frame: Uint8Array) => number | null;
  /** For codecs of which several blocks make one sample of MP4: a new one for each stretch that is read. */
  readonly joiner?: () => Joiner;
}

/** What a codec's private data, or its first frame, say of the pictures. */
export interface VideoSetup extends CommonSetup, PictureFacts {
  /** DOVIDecoderConfigurationRecord of what is left after `normalize`. */
  readonly dolbyVision?: Uint8Array | null;
}

export interface AudioSetup extends CommonSetup {
  readonly config: SoundConfig;
  readonly sampleRate: number;
  readonly channels: number;
  readonly frameSize: number | null;
  /** As in `AudioTrack`; null when absent. */
  readonly frameStep?: number;
}

/** A set-up that the TrackEntry alone does not tell: the track's frames do. */
export interface PendingSetup<S> {
  /**
   * The set-up from one frame, as stored after decompression and header restore; null when this frame was of no use
   * and the next is to be tried.
   * @param isKey the container's claim
   */
  fromFrame(frame: Uint8Array, isKey: boolean): S | null;
  /** What stands where no frame tells; absent where the track cannot be read then. */
  readonly orElse?: S;
}

export const isPending = <S extends object>(setup: S | PendingSetup<S>): setup is PendingSetup<S> =>
  'fromFrame' in setup;
