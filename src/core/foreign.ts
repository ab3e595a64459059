import type { Source } from './contracts.ts';
import type { AudioTrack, VideoTrack } from './media.ts';

/** Where the frames of a track of sound begin, in samples: at `phase` and every `size` from there on. */
export interface FrameGrid {
  readonly size: number;
  readonly phase: number;
}

/** What another program says of a file whose container is not read here. */
export interface ForeignFacts {
  /** As the program calls it: `avi`, `asf`. */
  readonly container: string;
  /** Seconds of the container's clock at which the first track begins. */
  readonly start: number;
  /** Seconds from there to the end of the last one. */
  readonly duration: number;
  /** Seconds from there to its first picture or sample, by track. */
  readonly starts: ReadonlyMap<number, number>;
  /** Of tracks of sound whose frames are equally long: stamps are rounded, frames are not. */
  readonly grids: ReadonlyMap<number, FrameGrid>;
  /** Seconds by which the program stamps pictures later than they are shown: where a container tells decode times only. */
  readonly pictureDelay: number;
  /** Ids are the program's numbers of streams, and one more. */
  readonly tracks: readonly (VideoTrack | AudioTrack)[];
}

/** Sound to be read from a place on. */
export interface ForeignSound {
  readonly facts: ForeignFacts;
  readonly track: AudioTrack;
  /** Number of the first sample, from the beginning of the title on. */
  readonly from: number;
}

/** Pictures to be encoded from a place on. */
export interface ForeignPictures {
  readonly source: Source;
  readonly facts: ForeignFacts;
  /** Seconds of the title: a key picture is wanted from each of them on; the first is where to begin. Ascending. */
  readonly cuts: readonly number[];
}

/** A program that reads containers which are not read here. */
export interface ForeignReader {
  /**
   * @throws MediaError `unsupported` for what it cannot read either, `not-offered` when it fails; of the source; the abort
   * reason when aborted
   */
  probe(source: Source, signal: AbortSignal): Promise<ForeignFacts>;
  /**
   * Samples as interleaved 32-bit floats, little-endian, in chunks of any length: silence where the track has none.
   * @throws MediaError `not-offered` when the program fails; of the source; the abort reason when aborted
   */
  sound(source: Source, sound: ForeignSound, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
