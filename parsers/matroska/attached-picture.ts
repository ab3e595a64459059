import type { Track } from '../../src/core/media.ts';

const FILES: ReadonlySet<string> = new Set(['V_MJPEG', 'V_PNG', 'V_BMP']);

/** Whether frames of a codec are files of pictures, which a cover in a track of its own is as well. */
export const isPictureFile = (codec: string): boolean => FILES.has(codec);

interface FrameCount {
  /** Null where it is not known. */
  readonly frames: number | null;
  /** How many of them an index lists. */
  readonly cues: number;
}

/** The track with what the number of its frames tells: of pictures in files one is a cover, many are a film. */
export function withFrameCount(track: Track, { frames, cues }: FrameCount): Track {
  if (track.kind !== 'video' || !isPictureFile(track.decodeOnly?.codecId ?? '')) return track;
  if (frames === null && cues <= 1) return track;
  return { ...track, isAttachedPicture: frames === 1 };
}
