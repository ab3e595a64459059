import type { Codec, CodecConfig } from '../core/media.ts';
import { aacCodecString, silentAacFrame } from './aac.ts';
import { h264CodecString } from './h264.ts';

export type ConfigOf<C extends Codec> = Extract<CodecConfig, { readonly codec: C }>;

/** What the rest of the house asks of a codec. */
export interface CodecEntry<Config> {
  readonly kind: 'video' | 'audio';
  /** RFC 6381, from the configuration as it is written into the sample entry. */
  codecString(config: Config): string;
  /** One frame of silence to fill holes with; null where there is none. */
  silentFrame(config: Config): Uint8Array | null;
}

const NO_SILENCE = (): null => null;

/** A new variant of `CodecConfig` wants its row here. */
export const CODECS = {
  h264: {
    kind: 'video',
    codecString: ({ record }) => h264CodecString(record),
    silentFrame: NO_SILENCE,
  },
  aac: {
    kind: 'audio',
    codecString: ({ record }) => aacCodecString(record),
    silentFrame: ({ record }) => silentAacFrame(record),
  },
} satisfies { readonly [C in Codec]: CodecEntry<ConfigOf<C>> };

/** The row of a configuration whose codec is not known statically. */
export const codecOf = (config: CodecConfig): CodecEntry<CodecConfig> => CODECS[config.codec];
