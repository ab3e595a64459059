import type { Colour, DecodeOnlyVideo, PixelAspect, VideoConfig } from '../../src/core/media.ts';
import type { FrameRate } from '../../src/core/time.ts';

/** What a bitstream says of its pictures. */
export interface PictureFacts {
  readonly config: VideoConfig | DecodeOnlyVideo;
  readonly width: number;
  readonly height: number;
  readonly pixelAspect: PixelAspect | null;
  readonly colour: Colour | null;
  readonly frameRate: FrameRate | null;
  readonly reorderDepth: number;
  /** Content of `mdcv` and `clli`, for files whose container does not tell. */
  readonly masteringDisplay?: Uint8Array | null;
  readonly contentLight?: Uint8Array | null;
}
