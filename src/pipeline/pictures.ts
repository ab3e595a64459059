import { probeAccessUnit } from '../codecs/h264.ts';
import type { VideoTrack } from '../core/media.ts';

/**
 * What a picture is as a place to begin decoding: `idr` closes what came before, `recovery` and `intra` begin an
 * open GOP, `other` needs earlier pictures, `none` is no picture, `unknown` needs more bytes to tell.
 */
export type PictureKind = 'idr' | 'recovery' | 'intra' | 'other' | 'none' | 'unknown';

type Classify = (data: Uint8Array) => PictureKind;

/** By codec, from (the beginning of) an access unit in MP4's form. The bitstream decides, not the container. */
const CLASSIFY = {
  h264: (data) => probeAccessUnit(data, 4),
} satisfies Record<VideoTrack['configs'][number]['codec'], Classify>;

export function pictureKind(track: VideoTrack, data: Uint8Array): PictureKind {
  const codec = track.configs[0]?.codec;
  return codec ? CLASSIFY[codec](data) : 'unknown';
}
