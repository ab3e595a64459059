import type { SoundConfig } from '../../src/core/media.ts';
import type { Nanoseconds } from '../../src/core/time.ts';
import type { Joiner } from '../elementary/joiner.ts';
import type { PictureFacts } from '../elementary/picture-facts.ts';

/** What every codec's set-up gives: how its samples become those that the model wants. */
export interface CommonSetup {
  /** False when a sample's beginning alone cannot be brought into that form. */
  readonly isPrefixUsable: boolean;
  /** Returns the same view where nothing is to be done. @throws MediaError for a damaged sample */
  normalize(sample: Uint8Array): Uint8Array;
  /**
   * For codecs of which several samples may make one: a new one for each stretch that is read.
   * @param origin when the track's first sample is presented
   */
  readonly joiner?: (origin: Nanoseconds) => Joiner;
}

/** What a sample entry, or the first sample, says of the pictures. */
export interface VideoSetup extends CommonSetup, PictureFacts {
  /** DOVIDecoderConfigurationRecord of what is left after `normalize`. */
  readonly dolbyVision?: Uint8Array | null;
}

export interface AudioSetup extends CommonSetup {
  readonly config: SoundConfig;
  readonly sampleRate: number;
  readonly channels: number;
  readonly frameSize: number | null;
  /** As in `AudioTrack`; null and 0 when absent. */
  readonly frameStep?: number;
  readonly codecDelay?: Nanoseconds;
  readonly seekPreRoll?: Nanoseconds;
}

/** What a sample entry tells of its codec. */
export interface Told<Setup> {
  /** As far as the entry tells; null when it takes a sample. */
  readonly setup: Setup | null;
  /**
   * The set-up from one sample as stored, where that tells more than the entry; null when this one was of no use and
   * the next is to be tried. Null itself when the entry tells everything.
   * @throws MediaError; `unsupported` where no other sample will tell more
   */
  readonly fromSample: ((sample: Uint8Array) => Setup | null) | null;
  /** Bytes of the lengths in front of NAL units as stored; absent for codecs without. */
  readonly nalLengthBytes?: number;
}

/** The entry tells everything. */
export const told = <Setup>(setup: Setup): Told<Setup> => ({ setup, fromSample: null });

/** A set-up whose samples are stored as the model wants them. */
export const asStored = (fields: Omit<AudioSetup, keyof CommonSetup>): AudioSetup => ({
  ...fields,
  isPrefixUsable: true,
  normalize: (sample) => sample,
});
