import type { FrameRate, Nanoseconds, Ticks } from './time.ts';

interface ConfigOf<C extends string> {
  readonly codec: C;
  /**
   * What MP4 stores of the codec: the content of its configuration box, behind version and flags where that box has
   * them. Always complete.
   */
  readonly record: Uint8Array;
}

/** `avcC`: AVCDecoderConfigurationRecord with 4-byte lengths (ISO/IEC 14496-15, 5.3.3.1). */
export type H264Config = ConfigOf<'h264'>;
/** `hvcC`: HEVCDecoderConfigurationRecord with 4-byte lengths (ISO/IEC 14496-15, 8.3.3.1). */
export type H265Config = ConfigOf<'h265'>;
/** `vpcC`: VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding, 2.2). */
export type Vp9Config = ConfigOf<'vp9'>;
/** `av1C`: AV1CodecConfigurationRecord (AV1 Codec ISO Media File Format Binding, 2.3). */
export type Av1Config = ConfigOf<'av1'>;

/** AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), as `esds` carries it. */
export type AacConfig = ConfigOf<'aac'>;
/** `dac3` (ETSI TS 102 366, F.4). */
export type Ac3Config = ConfigOf<'ac3'>;
/** `dec3` (ETSI TS 102 366, F.6). */
export type Eac3Config = ConfigOf<'eac3'>;
/** `dOps` (Encapsulation of Opus in ISO Base Media File Format, 4.3.2). */
export type OpusConfig = ConfigOf<'opus'>;
/** `dfLa` (Encapsulation of FLAC in ISO Base Media File Format, 3.3.2). */
export type FlacConfig = ConfigOf<'flac'>;
/** ALACSpecificConfig, the content of the `alac` box. */
export type AlacConfig = ConfigOf<'alac'>;
/** The header of the first frame: four bytes (ISO/IEC 11172-3, 2.4.1.3). MP4 stores nothing of MPEG audio. */
export type Mp3Config = ConfigOf<'mp3'>;

/** DTS: a record of no bytes, since frames tell everything. `truehd` is MLP as well. */
type SelfTellingConfig = ConfigOf<'dts'> | ConfigOf<'truehd'>;
/** MPEG audio of the layers I and II: the header of the first frame. */
type Mp2Config = ConfigOf<'mp2'>;
/** The three headers in Xiph lacing, as Matroska's CodecPrivate (Vorbis I, 4.2). */
interface VorbisConfig extends ConfigOf<'vorbis'> {
  /** Samples of a block by the mode that its packet begins with. */
  readonly modeBlocks: readonly number[];
}

export interface PcmFormat {
  readonly encoding: 'signed' | 'unsigned' | 'float' | 'alaw' | 'mulaw';
  /** Of one sample of one channel as stored: a multiple of eight, or 20 where two samples share five bytes. */
  readonly bits: number;
  readonly isBigEndian: boolean;
}

/** Samples as they are; `record` has no bytes. */
interface PcmConfig extends ConfigOf<'pcm'> {
  readonly format: PcmFormat;
  readonly channels: number;
}

/** Sound that is not written into MP4: it is decoded, or left out. */
export type DecodeOnlyConfig = SelfTellingConfig | Mp2Config | VorbisConfig | PcmConfig;

/**
 * Video that is not written into MP4: it is decoded and encoded anew, or left out. `intra`: every picture stands alone,
 * whatever the codec is. `other`: the container's word for key pictures is all there is.
 */
export interface DecodeOnlyVideo {
  readonly codec: 'mpeg2' | 'mpeg4' | 'vc1' | 'vp8' | 'intra' | 'other';
  /** As Matroska calls it (RFC 9559, 5.1.4.1.21): that is how a decoder is told of it. */
  readonly codecId: string;
  /** As Matroska has it: what a decoder must know before the first picture. */
  readonly codecPrivate: Uint8Array;
  /** Its pictures may hold two fields that were taken one after the other. */
  readonly mayBeInterlaced: boolean;
}

export type VideoConfig = H264Config | H265Config | Vp9Config | Av1Config;
export type AudioConfig =
  | AacConfig
  | Ac3Config
  | Eac3Config
  | OpusConfig
  | FlacConfig
  | AlacConfig
  | Mp3Config;
export type CodecConfig = VideoConfig | AudioConfig;
/** What a decoder of sound can be given. */
export type SoundConfig = AudioConfig | DecodeOnlyConfig;
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
  /** By `configId`; empty when MP4 is not given the codec. */
  readonly configs: readonly VideoConfig[];
  /** Set where `configs` is empty and a decoder may know the codec; its samples are as the container has them. */
  readonly decodeOnly: DecodeOnlyVideo | null;
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
  /** Content of the `mdcv` box: the display the film was mastered on; null when unknown. */
  readonly masteringDisplay: Uint8Array | null;
  /** Content of the `clli` box: brightest picture and average; null when unknown. */
  readonly contentLight: Uint8Array | null;
  /** DOVIDecoderConfigurationRecord, the content of `dvcC` and `dvvC`; null without Dolby Vision. */
  readonly dolbyVision: Uint8Array | null;
  /** A cover or thumbnail, not a film. */
  readonly isAttachedPicture: boolean;
}

export interface AudioTrack extends TrackCommon {
  readonly kind: 'audio';
  /** By `configId`; empty when MP4 is not given the codec. */
  readonly configs: readonly AudioConfig[];
  /** Set where `configs` is empty and the codec has a name here. */
  readonly decodeOnly: DecodeOnlyConfig | null;
  /** Samples a second as decoded (with SBR: the doubled rate). */
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples in every frame of a constant-frame codec at `sampleRate`; null for variable ones. */
  readonly frameSize: number | null;
  /** Where frames of different lengths do not tell theirs by themselves: every one is a multiple of so many samples. */
  readonly frameStep: number | null;
  /** What a decoder gives before the first sample that was encoded; stamps say when the decoder begins to give it. */
  readonly codecDelay: Nanoseconds;
  /** How long a decoder must run before a place to give what was encoded there. */
  readonly seekPreRoll: Nanoseconds;
}

/** How texts of subtitles are written: SubRip's bodies, ASS events, WebVTT, 3GPP timed text, `vttc` boxes, plain. */
export type SubtitleCodec = 'subrip' | 'ass' | 'webvtt' | 'tx3g' | 'wvtt' | 'text';

export interface SubtitleText {
  readonly codec: SubtitleCodec;
  /** What the container says for all texts: the header of an ASS script, a sample entry. */
  readonly setup: Uint8Array;
}

export interface SubtitleTrack extends TrackCommon {
  readonly kind: 'subtitle';
  /** Null where it is not of text, or not of one that is read. Samples are as `packCues` writes them. */
  readonly text: SubtitleText | null;
  /** It tells sounds as well. */
  readonly isForHearingImpaired: boolean;
}

export interface OtherTrack extends TrackCommon {
  readonly kind: 'other';
}

export type Track = VideoTrack | AudioTrack | SubtitleTrack | OtherTrack;
