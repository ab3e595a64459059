import type { AudioConfig, AudioTrack, CodecConfig, VideoConfig, VideoTrack } from '../core/media.ts';
import { aacCodecString, silentAacFrame } from './aac.ts';
import { silentAc3Frame } from './ac3-silence.ts';
import { alacFrameSamples, silentAlacFrame } from './alac.ts';
import { av1CodecString, av1Kind } from './av1.ts';
import {
  dolbyVisionCodecString,
  needsDolbyVision,
  parseDolbyVisionRecord,
  supplementalCodec,
} from './dolby-vision.ts';
import { eac3Info } from './eac3.ts';
import { silentEac3Frame } from './eac3-silence.ts';
import { flacFrameSamples, silentFlacFrame } from './flac.ts';
import { h264CodecString, withH264ParameterSets } from './h264.ts';
import { probeAccessUnit } from './h264-access-unit.ts';
import { withoutRecoveryPoint } from './h264-recovery.ts';
import { h265CodecString, withH265ParameterSets } from './h265.ts';
import { probeH265AccessUnit } from './h265-access-unit.ts';
import { mp3CodecString, silentMp3Frame } from './mpeg-audio.ts';
import { opusPacketSamples, parseDops, silentOpusPacket } from './opus.ts';
import { vp9CodecString, vp9Kind } from './vp9.ts';

type ConfigFor<Config extends CodecConfig, C extends Config['codec']> = Extract<
  Config,
  { readonly codec: C }
>;

/**
 * What a picture is as a place to begin decoding: `idr` closes what came before, `radl` too, but pictures shown
 * before it may follow it, as after `cra`, where they may need earlier ones; `recovery` and `intra` begin an open GOP
 * that not every player can enter; `other` needs earlier pictures, `none` is no picture, `unknown` needs more bytes
 * to tell.
 */
export type PictureKind = 'idr' | 'radl' | 'cra' | 'recovery' | 'intra' | 'other' | 'none' | 'unknown';

/** What the rest of the house asks of a video codec. */
export interface VideoCodec<Config> {
  readonly kind: 'video';
  /** RFC 6381, from the configuration as it is written into the sample entry. */
  codecString(config: Config): string;
  /** From (the beginning of) a sample in MP4's form. The bitstream decides, not the container. */
  pictureKind(data: Uint8Array): PictureKind;
  /** The record with parameter sets of new ids out of a sample; the same one when there are none. */
  withParameterSets(record: Uint8Array, sample: Uint8Array): Uint8Array;
  /** A sample that does not say any more that decoding might begin at it, where a codec has a way to say so. */
  withoutRecoveryPoint(sample: Uint8Array): Uint8Array;
}

/** What the rest of the house asks of an audio codec. */
export interface AudioCodec<Config> {
  readonly kind: 'audio';
  /** RFC 6381, from the configuration as it is written into the sample entry. */
  codecString(config: Config): string;
  /** One frame of silence that lasts `samples`, to fill holes with; null where there is none. */
  silentFrame(config: Config, samples: number): Uint8Array | null;
  /** Samples in a frame at the track's rate, where frames differ; null where they do not or it cannot be told. */
  frameSamples(data: Uint8Array): number | null;
  /** CHANNELS attribute beyond the plain count: object audio (HLS second edition, 4.4.6.1); null for the count. */
  hlsChannels(config: Config): string | null;
}

const CONSTANT = { frameSamples: () => null, hlsChannels: () => null } as const;
const WITHOUT_RECOVERY = { withoutRecoveryPoint: (sample: Uint8Array) => sample } as const;
const WITHOUT_SETS = { withParameterSets: (record: Uint8Array) => record, ...WITHOUT_RECOVERY } as const;

type VideoTable = { readonly [C in VideoConfig['codec']]: VideoCodec<ConfigFor<VideoConfig, C>> };
type AudioTable = { readonly [C in AudioConfig['codec']]: AudioCodec<ConfigFor<AudioConfig, C>> };

