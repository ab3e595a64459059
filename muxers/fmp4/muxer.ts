import type { Muxer } from '../../src/core/contracts.ts';
import type { AudioTrack, VideoTrack } from '../../src/core/media.ts';
import { fragment, segmentType } from './fragment.ts';
import { initSegment } from './init.ts';
import type { InitOptions } from './track-box.ts';

export interface FragmentMuxer extends Muxer {
  /** The `styp` box that stands in front of a segment's first fragment. */
  readonly segmentType: Uint8Array;
}

/** Fragmented MP4 with one track: times are ticks of `timescale`. */
export function createFragmentMuxer(track: VideoTrack | AudioTrack, options: InitOptions): FragmentMuxer {
  const { kind } = track;
  const { trackId } = options;
  return {
    segmentType,
    init: () => initSegment(track, options),
    fragment: (sequence, samples, { isFirst }) => fragment({ kind, trackId, sequence, isFirst }, samples),
  };
}
