import type { EncodeRun, VideoTarget } from '../../../src/core/encoding.ts';
import type { Colour, VideoTrack } from '../../../src/core/media.ts';
import type { Capabilities } from '../../../src/ffmpeg/video/capabilities.ts';

export const BT709: Colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };
export const PQ: Colour = { primaries: 9, transfer: 16, matrix: 9, fullRange: false };
export const HLG: Colour = { primaries: 9, transfer: 18, matrix: 9, fullRange: false };

/** A film of MPEG-4 ASP, 1080p, but for what is given. */
export const track = (given: Partial<VideoTrack> = {}): VideoTrack => ({
  kind: 'video',
  id: 1,
  index: 0,
  sourceCodec: 'V_MPEG4/ISO/ASP',
  isEnabled: true,
  isDefault: true,
  isForced: false,
  language: 'und',
  name: null,
  unreadable: null,
  configs: [],
  decodeOnly: {
    codec: 'mpeg4',
    codecId: 'V_MPEG4/ISO/ASP',
    codecPrivate: new Uint8Array(0),
    mayBeInterlaced: false,
  },
  width: 1920,
  height: 1080,
  pixelAspect: { h: 1, v: 1 },
  colour: BT709,
  rotation: 0,
  frameRate: null,
  reorderDepth: 0,
  masteringDisplay: null,
  contentLight: null,
  dolbyVision: null,
  isAttachedPicture: false,
  ...given,
});

/** H.264, 1080p25, SDR, but for what is given. */
export const target = (given: Partial<VideoTarget> = {}): VideoTarget => ({
  codec: 'h264',
  width: 1920,
  height: 1080,
  depth: 8,
  range: 'SDR',
  colour: BT709,
  frameRate: 25,
  maxBitrate: 8_000_000,
  ...given,
});

export const run = (given: Partial<EncodeRun> = {}): EncodeRun => ({
  source: track(),
  target: target(),
  encoder: 'libx264',
  from: 0,
  ...given,
});

/** An FFmpeg that has whatever is asked of it. */
export const ABLE: Capabilities = {
  version: '7.1',
  encoders: new Set(),
  filters: new Set(['bwdif', 'yadif', 'zscale', 'lutrgb', 'libplacebo']),
  hwaccels: new Set(),
  renderNode: '/dev/dri/renderD128',
};