/** A new variant of `VideoConfig` wants its row here. */
export const VIDEO_CODECS: VideoTable = {
  h264: {
    kind: 'video',
    codecString: ({ record }) => h264CodecString(record),
    pictureKind: (data) => probeAccessUnit(data, 4),
    withParameterSets: withH264ParameterSets,
    withoutRecoveryPoint,
  },
  h265: {
    kind: 'video',
    codecString: ({ record }) => h265CodecString(record),
    pictureKind: (data) => probeH265AccessUnit(data, 4),
    withParameterSets: withH265ParameterSets,
    ...WITHOUT_RECOVERY,
  },
  vp9: {
    kind: 'video',
    codecString: ({ record }) => vp9CodecString(record),
    pictureKind: vp9Kind,
    ...WITHOUT_SETS,
  },
  av1: {
    kind: 'video',
    codecString: ({ record }) => av1CodecString(record),
    pictureKind: av1Kind,
    ...WITHOUT_SETS,
  },
};

/** A new variant of `AudioConfig` wants its row here. */
export const AUDIO_CODECS: AudioTable = {
  aac: {
    kind: 'audio',
    codecString: ({ record }) => aacCodecString(record),
    silentFrame: ({ record }) => silentAacFrame(record),
    ...CONSTANT,
  },
  ac3: {
    kind: 'audio',
    codecString: () => 'ac-3',
    silentFrame: ({ record }) => silentAc3Frame(record),
    ...CONSTANT,
  },
  eac3: {
    kind: 'audio',
    codecString: () => 'ec-3',
    silentFrame: ({ record }, samples) => silentEac3Frame(record, samples),
    frameSamples: () => null,
    hlsChannels: ({ record }) => {
      const { isAtmos, complexityIndex } = eac3Info(record);
      return isAtmos ? `${complexityIndex}/JOC` : null;
    },
  },
  opus: {
    kind: 'audio',
    codecString: () => 'Opus',
    silentFrame: ({ record }, samples) => silentOpusPacket(parseDops(record), samples),
    frameSamples: opusPacketSamples,
    hlsChannels: () => null,
  },
  flac: {
    kind: 'audio',
    codecString: () => 'fLaC',
    silentFrame: ({ record }, samples) => silentFlacFrame(record, samples),
    frameSamples: flacFrameSamples,
    hlsChannels: () => null,
  },
  alac: {
    kind: 'audio',
    codecString: () => 'alac',
    silentFrame: ({ record }, samples) => silentAlacFrame(record, samples),
    frameSamples: alacFrameSamples,
    hlsChannels: () => null,
  },
  mp3: {
    kind: 'audio',
    codecString: ({ record }) => mp3CodecString(record),
    silentFrame: ({ record }) => silentMp3Frame(record),
    ...CONSTANT,
  },
};

/** The row of a video configuration whose codec is not known statically. */
export const videoCodec = (config: VideoConfig): VideoCodec<VideoConfig> => VIDEO_CODECS[config.codec];

/** The row of an audio configuration whose codec is not known statically. */
export const audioCodec = (config: AudioConfig): AudioCodec<AudioConfig> => AUDIO_CODECS[config.codec];

export const codecKind = (config: CodecConfig): 'video' | 'audio' =>
  config.codec in VIDEO_CODECS ? 'video' : 'audio';

/** Samples that a frame lasts by its own word; null where all of the track's frames are equal or it does not say. */
export const frameSamples = ({ configs: [config] }: AudioTrack, data: Uint8Array): number | null =>
  config ? audioCodec(config).frameSamples(data) : null;

/** The CODECS of a track's sample entry; empty without a configuration. */
export function codecString(track: VideoTrack | AudioTrack): string {
  if (track.kind === 'audio') {
    const [config] = track.configs;
    return config ? audioCodec(config).codecString(config) : '';
  }
  const [config] = track.configs;
  if (!config) return '';
  if (!track.dolbyVision || !needsDolbyVision(track.dolbyVision))
    return videoCodec(config).codecString(config);
  const entry = config.codec === 'av1' ? 'dav1' : 'dvh1';
  return dolbyVisionCodecString(entry, parseDolbyVisionRecord(track.dolbyVision));
}

/** SUPPLEMENTAL-CODECS: Dolby Vision over a base layer that plays without it; null for all else. */
export const supplementalCodecString = (track: VideoTrack): string | null =>
  track.dolbyVision && !needsDolbyVision(track.dolbyVision)
    ? supplementalCodec(parseDolbyVisionRecord(track.dolbyVision), codecString(track))
    : null;

/** CHANNELS of an audio rendition. */
export const hlsChannels = ({ configs: [config], channels }: AudioTrack): string =>
  (config && audioCodec(config).hlsChannels(config)) ?? String(channels);
