import type { AudioTrack, DecodeOnlyConfig, SoundConfig } from '../core/media.ts';
import { frameSamples } from './codecs.ts';
import { vorbisSamples } from './vorbis.ts';

/** What is asked of a codec whose sound is decoded and never copied. */
interface DecodeOnlyCodec<Config> {
  /**
   * Samples that a frame lasts by its own word and that of the frame before it; null where all of a track's are equal,
   * or where they do not say.
   */
  frameSamples(config: Config, frame: Uint8Array, before: Uint8Array | null): number | null;
}

type ConfigFor<C extends DecodeOnlyConfig['codec']> = Extract<DecodeOnlyConfig, { readonly codec: C }>;
type Table = { readonly [C in DecodeOnlyConfig['codec']]: DecodeOnlyCodec<ConfigFor<C>> };

const BY_TRACK = { frameSamples: () => null } as const;

/** A new variant of `DecodeOnlyConfig` wants its row here. */
const DECODE_ONLY: Table = {
  dts: BY_TRACK,
  truehd: BY_TRACK,
  mp2: BY_TRACK,
  vorbis: {
    frameSamples: (config, frame, before) => before && vorbisSamples(config, frame, before),
  },
  pcm: {
    frameSamples: ({ format, channels }, frame) =>
      Math.floor((frame.length * 8) / (format.bits * Math.max(1, channels))),
  },
};

export const isDecodeOnly = (config: SoundConfig): config is DecodeOnlyConfig => config.codec in DECODE_ONLY;

/** What a decoder of the track is given; null without one. */
export const soundConfig = ({ configs: [config], decodeOnly }: AudioTrack): SoundConfig | null =>
  config ?? decodeOnly;

/**
 * As `frameSamples`, for tracks that are only decoded as well.
 * @param before the frame before it, where that is known: of Vorbis it takes both
 */
export function soundSamples(
  track: AudioTrack,
  frame: Uint8Array,
  before: Uint8Array | null = null,
): number | null {
  const { decodeOnly: config } = track;
  if (!config) return frameSamples(track, frame);
  const codec: DecodeOnlyCodec<DecodeOnlyConfig> = DECODE_ONLY[config.codec];
  return codec.frameSamples(config, frame, before);
}
