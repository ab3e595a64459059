import { SAMPLING_RATES } from '../../codecs/aac-rates.ts';
import { soundConfig } from '../../codecs/decode-only.ts';
import type { AudioTrack } from '../../core/media.ts';
import type { AacOutput, AudioTranscoder } from '../../core/transcoding.ts';

/** In what ways the sound of a track is offered. */
export interface AudioForms {
  readonly isCopied: boolean;
  /** AAC that is made of it, the stereo one first. */
  readonly aac: readonly AacOutput[];
  /** Bits a second that a channel of it may take. */
  readonly peakPerChannel: number;
}

/** The highest rate of AAC-LC that all players take. */
const MAX_RATE = 48_000;
/** From so many channels on surround sound is worth having in AAC too, where nothing else can have it. */
const SURROUND = 5;

/** Every track has its copy where there is one, and stereo AAC; 5.1 AAC where its own codec is no good to any player. */
export function audioForms(track: AudioTrack, transcoder: AudioTranscoder | null): AudioForms {
  const isCopied = track.configs.length > 0;
  if (!transcoder || isStereoAac(track) || whyNotDecoded(track, transcoder) !== null)
    return { isCopied, aac: [], peakPerChannel: 0 };
  const rate = outputRate(track.sampleRate);
  const isSurround = !isCopied && track.channels >= SURROUND;
  const { peakPerChannel } = transcoder;
  const stereo = { rate, channels: 2 } as const;
  return { isCopied, aac: isSurround ? [stereo, { rate, channels: 6 }] : [stereo], peakPerChannel };
}

/** What needs no other form for a browser. */
export const isStereoAac = ({ configs: [config], channels }: AudioTrack): boolean =>
  config?.codec === 'aac' && channels <= 2;

/** Why no AAC can be made of a track; null when it can. */
export function whyNotDecoded(track: AudioTrack, transcoder: AudioTranscoder): string | null {
  const config = soundConfig(track);
  if (!config) return `${track.sourceCodec || 'this codec'} is not known here`;
  if (!SAMPLING_RATES.includes(outputRate(track.sampleRate)))
    return `AAC has no rate for ${track.sampleRate} Hz`;
  return transcoder.reasonAgainst(config);
}

/** Halved until it is no more than AAC is played with. */
const outputRate = (rate: number): number => (rate > MAX_RATE ? outputRate(rate / 2) : rate);
