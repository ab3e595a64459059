import type { FrameRate, Ticks } from './time.ts';

/** H.264: `record` is a complete AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1) with 4-byte lengths. */
export interface H264Config {
  readonly codec: 'h264';
  readonly record: Uint8Array;
}

/** AAC: `record` is an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). */
export interface AacConfig {
  readonly codec: 'aac';
  readonly record: Uint8Array;
}

export type VideoConfig = H264Config;
export type AudioConfig = AacConfig;
export type CodecConfig = VideoConfig | AudioConfig;
export type Codec = CodecConfig['codec'];

/** One access unit in the form MP4 stores it: length-prefixed NAL units, raw AAC frames, no ADTS. In decode order. */
export interface Packet {
  readonly trackId: number;
  /** Which of the track's `configs` it needs. */
  readonly configId: number;
  readonly pts: Ticks;
  readonly isSync: boolean;
  readonly data: Uint8Array;
}

/** Code points of ITU-T H.273; 2 = unspecified. */
export interface Colour {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  readonly fullRange: boolean;
}

/** Width and height of one sample of the picture, as in `pasp`. */
export interface PixelAspect {
  readonly h: number;
  readonly v: number;
}

interface TrackCommon {
  /** The container's own number: unique in the file, 1 or more. */
  readonly id: number;
  /** Zero-based position in the file; names the rendition (`v0`, `a1-copy`). */
  readonly index: number;
  /** The container's name of the codec: `V_MPEG4/ISO/AVC`. */
  readonly sourceCodec: string;
  readonly isEnabled: boolean;
  readonly isDefault: boolean;
  readonly isForced: boolean;
  /** BCP 47, `und` when unknown. */
  readonly language: string;
  readonly name: string | null;
  /** Why its packets cannot be read at all (encrypted, unknown compression); null when they can. */
  readonly unreadable: string | null;
}

export interface VideoTrack extends TrackCommon {
  readonly kind: 'video';
  /** By `configId`; empty when the codec has no entry in `codecs/`. */
  readonly configs: readonly VideoConfig[];
  /** Cropped size in samples. */
  readonly width: number;
  readonly height: number;
  readonly pixelAspect: PixelAspect;
  readonly colour: Colour | null;
  /** Clockwise degrees that a player must turn the picture: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** Constant rate that container or bitstream declare; null when they do not. */
  readonly frameRate: FrameRate | null;
  /** `max_num_reorder_frames` or the bound that stands in for it. */
  readonly reorderDepth: number;
  /** A cover or thumbnail, not a film. */
  readonly isAttachedPicture: boolean;
}

export interface AudioTrack extends TrackCommon {
  readonly kind: 'audio';
  readonly configs: readonly AudioConfig[];
  /** Samples a second as decoded (with SBR: the doubled rate). */
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples in every frame of a constant-frame codec at `sampleRate`; null for variable ones. */
  readonly frameSize: number | null;
}

export interface OtherTrack extends TrackCommon {
  readonly kind: 'subtitle' | 'other';
}

export type Track = VideoTrack | AudioTrack | OtherTrack;
